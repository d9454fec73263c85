"""The signed webhook and TradingView's alerts: what is signed or known is heard once, everything else is refused."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
from news_samples import Notes, item_line, listening

from engine.news.config import SourceConfig
from engine.news.webhook import WebhookSource, sign

NOW_S = 1_511_877_600
SECRET = "a-secret-of-ours"
BODY = item_line("1").encode()


class Caller:
    """Somebody who calls a webhook."""

    def __init__(self, source: WebhookSource, session: aiohttp.ClientSession, notes: Notes) -> None:
        self.source = source
        self.session = session
        self.notes = notes

    async def post(self, body: bytes, **headers: str) -> int:
        """Send a body; return the status."""
        named = {f"X-News-{name.capitalize()}": value for name, value in headers.items()}
        async with self.session.post(f"http://127.0.0.1:{self.source.port}/hook", data=body, headers=named) as response:
            return response.status

    async def signed(self, body: bytes = BODY, stamp: str = str(NOW_S), secret: str = SECRET) -> int:
        """Send a body as its sender signs it."""
        return await self.post(body, timestamp=stamp, signature=sign(body, stamp, secret))


async def calling(stack: AsyncExitStack, **config: Any) -> Caller:
    """Open a webhook and a caller."""
    source = WebhookSource(
        SourceConfig(name="hook", url="http://127.0.0.1:0/hook", secret="NEWS_SECRET_X", **config),
        SECRET,
        lambda: NOW_S * 1_000_000_000,
    )
    notes = await stack.enter_async_context(listening(source))
    await notes.until("contact", 1)
    session = await stack.enter_async_context(aiohttp.ClientSession())
    return Caller(source, session, notes)


async def test_what_is_signed_is_heard_once() -> None:
    """The same request again is refused: a copy of the wire is no second headline."""
    async with AsyncExitStack() as stack:
        caller = await calling(stack, kind="webhook")
        assert await caller.signed() == 204
        assert await caller.signed() == 409
        assert await caller.signed(item_line("2").encode()) == 204
        assert caller.notes.of("item") == ["1", "2"]


async def test_what_is_not_signed_is_refused_without_a_word() -> None:
    """A wrong key, another body, another time, no signature, one from yesterday."""
    async with AsyncExitStack() as stack:
        caller = await calling(stack, kind="webhook")
        good = sign(BODY, str(NOW_S), SECRET)
        statuses = [
            await caller.signed(secret="another"),
            await caller.post(BODY + b" ", timestamp=str(NOW_S), signature=good),
            await caller.post(BODY, timestamp=str(NOW_S + 1), signature=good),
            await caller.post(BODY, timestamp=str(NOW_S)),
            await caller.post(BODY),
            await caller.signed(stamp=str(NOW_S - 61)),
            await caller.signed(stamp=str(NOW_S + 61)),
            await caller.signed(stamp="now"),
        ]
        assert statuses == [401] * 8
        assert caller.notes.of("item") == []
        assert len(caller.notes.of("bad")) == 8


async def test_what_is_signed_and_no_item_is_refused_in_words() -> None:
    """And what is too large is not read."""
    async with AsyncExitStack() as stack:
        caller = await calling(stack, kind="webhook")
        assert await caller.signed(b'{"id":"1"}') == 422
        assert await caller.signed(b"x" * 70_000) == 413
        assert caller.notes.of("item") == []


def alert(**changed: str) -> bytes:
    """An alert as TradingView sends it."""
    fields = {"secret": SECRET, "symbol": "IOTAUSDT", "action": "buy", "time": "2017-11-28T14:00:00Z", "message": "up"}
    return json.dumps(fields | changed).encode()


async def test_an_alert_of_tradingview_is_heard_once() -> None:
    """It becomes a headline that names the symbol; its copy is refused."""
    async with AsyncExitStack() as stack:
        caller = await calling(stack, kind="tradingview", allow_from=("127.0.0.1",))
        assert await caller.post(alert()) == 204
        assert await caller.post(alert()) == 409
        assert [one.title for one in caller.notes.items] == ["TradingView alert: buy IOTAUSDT up"]
        assert caller.notes.items[0].ts_ms == NOW_S * 1000


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (alert(secret="wrong"), 401),
        (alert(time="2017-11-28T13:58:00Z"), 401),
        (alert(time="soon"), 401),
        (alert(action="double"), 422),
        (b"IOTA crossing up", 422),
    ],
)
async def test_an_alert_that_is_not_ours_is_refused(body: bytes, status: int) -> None:
    """A wrong secret, an old or undated one, and what is no alert."""
    async with AsyncExitStack() as stack:
        caller = await calling(stack, kind="tradingview", allow_from=("127.0.0.1",))
        assert await caller.post(body) == status
        assert caller.notes.of("item") == []


async def test_only_tradingviews_own_addresses_may_call() -> None:
    """Unless others are named."""
    async with AsyncExitStack() as stack:
        caller = await calling(stack, kind="tradingview")
        assert await caller.post(alert()) == 403


async def test_a_port_that_is_taken_is_told() -> None:
    """And tried again."""
    async with AsyncExitStack() as stack:
        caller = await calling(stack, kind="webhook")
        url = f"http://127.0.0.1:{caller.source.port}/hook"
        second = WebhookSource(SourceConfig(name="two", kind="webhook", url=url), SECRET, lambda: 0)
        notes = await stack.enter_async_context(listening(second))
        assert "can't be listened at" in (await notes.until("trouble", 1))[0]
