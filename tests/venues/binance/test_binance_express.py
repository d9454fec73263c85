"""The express lane does what the way through objects does, for every frame, sound or damaged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.config import OrderFlow, SmaCross, Strategies
from engine.core.instrument import Instrument
from engine.core.kernels.market import IS_WATCHED, LAST_FILL_ID, LAST_QUOTE_ID, LOOK
from engine.core.market import Market
from engine.core.strategies.technical.crew import Crew
from engine.core.strategies.technical.stepping import COUNT, after_quote, after_trade
from engine.core.types import BookUpdate, Quote, Symbol, Trade
from engine.venues.binance import express
from engine.venues.binance.express import ExpressReader
from engine.venues.binance.reader import MarketReader

ETH = Instrument(Symbol("ETHUSDT"), "ETH", "USDT", 1_000_000, 10_000, 1, 90_000_000, 500_000_000, 0, 1, 10**8, True)
IOTA = Instrument(Symbol("IOTAUSDT"), "IOTA", "USDT", 10_000, 10**8, 1, 90_000_000, 500_000_000, 0, 1, 10**8, True)
S = 1_000_000_000
T0 = 1_700_000_000 * S


class Heard:
    """A core that only listens: notes what was stirred, and what was told, in order."""

    def __init__(self, *, is_express: bool) -> None:
        eager = OrderFlow(min_trades=5, ask=0.0, act=0.0, cooldown_s=1e-6)
        crew = Crew(Strategies(order_flow=eager, sma_cross=SmaCross(fast=2, slow=5, bar_s=1)))
        self.markets = {it.symbol: Market(it, crew.size) for it in (ETH, IOTA)}
        for market in self.markets.values():
            crew.follow(market, lambda name: True)
        self.markets[IOTA.symbol].watch(True)
        self.notes: list[object] = []
        self._is_express = is_express

    @property
    def express(self) -> Mapping[Symbol, Market] | None:
        return self.markets if self._is_express else None

    def on_stirred(self, market: Market, stirred: int, ts_recv_ns: int) -> None:
        self.notes.append((market.instrument.symbol, stirred, ts_recv_ns, market.minds[:COUNT].tolist()))

    def on_step_failed(self, error: Exception) -> None:
        self.notes.append(error)

    def on_trade(self, trade: Trade) -> None:
        self._take(
            self.markets[trade.symbol],
            lambda market: market.on_trade(trade) | after_trade(market.numbers),
            trade.ts_recv_ns,
        )

    def on_quote(self, quote: Quote) -> None:
        self._take(
            self.markets[quote.symbol],
            lambda market: market.on_quote(quote) | after_quote(market.numbers),
            quote.ts_recv_ns,
        )

    def on_book(self, update: BookUpdate) -> None:
        market = self.markets[update.symbol]
        market.on_book(update)
        if market.numbers[IS_WATCHED]:
            self.on_stirred(market, LOOK, update.ts_recv_ns)

    def on_book_lost(self, symbol: Symbol, reason: str, ts_recv_ns: int) -> None:
        self.notes.append((symbol, reason))

    def on_bad_frame(self, reason: str, ts_recv_ns: int) -> None:
        self.notes.append(reason)

    def _take(self, market: Market, take: Callable[[Market], int], ts_recv_ns: int) -> None:
        if stirred := take(market):
            self.on_stirred(market, stirred, ts_recv_ns)


def readers() -> list[tuple[MarketReader, Heard]]:
    """Return the express way and the way through objects, each with a core of its own."""
    fast, plain = Heard(is_express=True), Heard(is_express=False)
    assert fast.express is not None
    asked: list[Symbol] = []
    return [
        (ExpressReader(fast.express, fast, asked.append), fast),
        (MarketReader((ETH, IOTA), plain, asked.append), plain),
    ]


def state(reader: MarketReader, heard: Heard) -> object:
    """Return everything that a frame may have changed."""
    for it in heard.markets.values():
        it.numbers[LAST_FILL_ID : LAST_QUOTE_ID + 1] = 0  # the lane's own
    arrays = [(it.numbers.tobytes(), it.minds.tobytes()) for it in heard.markets.values()]
    books = [
        (it.book.is_in_sync, it.book.final_update_id, it.book.bids.top(2000).tolist(), it.book.asks.top(2000).tolist())
        for it in heard.markets.values()
    ]
    syncs = [(it.state, it.last_update_id, it.applied, it.stale, it.gaps, it.resyncs) for it in reader.books.values()]
    return arrays, books, syncs, heard.notes, reader.frames, reader.bad_frames, reader.duplicates


def trade(stream: str, name: str, ident: int, price: str, size: str, at_ms: int, sold: str) -> bytes:
    data = f'"e":"trade","E":{at_ms},"s":"{name}","t":{ident},"p":"{price}","q":"{size}","T":{at_ms},"m":{sold}'
    return f'{{"stream":"{stream}@trade","data":{{{data}}}}}'.encode()


def quote(stream: str, name: str, ident: int, bid: str, ask: str) -> bytes:
    data = f'"u":{ident},"s":"{name}","b":"{bid}","B":"31.21000000","a":"{ask}","A":"40.66000000"'
    return f'{{"stream":"{stream}@bookTicker","data":{{{data}}}}}'.encode()


def depth(stream: str, name: str, number: int, bids: str, asks: str) -> bytes:
    """A change of ten updates, the number-th of its book."""
    ids = f'"U":{10 * number + 1},"u":{10 * number + 10}'
    data = f'"e":"depthUpdate","E":{T0 // 10**6},"s":"{name}",{ids},"b":[{bids}],"a":[{asks}]'
    return f'{{"stream":"{stream}@depth@100ms","data":{{{data}}}}}'.encode()


def snapshot(stream: str, number: int) -> bytes:
    data = f'"lastUpdateId":{10 * number + 5},"bids":[["1999.00","1.0"],["1998.00","2.0"]],"asks":[["2001.00","3.0"]]'
    return f'{{"stream":"{stream}@depthSnapshot","data":{{{data}}}}}'.encode()


NAMES = st.sampled_from(
    [("ethusdt", "ETHUSDT"), ("iotausdt", "IOTAUSDT"), ("ethusdt", "IOTAUSDT"), ("xrpusdt", "XRPUSDT")]
)
IDENTS = st.integers(0, 40)
PRICES = st.integers(0, 400_000).map(lambda ticks: f"{ticks / 100:.2f}000000") | st.sampled_from(["abc", "1e3", ""])
TRADES = st.builds(
    lambda names, ident, price, size, ms, sold: trade(*names, ident, price, size, T0 // 10**6 + ms, sold),
    NAMES,
    IDENTS,
    PRICES,
    st.sampled_from(["1.00000000", "0.25000000", "250.00000000", "0.00000000"]),
    st.integers(0, 10_000),
    st.sampled_from(["true", "false", "null"]),
)
LEVELS = st.lists(
    st.tuples(PRICES, st.sampled_from(["0.00000000", "1.50000000", "x"])).map(lambda row: f'["{row[0]}","{row[1]}"]'),
    max_size=5,
).map(",".join)
DEPTHS = st.builds(lambda names, number, bids, asks: depth(*names, number, bids, asks), NAMES, IDENTS, LEVELS, LEVELS)
SOUND = st.lists(st.tuples(st.integers(150_000, 250_000), st.integers(0, 3)), max_size=5).map(
    lambda rows: ",".join(f'["{ticks / 100:.2f}000000","{lots}.00000000"]' for ticks, lots in rows)
)
QUOTES = st.builds(lambda names, ident, bid, ask: quote(*names, ident, bid, ask), NAMES, IDENTS, PRICES, PRICES)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A frame with a part of it lost, or another byte in it."""
    frame = bytearray(draw(TRADES | QUOTES | DEPTHS))
    at = draw(st.integers(0, len(frame) - 1))
    if draw(st.booleans()):
        del frame[at : at + draw(st.integers(1, 20))]
    else:
        frame[at] = draw(st.integers(0, 255))
    return bytes(frame)


@st.composite
def books(draw: st.DrawFn) -> list[bytes]:
    """A book as it goes: changes in order, sometimes one missing or twice, a snapshot early on, trades in between."""
    frames = [snapshot("ethusdt", 1)]
    for number in range(draw(st.integers(1, 12))):
        frames += [depth("ethusdt", "ETHUSDT", number, draw(SOUND), draw(SOUND))] * draw(
            st.sampled_from([1, 1, 1, 0, 2])
        )
        frames += draw(st.lists(TRADES | damaged() | st.just(snapshot("ethusdt", number)), max_size=1))
    return frames[1:2] + frames[:1] + frames[2:]


@given(st.lists(TRADES | QUOTES | DEPTHS | damaged(), max_size=60) | books(), st.integers(0, 60))
def test_the_lane_does_what_the_way_through_objects_does(frames: list[bytes], cut_at: int) -> None:
    """Numbers, tape, strategies, what is stirred, told, counted and dropped, over a lost connection too."""
    outcomes = []
    for reader, heard in readers():
        for i, frame in enumerate(frames):
            if i == cut_at:
                reader.on_disconnect([ETH.symbol], T0)
            reader.on_frame(frame, T0 + i)
        outcomes.append(state(reader, heard))
    assert outcomes[0] == outcomes[1]


def test_what_is_held_is_looked_at_with_every_quote_and_trade() -> None:
    """IOTA is held: each of its frames stirs; ETH is not, and its quotes stir nothing."""
    reader, heard = readers()[0]
    for i, (stream, name) in enumerate((("iotausdt", "IOTAUSDT"), ("ethusdt", "ETHUSDT")), 1):
        reader.on_frame(quote(stream, name, i, "0.0001" if i == 1 else "2000.00", "3000.0000"), T0 + i)
    assert heard.notes == [("IOTAUSDT", LOOK, T0 + 1, [0.0] * COUNT)]
    assert heard.markets[ETH.symbol].bid_ticks == 200_000


def test_a_step_that_raises_is_told_and_the_next_frame_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raised to the socket it would cut the stream, and again with every bar."""
    reader, heard = readers()[0]
    error = ZeroDivisionError("division by zero")
    with monkeypatch.context() as broken:
        broken.setattr(express, "take_flat", Mock(side_effect=error))
        reader.on_frame(trade("ethusdt", "ETHUSDT", 1, "2000.00", "1.0", T0 // 10**6, "true"), T0)
    assert heard.notes == [error]
    reader.on_frame(quote("ethusdt", "ETHUSDT", 2, "1999.99", "2000.01"), T0 + 1)
    assert heard.markets[ETH.symbol].bid_ticks == 199_999
