"""What the tests of the news room share: traded symbols, the two headlines of 2017, and a feed with a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import WSMsgType, web

from engine.core.instrument import Instrument
from engine.core.types import Symbol
from engine.fetch import Fetch
from engine.news.source import RawItem, Source
from engine.news.symbols import SymbolIndex

ANNOUNCED: Final = "IOTA launches data marketplace with Microsoft, Fujitsu and other participants"
DENIED: Final = "IOTA clarifies it has no formal partnership with Microsoft"
PUBLISHED_MS: Final = 1_511_877_600_000
_TRADED: Final = """
    ADA AI ARK ATM BCH BTC CELO DOGE ETC ETH FDUSD FIL FRONT GAS IOTA LEVER LTC NEAR OMG ONE POL POLYX POWR SAND SHIB
    SLP SOL TIA TRB UNI USDC WAVES XRP
"""


def instrument(base: str, quote: str = "USDT") -> Instrument:
    """An instrument as a venue lists it."""
    return Instrument(Symbol(base + quote), base, quote, 100, 100, 1, 10**9, 0, 0, 1, 10**9, True)


INDEX: Final = SymbolIndex(
    [*map(instrument, _TRADED.split()), instrument("IOTA", "BTC"), instrument("XMR", "BTC")], "USDT"
)


def item_line(news_id: str, title: str = "IOTA rises", source: str = "story", url: str = "") -> str:
    """One item as a source writes it."""
    return json.dumps({"id": news_id, "source": source, "title": title, "url": url, "ts_ms": PUBLISHED_MS})


class Feed:
    """A news feed: a real WebSocket server that says what it is told to each listener."""

    def __init__(self) -> None:
        self.port = 0
        self.greeting: list[str | bytes] = []
        self.connections: list[web.WebSocketResponse] = []
        self.pings = 0

    @asynccontextmanager
    async def serving(self, port: int = 0, *, answers_pings: bool = True) -> AsyncIterator[Feed]:
        """Serve for the length of a block."""

        async def serve(request: web.Request) -> web.WebSocketResponse:
            socket = web.WebSocketResponse(autoping=answers_pings, timeout=0.1)
            await socket.prepare(request)
            self.connections.append(socket)
            for message in self.greeting:
                await (socket.send_bytes(message) if isinstance(message, bytes) else socket.send_str(message))
            async for frame in socket:
                self.pings += frame.type is WSMsgType.PING
            return socket

        app = web.Application()
        app.router.add_get("/_news", serve)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        self.port = runner.addresses[0][1]
        try:
            yield self
        finally:
            await runner.cleanup()

    @property
    def url(self) -> str:
        """Where to listen."""
        return f"ws://127.0.0.1:{self.port}/_news"


class Notes:
    """An ear that keeps what it is told, in order."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.items: list[RawItem] = []
        self.times_ns: list[int] = []
        self.fetches: list[Fetch] = []

    def on_item(self, item: RawItem, ts_recv_ns: int = 0) -> None:
        """Keep an item's id, and when it came."""
        self.items.append(item)
        self.times_ns.append(ts_recv_ns)
        self.told.append(("item", item.id))

    def on_fetch(self, fetch: Fetch) -> None:
        """Keep the status of a visit."""
        self.fetches.append(fetch)
        self.told.append(("fetch", str(fetch.status)))

    def on_contact(self) -> None:
        """Keep the contact."""
        self.told.append(("contact", ""))

    def on_trouble(self, reason: str) -> None:
        """Keep the trouble."""
        self.told.append(("trouble", reason))

    def on_bad_item(self, reason: str) -> None:
        """Keep the bad item."""
        self.told.append(("bad", reason))

    def of(self, kind: str) -> list[str]:
        """What was told of one kind."""
        return [text for each, text in self.told if each == kind]

    async def until(self, kind: str, count: int) -> list[str]:
        """Wait until so many of a kind were told."""
        async with asyncio.timeout(30.0):
            while len(self.of(kind)) < count:
                await asyncio.sleep(0.001)
        return self.of(kind)


@asynccontextmanager
async def listening(source: Source) -> AsyncIterator[Notes]:
    """Run a source for the length of a block."""
    notes = Notes()
    task = asyncio.create_task(source.listen(notes))
    try:
        yield notes
    finally:
        task.cancel()
        await asyncio.wait([task])
