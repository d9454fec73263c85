"""What the paper exchange's tests share: a small market, orders in few words, and clients for its doors."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import aiohttp
import msgspec

from engine.core.instrument import E8
from engine.core.types import OrderType, Side, TimeInForce
from engine.venues.paper.defaults import PAPER_API_KEY, PAPER_API_SECRET
from engine.venues.paper.main import Urls
from engine.venues.paper.market import Touch
from engine.venues.paper.matching import Matching
from engine.venues.paper.orders import NewOrder, Order, OrderEvent, StpMode
from engine.venues.paper.rules import SymbolRules

ETH = SymbolRules(
    symbol="ETHUSDT",
    base_asset="ETH",
    quote_asset="USDT",
    tick=E8 // 100,
    lot=E8 // 10_000,
    min_price=E8 // 100,
    min_qty=E8 // 10_000,
)


def e8(number: float) -> int:
    """Read a short decimal as 1e-8 units."""
    return round(number * E8)


def levels(*pairs: tuple[float, float]) -> list[tuple[int, int]]:
    """Read levels of a book."""
    return [(e8(price), e8(qty)) for price, qty in pairs]


def matching(*, fee_ppm: int = 1_000) -> Matching:
    """Open an exchange with one market: bids 100 x 1, 99 x 2; asks 101 x 1, 102 x 2; two rich accounts."""
    exchange = Matching(maker_fee_ppm=fee_ppm, taker_fee_ppm=fee_ppm)
    exchange.list_symbol(ETH)
    exchange.on_snapshot("ETHUSDT", 10, levels((100, 1), (99, 2)), levels((101, 1), (102, 2)), 0)
    for name in ("ann", "bob"):
        exchange.open_account(name, {"USDT": e8(10_000), "ETH": e8(50)})
    exchange.drain()
    return exchange


_ids = iter(range(1, 1_000_000))


def order(
    side: str,
    qty: float,
    price: float = 0.0,
    *,
    kind: str = "",
    tif: str = "GTC",
    stop: float = 0.0,
    quote: float = 0.0,
    client_id: str = "",
    stp: StpMode = StpMode.EXPIRE_MAKER,
) -> NewOrder:
    """Write an order in few words: a price makes it a limit order, none a market order."""
    return NewOrder(
        symbol="ETHUSDT",
        side=Side[side],
        type=OrderType[kind or ("LIMIT" if price else "MARKET")],
        client_order_id=client_id or f"test-{next(_ids)}",
        time_in_force=TimeInForce[tif],
        qty=e8(qty),
        quote_qty=e8(quote),
        price=e8(price),
        stop_price=e8(stop),
        stp_mode=stp,
    )


def trade(exchange: Matching, price: float, qty: float, *, is_buyer_maker: bool, ts_ms: int = 1) -> None:
    """Let the tape trade."""
    exchange.on_trade("ETHUSDT", e8(price), e8(qty), is_buyer_maker, ts_ms)


def touch(exchange: Matching, update_id: int, bid: tuple[float, float], ask: tuple[float, float]) -> None:
    """Let the tape's best bid and ask change."""
    exchange.on_touch("ETHUSDT", Touch(update_id, levels(bid)[0], levels(ask)[0]), 1)


def fills(of: Order) -> list[tuple[float, float]]:
    """Return an order's fills as price and quantity."""
    return [(fill.price / E8, fill.qty / E8) for fill in of.fills]


def told(exchange: Matching) -> list[tuple[str, str, str]]:
    """Drain what happened: execution type, status and client order id."""
    return [
        (event.what.value, event.order.status.value, event.order.client_order_id)
        for event in exchange.drain()
        if isinstance(event, OrderEvent)
    ]


def now_ms() -> int:
    """Return the wall clock, which requests are signed with."""
    return time.time_ns() // 1_000_000


def hmac_hex(payload: str, secret: str = PAPER_API_SECRET) -> str:
    """Sign as Binance's HMAC keys do."""
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()


class RestClient:
    """A bare client of the REST door."""

    def __init__(self, session: aiohttp.ClientSession, urls: Urls) -> None:
        self.session = session
        self.urls = urls

    async def ask(self, verb: str, path: str, params: Mapping[str, Any] | None = None) -> tuple[int, Any]:
        """Ask without a signature."""
        async with self.session.request(verb, f"{self.urls.rest}/api/v3/{path}", params=params) as response:
            return response.status, await response.json()

    async def signed(self, verb: str, path: str, /, **params: Any) -> tuple[int, Any]:
        """Ask with a signature in the query."""
        query = urlencode({"timestamp": now_ms(), **params})
        return await self.raw(verb, path, f"{query}&signature={hmac_hex(query)}")

    async def raw(self, verb: str, path: str, query: str = "", body: str = "") -> tuple[int, Any]:
        """Ask with exactly these bytes."""
        url = f"{self.urls.rest}/api/v3/{path}" + (f"?{query}" if query else "")
        headers = {"X-MBX-APIKEY": PAPER_API_KEY, "Content-Type": "application/x-www-form-urlencoded"}
        target = aiohttp.client.URL(url, encoded=True)
        async with self.session.request(verb, target, data=body or None, headers=headers) as response:
            return response.status, await response.json()


class WsClient:
    """A bare client of the WebSocket API."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.events: list[dict[str, Any]] = []
        self._next = 0

    async def ask(self, method: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Ask, and return the answer; events that come before it are kept."""
        self._next += 1
        await self.socket.send_str(
            msgspec.json.encode({"id": self._next, "method": method, "params": dict(params or {})}).decode()
        )
        while True:
            message: dict[str, Any] = await self.hear()
            if message.get("id") == self._next:
                return message
            self.events.append(message["event"])

    async def signed(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask with an HMAC signature."""
        full = {"apiKey": PAPER_API_KEY, "timestamp": now_ms(), **params}
        payload = "&".join(f"{name}={value}" for name, value in sorted(full.items()))
        return await self.ask(method, {**full, "signature": hmac_hex(payload)})

    async def hear(self) -> dict[str, Any]:
        """Return the next message."""
        message = await self.socket.receive_str(timeout=30.0)
        decoded: dict[str, Any] = msgspec.json.decode(message)
        return decoded

    async def event(self, kind: str) -> dict[str, Any]:
        """Return the next user event of a kind, kept or yet to come."""
        while True:
            for i, event in enumerate(self.events):
                if event["e"] == kind:
                    return self.events.pop(i)
            self.events.append((await self.hear())["event"])


@asynccontextmanager
async def ws_client(urls: Urls, query: str = "") -> AsyncIterator[WsClient]:
    """Connect to the WebSocket API."""
    async with aiohttp.ClientSession() as session, session.ws_connect(urls.ws_api + query) as socket:
        yield WsClient(socket)


@asynccontextmanager
async def rest_client(urls: Urls) -> AsyncIterator[RestClient]:
    """Connect to the REST door."""
    async with aiohttp.ClientSession() as session:
        yield RestClient(session, urls)
