"""Every technical strategy says the same live, in replay and in a compiled loop, and goes on from a saved state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from core_builders import ETH, T0, S, instrument
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from numpy.typing import NDArray

from engine.core.config import OrderFlow, SmaCross, Strategies
from engine.core.instrument import Instrument
from engine.core.kernels.market import MINDS, SAID, TAPE, new_numbers, take_quote, take_trade
from engine.core.market import Market
from engine.core.strategies.technical.book_pressure import BookPressure
from engine.core.strategies.technical.breakout import Breakout
from engine.core.strategies.technical.composite import Composite
from engine.core.strategies.technical.crew import Crew
from engine.core.strategies.technical.momentum import Momentum
from engine.core.strategies.technical.reversion import Reversion
from engine.core.strategies.technical.stepping import COUNT, KERNELS, after_quote, after_trade
from engine.core.types import BookUpdate, Candle, Quote, Signal, Symbol, Trade
from engine.venues.binance.express import ExpressReader
from engine.venues.binance.reader import MarketReader
from engine.venues.paper.tape.recording import read_recording

Ints = NDArray[np.int64]
EAGER = Strategies(
    sma_cross=SmaCross(bar_s=5, fast=2, slow=5),
    order_flow=OrderFlow(min_trades=5, ask=0.3, act=0.5, cooldown_s=1.0),
    momentum=Momentum(bar_s=5, lookback=2, long=10, volume_ratio=1.0, atr_bars=5),
    reversion=Reversion(bar_s=5, band_bars=10, width=1.5, rsi_bars=5, oversold=40.0, atr_bars=5),
    breakout=Breakout(bar_s=5, channel=5, atr_bars=5),
    book_pressure=BookPressure(min_quotes=20, ask=0.6, act=0.8, cooldown_s=1.0),
    composite=Composite(ask=0.1, act=0.2, cooldown_s=1.0),
)
CREW = Crew(EAGER)
NAMES = [placed.name for placed in CREW]
TRADE, QUOTE = 0, 1


def market_of(it: Instrument) -> Market:
    """A market that every strategy follows."""
    market = Market(it, CREW.size)
    CREW.follow(market, lambda name: True)
    return market


class Listener:
    """A core that only listens: keeps every signal, and every event as a row of numbers."""

    def __init__(self, it: Instrument, *, is_express: bool) -> None:
        self.market = market_of(it)
        self.signals: list[Signal] = []
        self.rows: list[tuple[int, ...]] = []
        self._is_express = is_express

    @property
    def express(self) -> dict[Symbol, Market] | None:
        return {self.market.instrument.symbol: self.market} if self._is_express else None

    def on_stirred(self, market: Market, stirred: int, ts_recv_ns: int) -> None:
        self.signals += [placed.signal(market) for placed in CREW.speakers[stirred]]

    def on_trade(self, trade: Trade) -> None:
        self.market.on_trade(trade)
        t = trade
        self.rows.append(
            (TRADE, t.fill_id, t.price_ticks, t.qty_lots, t.is_buyer_maker, t.ts_exchange_ns, t.ts_recv_ns)
        )
        self.on_stirred(self.market, after_trade(self.market.numbers), t.ts_recv_ns)

    def on_quote(self, quote: Quote) -> None:
        self.market.on_quote(quote)
        q = quote
        self.rows.append((QUOTE, q.bid_ticks, q.bid_lots, q.ask_ticks, q.ask_lots, q.ts_recv_ns, 0))
        self.on_stirred(self.market, after_quote(self.market.numbers), q.ts_recv_ns)

    def on_book(self, update: BookUpdate) -> None:
        self.market.on_book(update)

    def on_book_lost(self, symbol: Symbol, reason: str, ts_recv_ns: int) -> None:
        raise AssertionError(reason)

    on_bad_frame = on_book_lost  # type: ignore[assignment]


@njit
def in_a_loop(step, state, params, head, minds, saids, rows, kind, hears_both):  # type: ignore[no-untyped-def]
    """Run one strategy's step over all events; return what it said after each."""
    said = np.zeros(len(rows))
    for i in range(len(rows)):
        row = rows[i]
        if row[0] == 0:
            take_trade(head, row[1], row[2], row[3], row[4] != 0, row[5], row[6])
        else:
            take_quote(head, row[1], row[2], row[3], row[4], row[5])
        if hears_both:
            head[SAID] = saids[i]
            for j in range(minds.shape[1]):
                head[MINDS:].view(np.float64)[j] = minds[i, j]
        if hears_both or row[0] == kind:
            said[i] = step(state, params, head)
    return said


def looped(rows: list[tuple[int, ...]]) -> dict[str, NDArray[np.float64]]:
    """What each strategy says after each event, each in a compiled loop of its own; the composite hears the others."""
    events = np.array(rows, np.int64).reshape(-1, 7)
    said: dict[str, NDArray[np.float64]] = {}
    for i, placed in enumerate(CREW):
        kernel, params = KERNELS[i], np.array(placed.strategy.params(), np.float64)
        is_last = placed.name == "composite"
        minds = np.stack([*said.values()], axis=1) if is_last else np.zeros((len(events), 0))
        bits = sum((minds[:, j] != 0.0).astype(np.int64) << (j + 1) for j in range(minds.shape[1])) + np.zeros(
            len(events), np.int64
        )
        kind = QUOTE if "quotes" in placed.strategy.hears else TRADE
        state = np.zeros(kernel.state_size(params))
        said[placed.name] = in_a_loop(
            kernel.step, state, params, new_numbers(COUNT), minds, bits, events, kind, is_last
        )
    return said


def confidences(listener: Listener, name: str) -> list[float]:
    return [signal.side * signal.confidence for signal in listener.signals if signal.strategy == name]


ETH_OF_1_CENT: Final = Instrument(
    Symbol("ETHUSDT"), "ETH", "USDT", 1_000_000, 10_000, 1, 9 * 10**10, 500_000_000, 0, 1, 10**8, True
)


@pytest.fixture(scope="module")
def heard(eth_recording: Path) -> tuple[Listener, Listener]:
    """The recording heard live, by the express lane, and in replay, through objects."""
    it = ETH_OF_1_CENT
    live, replay = Listener(it, is_express=True), Listener(it, is_express=False)
    assert live.express is not None
    readers = (
        ExpressReader(live.express, live, lambda symbol: None),  # type: ignore[arg-type]
        MarketReader((it,), replay, lambda symbol: None),  # type: ignore[arg-type]
    )
    for frame in read_recording(eth_recording):
        for reader in readers:
            reader.on_frame(frame.data, frame.ts_recv_ns)
    return live, replay


def test_live_and_replay_give_the_same_signals_on_the_recording(heard: tuple[Listener, Listener]) -> None:
    live, replay = heard
    assert len(live.signals) > 100
    assert {signal.strategy for signal in live.signals} == set(NAMES)
    assert live.signals == replay.signals


@pytest.mark.parametrize("name", NAMES)
def test_a_compiled_loop_says_the_same_on_the_recording(heard: tuple[Listener, Listener], name: str) -> None:
    live, replay = heard
    said = looped(replay.rows)[name]
    assert said[said != 0.0].tolist() == confidences(live, name)


@st.composite
def tapes(draw: st.DrawFn) -> list[Trade | Quote]:
    """Trades and quotes around a price that wanders."""
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    price, ts_ns, made = 100_000, T0, list[Trade | Quote]()
    for i in range(draw(st.integers(0, 800))):
        ts_ns += int(chance.integers(0, 3 * S))
        price += int(chance.normal(0.0, 60.0))
        lots, others = int(chance.integers(1, 50)), int(chance.integers(1, 50))
        if chance.random() < 0.5:
            made.append(Trade(ETH, i + 1, price, lots, bool(chance.random() < 0.5), ts_ns, ts_ns))
        else:
            made.append(Quote(ETH, i + 1, price - 1, lots, price + 1, others, ts_ns))
    return made


def hear(listener: Listener, tape: list[Trade | Quote]) -> Listener:
    for event in tape:
        listener.on_trade(event) if isinstance(event, Trade) else listener.on_quote(event)
    return listener


@given(tapes())
@settings(max_examples=30)
def test_a_compiled_loop_says_the_same_on_any_tape(tape: list[Trade | Quote]) -> None:
    listener = hear(Listener(instrument(), is_express=False), tape)
    for name, said in looped(listener.rows).items():
        assert said[said != 0.0].tolist() == confidences(listener, name)


@given(tapes(), st.integers(0, 800))
@settings(max_examples=30)
def test_a_state_that_was_saved_goes_on_where_it_was(tape: list[Trade | Quote], at: int) -> None:
    """A copy of a strategy's part of the array is all of its state."""
    whole, first, second = (Listener(instrument(), is_express=False) for _ in range(3))
    hear(whole, tape)
    hear(first, tape[:at])
    second.market.numbers[:TAPE] = first.market.numbers[:TAPE]
    CREW.follow(second.market, lambda name: True)
    for placed in CREW:
        second.market.minds[placed.state] = first.market.minds[placed.state].copy()
    hear(second, tape[at:])
    assert whole.signals == first.signals + second.signals


def candles_of(tape: list[Trade | Quote]) -> Iterator[Candle]:
    market: Any = Market(instrument())
    for event in tape:
        if isinstance(event, Trade):
            market.on_trade(event)
    for row in market.last_candles(512).tolist():
        yield Candle(ETH, row[0], 60 * S, *row[1:])


@given(tapes())
@settings(max_examples=20)
def test_candles_warm_up_as_the_trades_that_they_were_made_of(tape: list[Trade | Quote]) -> None:
    """Bars of a minute made from candles are the bars made from trades, with range, volume and every indicator."""
    crew = Crew(Strategies(momentum=Momentum(long=10, lookback=3), breakout=Breakout(channel=5)))
    live, warmed = (Market(instrument(), crew.size) for _ in range(2))
    for market in (live, warmed):
        crew.follow(market, lambda name: True)
    for event in tape:
        if isinstance(event, Trade):
            live.on_trade(event)
            after_trade(live.numbers)
    for candle in candles_of(tape):
        crew.on_candle(candle, warmed)
    for name in ("sma_cross", "momentum", "reversion", "breakout"):
        state = crew[name].state
        assert live.minds[state].tolist() == warmed.minds[state].tolist()
