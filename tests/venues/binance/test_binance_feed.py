"""The market of many symbols comes over several connections, and what befalls one of them touches its symbols only."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from aiohttp import web
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server
from waiting import until

from engine.core.instrument import Instrument
from engine.core.types import BookUpdate, Quote, Symbol, Trade
from engine.venues.binance.booksync import BookSync, SyncState
from engine.venues.binance.feed import MarketFeed
from engine.venues.binance.limits import Budget
from engine.venues.binance.rest import RestClient

FIVE = tuple(Symbol(f"{name}USDT") for name in ("ADA", "BTC", "ETH", "SOL", "XRP"))
TWO_EACH = 6
"""Streams on one connection: five symbols need three of them."""


def instrument(symbol: Symbol) -> Instrument:
    base = symbol.removesuffix("USDT")
    return Instrument(symbol, base, "USDT", 1_000_000, 10_000, 1, 90_000_000, 500_000_000, 0, 1, 10**8, True)


class Line(WSListener):
    """One connection at the venue: which symbols it carries, and how it is doing."""

    def __init__(self, venue: Venue, path: str) -> None:
        self.streams = parse_qs(urlsplit(path).query)["streams"][0].split("/")
        self.symbols = sorted({name.partition("@")[0].upper() for name in self.streams})
        self.is_silent = False
        self.transport: WSTransport | None = None
        self._venue = venue

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        self._venue.lines.append(self)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
        elif frame.msg_type == WSMsgType.PING and not self.is_silent:
            transport.send_pong(frame.get_payload_as_bytes())

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._venue.lines.remove(self)

    def cut(self) -> None:
        assert self.transport is not None
        self.transport.disconnect(graceful=False)

    def send(self, frame: bytes) -> None:
        assert self.transport is not None
        self.transport.send(WSMsgType.TEXT, frame)


class Venue:
    """The streams and the order books of a venue, and how far each symbol's numbering is."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        """Open ones, in the order in which they came."""
        self.refuse = 0
        self.asked: Counter[str] = Counter()
        self.depths: set[str] = set()
        self.at_once = self.most_at_once = 0
        self.answers = asyncio.Event()
        self.answers.set()
        self._update_ids: Counter[str] = Counter()

    def accept(self, request: WSUpgradeRequest) -> WSListener | None:
        if self.refuse:
            self.refuse -= 1
            return None
        return Line(self, request.path.decode())

    def tell(self, symbols: Iterable[str]) -> None:
        """Send the next change of each symbol's book, over whichever connections carry it."""
        for symbol in symbols:
            first = self._update_ids[symbol] + 1
            self._update_ids[symbol] += 10
            frame = (
                f'{{"stream":"{symbol.lower()}@depth@100ms","data":{{"e":"depthUpdate","E":1723161255308,"s":"{symbol}"'
                f',"U":{first},"u":{first + 9},"b":[["100.00000000","1.00000000"]],"a":[["101.00000000","2.0"]]}}}}'
            )
            for line in self.lines:
                if symbol in line.symbols:
                    line.send(frame.encode())

    async def depth(self, request: web.Request) -> web.Response:
        symbol = request.query["symbol"]
        self.asked[symbol] += 1
        self.depths.add(request.query["limit"])
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        await self.answers.wait()
        self.at_once -= 1
        sides = {"bids": [["99.00000000", "1.00000000"]], "asks": [["102.00000000", "1.00000000"]]}
        body = msgspec.json.encode({"lastUpdateId": self._update_ids[symbol], **sides})
        return web.Response(body=body, content_type="application/json")


class Desk:
    """Takes what the feed hands on."""

    def __init__(self) -> None:
        self.books: list[BookUpdate] = []
        self.lost: list[Symbol] = []
        self.bad: list[str] = []

    def on_trade(self, trade: Trade) -> None:
        raise AssertionError("there are no trades here")

    def on_quote(self, quote: Quote) -> None:
        raise AssertionError("there are no quotes here")

    def on_book(self, update: BookUpdate) -> None:
        self.books.append(update)

    def on_book_lost(self, symbol: Symbol, reason: str, ts_recv_ns: int) -> None:
        self.lost.append(symbol)

    def on_bad_frame(self, reason: str, ts_recv_ns: int) -> None:
        self.bad.append(reason)


class Scene:
    """A venue, the feed that follows it, and who listens."""

    def __init__(self, venue: Venue, feed: MarketFeed, desk: Desk) -> None:
        self.venue, self.feed, self.desk = venue, feed, desk

    def book(self, symbol: str) -> BookSync:
        return self.feed.reader.books[Symbol(symbol)]

    async def until(self, is_so: Callable[[], Any]) -> None:
        await until(is_so)

    async def synced(self, symbols: Iterable[str]) -> None:
        """Bring every symbol's book into sequence: a change, the snapshot that it makes the feed ask for, a change."""
        symbols = tuple(symbols)
        self.venue.tell(symbols)
        await self.until(lambda: all(self.book(symbol).state is SyncState.ANCHORED for symbol in symbols))
        self.venue.tell(symbols)
        await self.until(lambda: all(self.book(symbol).is_synced for symbol in symbols))


@asynccontextmanager
async def venue_at_a_port() -> AsyncIterator[tuple[Venue, str, str]]:
    """Run a venue; yields it and the addresses of its streams and of its REST API."""
    venue = Venue()
    streams = await ws_create_server(venue.accept, "127.0.0.1", 0, enable_auto_pong=False)
    app = web.Application()
    app.add_routes([web.get("/api/v3/depth", venue.depth)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        port = streams.sockets[0].getsockname()[1]
        yield venue, f"ws://127.0.0.1:{port}", f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        streams.close()
        for line in tuple(venue.lines):
            line.cut()
        await runner.cleanup()


@asynccontextmanager
async def followed(
    symbols: tuple[Symbol, ...] = FIVE, streams_max: int = TWO_EACH, *, refuse: int = 0, ping_s: float = 5.0
) -> AsyncIterator[Scene]:
    """Follow a venue's symbols."""
    async with venue_at_a_port() as (venue, stream_url, rest_url):
        venue.refuse = refuse
        rest, desk = RestClient(rest_url, None, None, Budget(), time.time_ns), Desk()
        known = [instrument(symbol) for symbol in symbols]
        feed = MarketFeed(stream_url, rest, known, desk, time.time_ns, ping_s=ping_s, streams_max=streams_max)
        try:
            await feed.start()
            yield Scene(venue, feed, desk)
        finally:
            venue.answers.set()
            await feed.close()
            await rest.close()


async def test_symbols_are_spread_evenly_and_each_has_all_its_streams_on_one_connection() -> None:
    """Five symbols, of which a connection carries two: three connections, and every stream once."""
    async with followed() as it:
        assert it.feed.is_connected
        assert sorted(len(line.symbols) for line in it.venue.lines) == [1, 2, 2]
        for line in it.venue.lines:
            wanted = {f"{s.lower()}@{name}" for s in line.symbols for name in ("trade", "bookTicker", "depth@100ms")}
            assert set(line.streams) == wanted
        assert sorted(symbol for line in it.venue.lines for symbol in line.symbols) == list(FIVE)
        await it.synced(FIVE)
        assert it.venue.asked == dict.fromkeys(FIVE, 1)
        assert it.feed.summary == "15 frames, 3 of 3 connections open"


async def test_a_connection_that_is_cut_loses_its_own_books_and_no_others() -> None:
    """Its two symbols are lost at once and fetched again; the other three go on without a break."""
    async with followed() as it:
        await it.synced(FIVE)
        line = it.venue.lines[0]
        others = set(FIVE) - set(line.symbols)
        it.venue.refuse = 1
        line.cut()
        await it.until(lambda: it.desk.lost)
        assert sorted(it.desk.lost) == line.symbols
        assert not it.feed.is_connected
        assert it.feed.summary.endswith("2 of 3 connections open")
        assert all(it.book(symbol).is_synced for symbol in others)
        it.venue.tell(others)
        await it.until(lambda: it.feed.is_connected)
        assert it.venue.lines[-1].streams == line.streams
        await it.synced(line.symbols)
        it.venue.tell(FIVE)
        await it.until(lambda: all(it.book(symbol).applied == 3 for symbol in FIVE))
        assert {symbol: it.book(symbol).resyncs for symbol in FIVE} == {s: int(s not in others) for s in FIVE}
        assert it.venue.asked == {symbol: 2 if symbol in line.symbols else 1 for symbol in FIVE}
        assert sorted(it.desk.lost) == line.symbols


async def test_a_connection_that_falls_silent_is_noticed_and_the_others_stay() -> None:
    """One doesn't answer pings any more: it alone is given up and opened again (F5)."""
    async with followed(ping_s=0.2) as it:
        await it.synced(FIVE)
        line, *others = it.venue.lines
        line.is_silent = True
        await it.until(lambda: it.desk.lost)
        await it.until(lambda: it.feed.is_connected)
        assert sorted(it.desk.lost) == line.symbols
        assert it.venue.lines[:2] == others
        await it.synced(line.symbols)


async def test_an_announced_end_is_met_with_a_successor_for_each_and_loses_nothing() -> None:
    """Every connection has its successor before the old ones go (F6)."""
    async with followed() as it:
        await it.synced(FIVE)
        old = tuple(it.venue.lines)
        old[1].send(b'{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}')
        await it.until(lambda: len(it.venue.lines) == 6)
        for line in old:
            line.cut()
        it.venue.tell(FIVE)
        await it.until(lambda: all(it.book(symbol).applied >= 2 for symbol in FIVE))
        assert not it.desk.lost
        assert it.feed.is_connected


async def test_it_has_started_when_every_connection_stands() -> None:
    """One of three is refused at first: ``start`` waits for its second attempt."""
    async with followed(refuse=1) as it:
        assert it.feed.is_connected
        assert len(it.venue.lines) == 3


async def test_closing_it_closes_every_connection_and_is_no_loss() -> None:
    """Also while snapshots are on their way."""
    async with followed() as it:
        it.venue.answers.clear()
        it.venue.tell(FIVE)
        await it.until(lambda: it.venue.at_once)
        await it.feed.close()
        await it.until(lambda: not it.venue.lines)
        assert not it.feed.is_connected
        assert not it.desk.lost


async def test_snapshots_of_many_symbols_are_fetched_a_few_at_a_time() -> None:
    """Thirteen books are wanted at once; four questions are under way, and each has its answer in the end."""
    many = tuple(Symbol(f"C{number:02d}USDT") for number in range(13))
    async with followed(many, 1024) as it:
        assert len(it.venue.lines) == 1
        it.venue.answers.clear()
        it.venue.tell(many)
        await it.until(lambda: it.feed.reader.frames == len(many) and it.venue.at_once == 4)
        it.venue.answers.set()
        await it.until(lambda: all(it.book(symbol).state is SyncState.ANCHORED for symbol in many))
        assert (it.venue.most_at_once, it.venue.depths) == (4, {"1000"})
        assert it.venue.asked == dict.fromkeys(many, 1)


@pytest.mark.parametrize(("count", "depth"), [(60, "1000"), (61, "500"), (121, "100")])
async def test_the_more_symbols_the_less_deep_a_snapshot(count: int, depth: str) -> None:
    """Snapshots of all of them fit into half of the weight that the venue allows in a minute."""
    many = tuple(Symbol(f"C{number:03d}USDT") for number in range(count))
    async with followed(many, 1024) as it:
        it.venue.tell(many[:1])
        await it.until(lambda: it.venue.depths)
        assert it.venue.depths == {depth}
