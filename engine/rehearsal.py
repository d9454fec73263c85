"""Keeps the way of an order warm between rare events: a twin of the exchange in this process, and a scratch engine.

News comes once an hour, and by then caches, branch predictors and the kernel's own code have gone cold: a rare event
costs three to six times as much as a frequent one. So every millisecond the twin sends one trade over loopback, and
the very classes that trade take it from the socket to an order's bytes: listener, reader, ``Live``, core, gate,
journal frame, signature, and the write to the twin's order socket. The answer comes back the same way. Every fifth time
it is a headline, which goes through a news room of its own: feed, memory of titles, rule table, symbols, bands.

A rehearsal can't leave, be recorded or touch real state, because everything that it could reach is its own: engine,
arrays, keys, file and sockets, whose only address is the twin's. Nothing of the real engine is handed to it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from engine.clock import now_ns, ticks_ns
from engine.core.warm import FIRST_TICKS, SCRATCH, scratch_engine
from engine.latency import Histogram
from engine.live import Live, beat
from engine.news.hear import NewsRoom
from engine.news.rules import Rule, Rules
from engine.news.stream import StreamSource
from engine.news.symbols import SymbolIndex
from engine.news.trust import Trust
from engine.store.scratch import ScratchJournal
from engine.venues.binance.feed import MarketFeed
from engine.venues.binance.limits import Budget
from engine.venues.binance.line import OrderLine
from engine.venues.binance.orders import BinanceOrders
from engine.venues.binance.orders_codec import OrderEncoder
from engine.venues.binance.rest import RestClient
from engine.venues.binance.sign import HmacSigner
from engine.venues.binance.urls import ApiKeys
from engine.wire.views import StageView

_RISE_TICKS: Final = 800_000_000
"""The price climbs one tick a rehearsal, so that the strategy acts on each; it begins anew after nine days."""
_QUOTE_EVERY: Final = 1_000
"""After so many trades the quote follows the price: the gate wants them near each other (C4)."""
_HEADLINE_EVERY: Final = 5
"""After so many trades a headline: it costs half as much again, and shares most of its way with them."""
_TITLES_KEPT: Final = 1_000
"""As with causes: to remember as many as the real news room does would cost 10 MB."""
_UNBOUNDED: Final = 1 << 62
_NEWS: Final = "rehearsal"
"""The name of the twin's feed, and of who publishes there."""
_RULE: Final = Rule("listing", 1.0, ("rehearsal will list",))
"""Besides the real table's, which may have no rule that is surely acted on."""
_PATIENCE_NS: Final = 100_000_000
"""The next trade waits so long for the order of the last one."""
SILENT_NS: Final = 1_000_000_000
"""Without an order for so long while it is on, a rehearsal is not well."""
_RECENT: Final = 10_000
"""Round trips that the health view is about: the last ten to twenty seconds."""
_KEYS: Final = ApiKeys("rehearsal", "rehearsal")

_TRADE: Final = (
    b'{"stream":"scratchusdt@trade","data":{"e":"trade","E":%d,"s":"SCRATCHUSDT","t":%d,"p":"%d.%02d000000",'
    b'"q":"0.25000000","T":%d,"m":false,"M":true}}'
)
_QUOTE: Final = (
    b'{"stream":"scratchusdt@bookTicker","data":{"u":%d,"s":"SCRATCHUSDT","b":"%d.%02d000000","B":"3.02920000",'
    b'"a":"%d.%02d000000","A":"31.43950000"}}'
)
_HEADLINE: Final = (
    b'{"id":"%d","source":"rehearsal","title":"Rehearsal will list Scratch (SCRATCH) on market %d after %d of %d",'
    b'"url":"","ts_ms":%d}'
)
_DONE: Final = b'{"id":%d,"status":200,"result":{},"rateLimits":[]}'
_EXPIRED: Final = (
    b'{"id":%b,"status":200,"result":{"symbol":"SCRATCHUSDT","orderId":1,"orderListId":-1,"clientOrderId":"%b",'
    b'"transactTime":%d,"price":"10000.00","origQty":"1.0000","executedQty":"0.0000","cummulativeQuoteQty":"0.0000",'
    b'"status":"EXPIRED","timeInForce":"IOC","type":"LIMIT","side":"BUY","fills":[]},"rateLimits":[{"rateLimitType":'
    b'"ORDERS","interval":"SECOND","intervalNum":10,"limit":1000000,"count":1}]}'
)


class _Params(msgspec.Struct, frozen=True):
    """What names an order: placing it, or asking about it."""

    placed: str = msgspec.field(default="", name="newClientOrderId")
    asked: str = msgspec.field(default="", name="origClientOrderId")


class _Request(msgspec.Struct, frozen=True):
    """A request to the twin. Raw: as ``orders_codec`` writes it."""

    id: msgspec.Raw
    params: _Params = _Params()


class _Peer(WSListener):
    """One connection at the twin: the market's, the feed's, or the orders'."""

    def __init__(self, twin: Twin, path: bytes) -> None:
        self.transport: WSTransport | None = None
        self._twin = twin
        self._path = path

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Introduce it."""
        self.transport = transport
        self._twin.transports.add(transport)
        if self._path.startswith(b"/stream"):
            self._twin.market = self
        elif self._path == b"/news":
            self._twin.news = self

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Answer a request at once."""
        if frame.msg_type == WSMsgType.TEXT:
            transport.send(WSMsgType.TEXT, self._twin.answer(frame.get_payload_as_bytes()))
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Forget it."""
        self.transport = None
        self._twin.transports.discard(transport)


class Twin:
    """As much of an exchange as a rehearsal needs, and a news feed: every order expires unfilled."""

    def __init__(self) -> None:
        self.market: _Peer | None = None
        self.news: _Peer | None = None
        self.transports: set[WSTransport] = set()
        self.round_trip = self.before = Histogram()
        """From the trade's frame to the receipt of its order: of late, and the ``_RECENT`` ones before."""
        self.headline_trip = Histogram()
        """The same of headlines, since the start."""
        self.last_order_ticks = 0
        self.trades = self.headlines = 0
        self._turns = 0
        self._is_headline = False
        """Whether the last thing said was one."""
        self._said_ticks = self._ms = 0
        self._read = msgspec.json.Decoder(_Request)

    def say(self) -> None:
        """Send the next trade or headline, unless the last one is still under way."""
        is_under_way = self.last_order_ticks < self._said_ticks and ticks_ns() - self._said_ticks < _PATIENCE_NS
        if is_under_way or self.market is None or self.market.transport is None:
            return
        self._turns += 1
        self._ms = max(now_ns() // 1_000_000, self._ms + 1)  # in one and the same millisecond it would not act again
        self._is_headline = self.news is not None and self._turns % _HEADLINE_EVERY == 0
        if self._is_headline and self.news is not None and self.news.transport is not None:
            self._say_headline(self.news.transport)
        else:
            self._say_trade(self.market.transport)

    def _say_headline(self, feed: WSTransport) -> None:
        """Send a headline in which enough differs from the others to be none of them again."""
        self.headlines += 1
        number = self.headlines
        headline = _HEADLINE % (number, number, 7 * number, 13 * number, self._ms)
        self._said_ticks = ticks_ns()
        feed.send(WSMsgType.TEXT, headline)

    def _say_trade(self, market: WSTransport) -> None:
        """Send a trade one tick above the last one."""
        self._is_headline = False
        self.trades += 1
        price = FIRST_TICKS + self.trades % _RISE_TICKS
        if self.trades % _QUOTE_EVERY == 0:
            quote = _QUOTE % (self.trades, *divmod(price - 1, 100), *divmod(price + 1, 100))
            market.send(WSMsgType.TEXT, quote)
        trade = _TRADE % (self._ms, self.trades, *divmod(price, 100), self._ms)
        self._said_ticks = ticks_ns()
        market.send(WSMsgType.TEXT, trade)

    def answer(self, data: bytes) -> bytes:
        """Answer a request: an order, a question about one, or anything else that needs a yes."""
        request = self._read.decode(data)
        if request.params.placed:
            self._note_order()
        if name := request.params.placed or request.params.asked:
            return _EXPIRED % (bytes(request.id), name.encode(), now_ns() // 1_000_000)
        return _DONE % int(bytes(request.id))

    def accept(self, request: WSUpgradeRequest) -> WSListener:
        """Take a connection; its path says which."""
        return _Peer(self, request.path)

    async def close(self) -> None:
        """End every connection that is left, and wait until each has ended."""
        for transport in tuple(self.transports):
            transport.disconnect(graceful=False)
            await transport.wait_disconnected()

    def _note_order(self) -> None:
        self.last_order_ticks = ticks_ns()
        if self._is_headline:
            self.headline_trip.record(self.last_order_ticks - self._said_ticks)
            return
        if self.round_trip.count >= _RECENT:
            self.before, self.round_trip = self.round_trip, Histogram()
        self.round_trip.record(self.last_order_ticks - self._said_ticks)


class Rehearsal:
    """A staged rehearsal; ``once`` plays it."""

    def __init__(self, twin: Twin, live: Live) -> None:
        self.is_on = False
        """Whether it is played at present; only for the health view."""
        self._twin = twin
        self._live = live
        self._on_since_ticks = 0

    def once(self) -> None:
        """Send a trade or a headline through everything; returns at once, the rest happens when sockets are ready."""
        self._twin.say()

    def switch(self, is_on: bool) -> None:
        """Note whether it is played from now on."""
        if is_on and not self.is_on:
            self._on_since_ticks = ticks_ns()
        self.is_on = is_on

    def stages(self) -> tuple[StageView, ...]:
        """Show what it measured: the engine's stages since the start, and the round trip of late."""
        trips = self._recent().view("round_trip"), self._twin.headline_trip.view("headline_round_trip")
        return (*self._live.ledger.stages(), *trips)

    def health(self) -> list[tuple[str, bool, str]]:
        """Say how old the last rehearsal is and how long rehearsals take: name, whether it is well, words."""
        if not self.is_on:
            return [("rehearsal", True, "resting while trading is halted")]
        age_ns = ticks_ns() - max(self._twin.last_order_ticks, self._on_since_ticks)
        recent = self._recent().view("")
        words = f"half within {recent.p50_ns / 1e3:.0f} µs, 99 % within {recent.p99_ns / 1e3:.0f} µs"
        return [("rehearsal", age_ns < SILENT_NS, f"the last one {age_ns / 1e6:.0f} ms ago, {words}")]

    def _recent(self) -> Histogram:
        twin = self._twin
        return twin.before if twin.before.count > twin.round_trip.count else twin.round_trip


async def play(rehearsal: Rehearsal, live: Live, every_s: float) -> None:
    """Play a rehearsal so often while trading is armed, but none where an order of our own has just warmed the way."""
    every_ns = int(every_s * 1e9)
    while True:
        await asyncio.sleep(every_s)
        rehearsal.switch(live.engine.trading.is_armed)
        if rehearsal.is_on and ticks_ns() - live.ledger.last_sent_ticks > every_ns:
            rehearsal.once()


class _LoggedOn(HmacSigner):
    """Lets the session log on, so that orders are rehearsed without a signature, as with an Ed25519 key."""

    can_logon = True


@contextlib.asynccontextmanager
async def staged(folder: Path, *, can_logon: bool, rules: Rules | None = None) -> AsyncIterator[Rehearsal]:
    """Open the twin and a scratch engine that is connected to it, and close both at the end.

    ``can_logon`` says whether our orders leave without a signature of their own; ``rules`` is the table that headlines
    are judged by, of which a tree of its own is made. Raises JournalUnwritable where
    nothing can be written to the folder.
    """
    twin = Twin()
    server = await ws_create_server(twin.accept, "127.0.0.1", 0, logger_name="twin")
    host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(server.close)
        stack.push_async_callback(twin.close)
        journal = ScratchJournal(folder)
        stack.callback(journal.close)
        live = Live(scratch_engine(now_ns()), journal, None)
        await _connect(live, host, _LoggedOn("rehearsal") if can_logon else HmacSigner("rehearsal"), stack)
        stack.push_async_callback(_ended, asyncio.create_task(beat(live)))
        stack.push_async_callback(_ended, asyncio.create_task(_news(live, host, rules or Rules(())).run()))
        yield Rehearsal(twin, live)


def _news(live: Live, host: str, rules: Rules) -> NewsRoom:
    """Make a news room that hears the twin's feed, of the classes of the real one."""
    return NewsRoom(
        [StreamSource(_NEWS, f"ws://{host}/news", now_ns)],
        SymbolIndex((SCRATCH,), SCRATCH.quote_asset),
        live.on_headline,
        now_ns,
        Rules((*rules.table, _RULE), rules.words),
        Trust({_NEWS: 1.0}),
        capacity=_TITLES_KEPT,
        most_per_minute=_UNBOUNDED,
    )


async def _ended(task: asyncio.Task[None]) -> None:
    """End a task, and wait until it has."""
    task.cancel()
    await asyncio.wait([task])


async def _connect(live: Live, host: str, signer: HmacSigner, stack: contextlib.AsyncExitStack) -> None:
    """Connect a scratch engine to the twin, with the classes that connect the real one to the venue."""
    encoder, budget = OrderEncoder((SCRATCH,), _KEYS, signer), Budget()
    rest = RestClient(f"http://{host}", _KEYS, encoder, budget, now_ns)
    stack.push_async_callback(rest.close)
    line = OrderLine(f"ws://{host}/ws-api/v3", encoder, signer, budget, rest.venue_ms, now_ns)
    live.orders = BinanceOrders(line, rest, encoder, {SCRATCH.symbol: SCRATCH}, budget, now_ns)
    stack.push_async_callback(live.orders.close)
    await live.orders.start(live)
    feed = MarketFeed(f"ws://{host}", rest, (SCRATCH,), live, now_ns)
    stack.push_async_callback(feed.close)
    await feed.start()
