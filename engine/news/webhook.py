"""Sources that call us: a signed webhook, and TradingView's alerts.

What a caller of ``webhook`` sends is signed: ``X-News-Timestamp`` holds the seconds since 1970, ``X-News-Signature``
``sha256=`` and the HMAC-SHA256, in hex, over that number, a full stop and the body. TradingView can sign nothing, so a
``tradingview`` alert carries a secret in its body, and only the addresses that TradingView documents may call; who
reads the alert's message in TradingView can read the secret, so give it no other use.

It listens on loopback unless its address says otherwise; put a proxy with TLS in front of it.
"""

from __future__ import annotations

import asyncio
import hmac
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec
from aiohttp import web
from msgspec import Meta

from engine.news.config import SourceConfig
from engine.news.exchanges import iso_ms
from engine.news.source import LONGEST_ITEM, BadItem, Ear, RawItem, read_item

TRADINGVIEW_ADDRESSES: Final = ("52.89.214.238", "34.212.75.30", "54.218.53.128", "52.32.178.7")
"""Source: TradingView's help page "How to configure webhook alerts"."""
MOST_AGE_S: Final = 60
"""A request that was signed longer ago, or is dated as far ahead, is refused."""
_REMEMBERED: Final = 10_000
_RETRY_S: Final = 5.0


class Denied(Exception):
    """A request that is not believed: its status, and why, for our log only."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Alert(msgspec.Struct, frozen=True):
    """What to put into the message field of an alert in TradingView.

    Raw: ``{"secret":"…","symbol":"{{ticker}}","action":"{{strategy.order.action}}","message":"crossing up",
    "time":"{{timenow}}","id":"{{timenow}}-{{ticker}}"}``.
    """

    secret: Annotated[str, Meta(max_length=200)]
    symbol: Annotated[str, Meta(min_length=1, max_length=40)]
    time: Annotated[str, Meta(max_length=40)]
    """ISO 8601, as ``{{timenow}}`` is."""
    action: Annotated[str, Meta(pattern=r"^(buy|sell)?$")] = ""
    message: Annotated[str, Meta(max_length=500)] = ""
    id: Annotated[str, Meta(max_length=100)] = ""


class Once:
    """What was called before, so that a copied request is refused; bounded, and never shorter than it is believed."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, float] = OrderedDict()

    def take(self, key: str, now_s: float) -> None:
        """Remember a request; raises Denied where it came before or where there are too many to remember."""
        while self._seen and next(iter(self._seen.values())) < now_s - 2 * MOST_AGE_S:
            self._seen.popitem(last=False)
        if key in self._seen:
            raise Denied(409, "it came before")
        if len(self._seen) >= _REMEMBERED:
            raise Denied(429, "more requests than can be remembered")
        self._seen[key] = now_s


def read_signed(request: web.BaseRequest, body: bytes, secret: str, once: Once, now_s: float) -> RawItem:
    """Read a signed request; raises Denied or BadItem."""
    stamp, signature = request.headers.get("X-News-Timestamp", ""), request.headers.get("X-News-Signature", "")
    expected = sign(body, stamp, secret)
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        raise Denied(401, "its signature is wrong")
    if not stamp.isascii() or not stamp.isdecimal() or abs(int(stamp[:12]) - now_s) > MOST_AGE_S:
        raise Denied(401, f"it was signed more than {MOST_AGE_S} s ago, or is dated ahead")
    item = read_item(body)
    once.take(signature, now_s)
    return item


def sign(body: bytes, stamp: str, secret: str) -> str:
    """Return the signature of a body at a time, as its sender makes it."""
    digest = hmac.new(secret.encode(), stamp.encode("utf-8", "replace") + b"." + body, sha256).hexdigest()
    return f"sha256={digest}"


def read_alert(body: bytes, secret: str, once: Once, now_s: float) -> RawItem:
    """Read one of TradingView's alerts; raises Denied or BadItem."""
    try:
        alert = msgspec.json.decode(body, type=Alert)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadItem(str(error)) from None
    if not hmac.compare_digest(alert.secret.encode(), secret.encode()):
        raise Denied(401, "its secret is wrong")
    ts_ms = iso_ms(alert.time)
    if abs(ts_ms / 1000 - now_s) > MOST_AGE_S:
        raise Denied(401, f"it is dated more than {MOST_AGE_S} s from now")
    alert_id = alert.id or sha256(body).hexdigest()[:32]
    once.take(alert_id, now_s)
    words = " ".join(filter(None, ("TradingView alert:", alert.action, alert.symbol, alert.message)))
    return RawItem(alert_id, "tradingview", words, "", ts_ms)


class WebhookSource:
    """Listens for requests at an address of this machine."""

    def __init__(self, config: SourceConfig, secret: str, clock_ns: Callable[[], int]) -> None:
        """Prepare."""
        parts = urlsplit(config.address)
        self._config = config
        self._secret = secret
        self._clock_ns = clock_ns
        self._host, self._port, self._path = parts.hostname or "127.0.0.1", parts.port or 80, parts.path or "/"
        self._allowed = config.allow_from or (TRADINGVIEW_ADDRESSES if config.kind == "tradingview" else ())
        self._once = Once()
        self._ear: Ear | None = None
        self.port = 0
        """Where it listens once it does: the one of its address, or any free one for port 0."""

    @property
    def name(self) -> str:
        """Return what people call it."""
        return self._config.name

    async def listen(self, ear: Ear) -> None:
        """Listen until cancelled; where the port is taken, try again."""
        self._ear = ear
        app = web.Application(client_max_size=LONGEST_ITEM)
        app.router.add_post(self._path, self._take)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            while True:
                try:
                    await web.TCPSite(runner, self._host, self._port).start()
                except OSError as error:
                    ear.on_trouble(f"{self._config.address} can't be listened at ({error.strerror}); trying again")
                    await asyncio.sleep(_RETRY_S)
                    continue
                self.port = runner.addresses[0][1]
                ear.on_contact()
                await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        assert self._ear is not None  # noqa: S101  it listens only after it was set
        try:
            if self._allowed and request.remote not in self._allowed:
                raise Denied(403, f"{request.remote} is not in allow_from")
            item = self._item(request, await request.read())
        except Denied as denied:
            self._ear.on_bad_item(f"a request from {request.remote} was refused: {denied}")
            return web.Response(status=denied.status)  # without a word: who guesses is told nothing
        except BadItem as error:
            self._ear.on_bad_item(f"a request from {request.remote} is no item: {error}")
            return web.Response(status=422, text=f"{error}\n")
        self._ear.on_contact()
        self._ear.on_item(item)
        return web.Response(status=204)

    def _item(self, request: web.Request, body: bytes) -> RawItem:
        now_s = self._clock_ns() / 1e9
        if self._config.kind == "tradingview":
            return read_alert(body, self._secret, self._once, now_s)
        return read_signed(request, body, self._secret, self._once, now_s)
