"""Kernels: each against a slow twin that was written from its description, and run once without the compiler."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from core_builders import ETH, S, instrument
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.core.kernels import book, direct, gate, order_flow, sma_cross, tape
from engine.core.kernels.market import EXCHANGE_NS, LAST, LAST_LOTS, TAPE
from engine.core.kernels.told import FLOOR, worth_telling
from engine.core.market import CANDLE_NS, BookSide, Market
from engine.core.types import Candle, Trade

MINUTE = 60 * S
LEVELS = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 5)), max_size=60)
WALKS = st.lists(st.integers(-4, 4), min_size=30, max_size=160)
Ints = NDArray[np.int64]


def last_trade(ts_ns: int, price: float, lots: float = 1.0) -> Ints:
    """A symbol's numbers as they are after a trade."""
    numbers = np.zeros(TAPE, np.int64)
    numbers[LAST], numbers[LAST_LOTS], numbers[EXCHANGE_NS] = int(price), int(lots), ts_ns
    return numbers


def levels_of(rows: list[tuple[int, int]]) -> Ints:
    return np.array(rows, np.int64).reshape(-1, 2)


def twin_of(updates: list[list[tuple[int, int]]]) -> dict[int, int]:
    """A book's side as a dictionary."""
    side: dict[int, int] = {}
    for rows in updates:
        for price, lots in rows:
            side[price] = lots
            if not lots:
                del side[price]
    return side


# ---------------------------------------------------------------- the book


@pytest.mark.parametrize("sign", [1, -1])
@given(updates=st.lists(LEVELS, max_size=8))
def test_a_side_holds_what_a_dictionary_holds_best_price_first(sign: int, updates: list[list[tuple[int, int]]]) -> None:
    side = BookSide(1 if sign == 1 else -1)
    for rows in updates:
        side.apply(levels_of(rows))
    expected = sorted(twin_of(updates).items(), key=lambda row: -sign * row[0])
    assert [tuple(row) for row in side.top(10**6).tolist()] == expected
    assert (side.best_ticks(), side.best_lots()) == (expected[0] if expected else (0, 0))


@given(seed=st.integers(0, 10_000), size=st.integers(1025, 5000))
@settings(max_examples=15)
def test_a_side_that_is_full_grows_and_loses_nothing(seed: int, size: int) -> None:
    chance = np.random.default_rng(seed)
    rows = [(price, int(chance.integers(0, 3))) for price in (chance.permutation(size) + 1).tolist()]
    side = BookSide(1)
    side.apply(levels_of(rows[: size // 2]))
    side.apply(levels_of(rows))
    expected = sorted(twin_of([rows[: size // 2], rows]).items(), reverse=True)
    assert [tuple(row) for row in side.top(10**6).tolist()] == expected
    side.clear()
    assert (side.best_ticks(), side.top(5).shape) == (0, (0, 2))


def test_full_arrays_are_told_and_the_same_levels_apply_again_without_harm() -> None:
    """The kernel fills what fits; applying all of it again to larger arrays ends as if there had been room."""
    rows = levels_of([(5, 1), (5, 0), (3, 1), (4, 2), (6, 3)])
    for apply in (book.apply_levels, book.apply_levels.py_func):
        keys, lots = np.zeros(2, np.int64), np.zeros(2, np.int64)
        assert apply(keys, lots, 0, rows, 1) == -1
        keys, lots = np.concatenate((keys, np.zeros(4, np.int64))), np.concatenate((lots, np.zeros(4, np.int64)))
        assert apply(keys, lots, 2, rows, 1) == 3
        assert (keys[:3].tolist(), lots[:3].tolist()) == ([3, 4, 6], [1, 2, 3])


# ---------------------------------------------------------------- trades and candles


def candles_of(rows: list[tuple[int, int, int]]) -> list[list[int]]:
    """Candles by the book: (time, price, lots) in order of receipt, a late one counted into the current candle."""
    candles: list[list[int]] = []
    for ts_ns, price, lots in rows:
        start = ts_ns // MINUTE * MINUTE
        if not candles or start > candles[-1][0]:
            candles.append([start, price, price, price, price, 0])
        now = candles[-1]
        now[2], now[3], now[4], now[5] = max(now[2], price), min(now[3], price), price, now[5] + lots
    return candles


@given(
    moves=st.lists(
        st.tuples(st.integers(-2 * S, 200 * S), st.integers(1, 9), st.integers(1, 5), st.booleans()), max_size=120
    )
)
def test_trades_and_candles_are_those_of_the_twin(moves: list[tuple[int, int, int, bool]]) -> None:
    market, ts_ns, rows = Market(instrument()), 1_000 * MINUTE, []
    for step_ns, price, lots, is_sell in moves:
        ts_ns += step_ns
        rows.append((ts_ns, price, lots))
        market.on_trade(Trade(ETH, 1, price, lots, is_sell, ts_ns, ts_ns))
    assert market.last_candles(512).tolist() == candles_of(rows)
    expected = [[price, -lots if is_sell else lots] for _, price, lots, is_sell in moves]
    assert market.last_trades(1024)[:, :2].tolist() == expected
    assert market.last_ticks == (moves[-1][1] if moves else 0)
    assert market.first_ticks == (moves[0][1] if moves else 0)


def test_rings_keep_the_newest_rows_and_the_uncompiled_kernel_agrees() -> None:
    outcomes = []
    for record in (tape.record_trade, tape.record_trade.py_func):
        trades, candles, seen = np.zeros((4, 3), np.int64), np.zeros((3, 6), np.int64), np.zeros(2, np.int64)
        new = [record(trades, candles, seen, 10 + i, 2, -1, i * MINUTE // 2, MINUTE) for i in range(11)]
        outcomes.append((new, trades.tolist(), candles.tolist(), seen.tolist()))
    assert outcomes[0] == outcomes[1]
    new, trades_seen, _, seen_counts = outcomes[0]
    assert new == [True, False] * 5 + [True]
    assert seen_counts == [11, 6]
    assert sorted(row[0] for row in trades_seen) == [17, 18, 19, 20]


def test_candles_of_history_stand_before_the_live_ones() -> None:
    market = Market(instrument())
    for i in range(3):
        market.on_candle(Candle(ETH, i * CANDLE_NS, CANDLE_NS, 10, 12, 9, 11, 5))
    market.on_trade(Trade(ETH, 1, 20, 2, False, 3 * CANDLE_NS, 1))
    assert market.last_candles(2).tolist() == [
        [2 * CANDLE_NS, 10, 12, 9, 11, 5],
        [3 * CANDLE_NS, 20, 20, 20, 20, 2],
    ]


# ---------------------------------------------------------------- the moving-average cross


def bars_of(trades: list[tuple[int, float]], bar_ns: int) -> list[tuple[int, float]]:
    """Closed bars: index of the trade that closed each, and its close. Bars without a trade don't exist."""
    bars, start, last = [], trades[0][0] // bar_ns, trades[0][1]
    for i, (ts_ns, price) in enumerate(trades):
        if ts_ns // bar_ns > start:
            bars.append((i, last))
            start = ts_ns // bar_ns
        last = price
    return bars


def crosses_of(trades: list[tuple[int, float]], bar_ns: int, fast: int, slow: int) -> dict[int, float]:
    """The signed confidence of each cross by the index of the trade that closed the bar, in plain NumPy."""
    bars = bars_of(trades, bar_ns)
    closes = np.array([close for _, close in bars])
    variance, side, told = 0.0, 0.0, {}
    for n in range(1, len(bars) + 1):
        if n > 1:
            weight = 1.0 / min(n - 1, slow)
            variance = (1.0 - weight) * variance + weight * (closes[n - 1] - closes[n - 2]) ** 2
        if n < slow:
            continue
        spread = float(np.mean(closes[n - fast : n]) - np.mean(closes[n - slow : n]))
        if abs(spread) < 1e-9:
            continue
        if n > slow and side * spread <= 0.0 and variance > 0.0:
            z = abs(spread - side) * math.sqrt(fast) / math.sqrt(variance)
            told[bars[n - 1][0]] = math.copysign(z / (1.0 + z), spread)
        side = spread
    return told


def run(step: Callable[..., float], state: NDArray[np.float64], params: list[float], trades: list[tuple[int, float]]):
    values = np.array(params)
    spoken = {i: step(state, values, last_trade(ts_ns, price)) for i, (ts_ns, price) in enumerate(trades)}
    return {i: confidence for i, confidence in spoken.items() if confidence}


@given(moves=WALKS, lengths=st.sampled_from([(2, 3), (2, 5), (3, 8), (5, 20)]), gap_s=st.sampled_from([1, 20, 45, 130]))
def test_crosses_are_those_of_the_twin(moves: list[int], lengths: tuple[int, int], gap_s: int) -> None:
    fast, slow = lengths
    prices = 1000 + np.cumsum(moves)
    trades = [(1_700_000_000 * S + i * gap_s * S, float(price)) for i, price in enumerate(prices)]
    spoken = run(sma_cross.step, np.zeros(sma_cross.RING + slow), [60e9, fast, slow], trades)
    expected = crosses_of(trades, MINUTE, fast, slow)
    assert spoken.keys() == expected.keys()
    assert all(abs(spoken[i] - expected[i]) < 1e-9 and abs(spoken[i]) < 1.0 for i in expected)


def test_a_cross_is_told_on_the_side_to_which_the_averages_crossed() -> None:
    closes = [10.0] * 4 + [9.0, 8.0, 7.0] + [9.0, 12.0, 15.0]
    trades = [((1000 + i) * MINUTE, close) for i, close in enumerate([*closes, 15.0])]
    spoken = run(sma_cross.step, np.zeros(sma_cross.RING + 4), [60e9, 2, 4], trades)
    signs = [math.copysign(1, confidence) for confidence in spoken.values()]
    assert signs == [-1.0, 1.0]


def test_averages_that_touch_and_part_again_have_not_crossed() -> None:
    """The fast average comes down to the slow one, equals it for a bar, and rises again: nothing to tell."""
    closes = [10.0, 10.0, 10.0, 12.0, 12.0, 10.0, 14.0, 16.0, 16.0]
    spreads = [np.mean(closes[n - 2 : n]) - np.mean(closes[n - 4 : n]) for n in range(4, len(closes) + 1)]
    assert min(spreads) == 0.0
    assert all(spread >= 0.0 for spread in spreads)
    trades = [((1000 + i) * MINUTE, close) for i, close in enumerate([*closes, 16.0])]
    assert run(sma_cross.step, np.zeros(sma_cross.RING + 4), [60e9, 2, 4], trades) == {}


def test_a_bar_ends_at_its_last_nanosecond() -> None:
    """A float64 of today's nanoseconds is 256 ns coarse: counted in floats, this trade would fall into the next bar."""
    start = 1_700_000_040 * S
    assert float(start + MINUTE - 1) == float(start + MINUTE)
    state, params = np.zeros(sma_cross.RING + 3), np.array([60e9, 2.0, 3.0])
    sma_cross.step(state, params, last_trade(start + MINUTE - 1, 100.0))
    assert state[sma_cross.BAR_START] == start
    sma_cross.step(state, params, last_trade(start + MINUTE, 101.0))
    assert (state[sma_cross.BAR_START], state[sma_cross.CLOSES]) == (start + MINUTE, 1.0)


def test_running_sums_stay_exact() -> None:
    """Whole ticks in float64: after 20,000 bars the sums are still those of the last closes to the last bit."""
    chance, state = np.random.default_rng(1), np.zeros(sma_cross.RING + 20)
    params, prices = np.array([1e9, 5.0, 20.0]), chance.integers(1, 10**9, 20_001)
    for i, price in enumerate(prices):
        sma_cross.step(state, params, last_trade(i * S, price))
    assert state[sma_cross.SLOW_SUM] == float(prices[-21:-1].sum())
    assert state[sma_cross.FAST_SUM] == float(prices[-6:-1].sum())


def test_the_uncompiled_cross_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    prices = 1000 + np.cumsum(np.random.default_rng(2).integers(-3, 4, 300))
    trades = [((1000 + i) * MINUTE, float(price)) for i, price in enumerate(prices)]
    params = [60e9, 3, 8]
    compiled = run(sma_cross.step, np.zeros(sma_cross.RING + 8), params, trades)
    monkeypatch.setattr(sma_cross, "_close_bar", sma_cross._close_bar.py_func)
    assert run(sma_cross.step.py_func, np.zeros(sma_cross.RING + 8), params, trades) == pytest.approx(compiled)
    assert compiled


# ---------------------------------------------------------------- order flow


def flow_of(rows: list[tuple[int, float, float]], half_life_ns: float, fewest: int) -> list[float]:
    """Signed confidence after each trade (time, price, signed lots), each computed anew from all of them."""
    spoken, average, variance = [], 0.0, 0.0
    for n in range(1, len(rows) + 1):
        ts, prices, lots = (np.array(column[:n], float) for column in zip(*rows, strict=True))
        decay = 0.5 ** ((ts[-1] - ts) / half_life_ns)
        signed, total = float((lots * decay).sum()), float((abs(lots) * decay).sum())
        average = prices[0] if n == 1 else average
        move, weight = prices[-1] - average, 1.0 / min(n, fewest)
        average, variance = average + weight * move, variance + weight * (move * move - variance)
        confidence = 0.0
        if n >= fewest and total > 0.0 and variance > 0.0 and signed * move > 0.0:
            confidence = math.copysign(abs(signed / total) * math.tanh(abs(move) / math.sqrt(variance)), signed)
        spoken.append(confidence)
    return spoken


def told_of(spoken: list[float], times: list[int], cooldown_ns: float, ask: float, act: float) -> dict[int, float]:
    """Which of them are told: each on entering a higher band than was told last, anew after the cool-down."""
    level, since, told = 0, 0, {}
    for i, (confidence, ts_ns) in enumerate(zip(spoken, times, strict=True)):
        if ts_ns - since > cooldown_ns:
            level = 0
        band = sum(abs(confidence) >= edge for edge in (FLOOR, ask, act))
        if band > level:
            level, since, told[i] = band, ts_ns, confidence
    return told


FLOWS = st.lists(st.tuples(st.integers(0, 20), st.integers(-5, 5), st.integers(-9, 9)), min_size=5, max_size=80)


@given(moves=FLOWS)
def test_order_flow_is_that_of_the_twin(moves: list[tuple[int, int, int]]) -> None:
    times = (1_000 * S + np.cumsum([move[0] for move in moves]) * S).tolist()
    prices = (1000 + np.cumsum([move[1] for move in moves])).tolist()
    rows = [(ts, float(price), float(move[2])) for ts, price, move in zip(times, prices, moves, strict=True)]
    state, params = np.zeros(order_flow.state_size(np.zeros(5))), np.array([10e9, 5.0, 30e9, 0.4, 0.6])
    spoken = {
        i: order_flow.step(state, params, last_trade(ts, price, lots)) for i, (ts, price, lots) in enumerate(rows)
    }
    twin = flow_of(rows, 10e9, 5)
    edges = (FLOOR, 0.4, 0.6)
    if any(abs(abs(confidence) - edge) < 1e-9 for confidence in twin for edge in edges):
        return  # on an edge, the two orders of summation may fall to either side
    expected = told_of(twin, times, 30e9, 0.4, 0.6)
    assert {i: pytest.approx(c, abs=1e-9) for i, c in expected.items()} == {i: c for i, c in spoken.items() if c}


def leaning(trades: int, side: int, first_s: int = 1_000) -> list[tuple[int, float, float]]:
    return [((first_s + i) * S, 1000.0 + side * i, float(side * 5)) for i in range(trades)]


def spoken_of(step: Callable[..., float], rows: list[tuple[int, float, float]], params: list[float]) -> list[float]:
    state, values = np.zeros(order_flow.state_size(np.zeros(5))), np.array(params)
    return [step(state, values, last_trade(ts, price, lots)) for ts, price, lots in rows]


@given(side=st.sampled_from([1, -1]), trades=st.integers(6, 60))
def test_a_lean_is_told_once_a_band_and_never_against_the_flow(side: int, trades: int) -> None:
    spoken = [c for c in spoken_of(order_flow.step, leaning(trades, side), [10e9, 5.0, 1e12, 0.4, 0.6]) if c]
    assert 1 <= len(spoken) <= 3
    assert all(0.0 < side * c <= 1.0 for c in spoken)


def test_a_told_lean_is_told_again_after_the_cool_down_and_not_before() -> None:
    rows = leaning(40, 1)
    told = [i for i, c in enumerate(spoken_of(order_flow.step, rows, [10e9, 5.0, 10e9, 0.4, 0.6])) if c]
    assert len(told) > 2
    assert all(after - before > 10 for before, after in pairwise(told[1:]))


def test_flow_against_the_price_says_nothing() -> None:
    rows = [(ts, price, -lots) for ts, price, lots in leaning(60, 1)]
    assert not any(spoken_of(order_flow.step, rows, [10e9, 5.0, 10e9, 0.4, 0.6]))


def test_the_uncompiled_flow_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, params = leaning(60, -1), [10e9, 5.0, 10e9, 0.4, 0.6]
    compiled = spoken_of(order_flow.step, rows, params)
    monkeypatch.setattr(order_flow, "worth_telling", worth_telling.py_func)
    assert spoken_of(order_flow.step.py_func, rows, params) == pytest.approx(compiled)


def test_kernels_take_nothing_but_their_one_signature() -> None:
    """A stray dtype must fail at once instead of compiling for a fifth of a second in the middle of trading."""
    with pytest.raises(TypeError):
        sma_cross.step(np.zeros(10, np.float32), np.zeros(3), last_trade(1, 1.0))
    kernels = (book.apply_levels, tape.record_trade, sma_cross.step, order_flow.step)
    assert [len(kernel.signatures) for kernel in kernels] == [1, 1, 1, 1]


def test_a_kernel_called_directly_answers_as_by_numbas_own_way() -> None:
    """The same machine code, no array, too large or too few refused; uncompiled, the function itself."""
    numbers, limits = Market(instrument()).numbers, np.array([5.0, 20.0, 80.0, 2.0, 1e9, 5.0, 0.5, 0.1, 500.0])
    straight = direct(gate.collar)
    for last in (1, 268_000, 10**9):
        numbers[LAST] = last
        for side in (1, -1):
            assert straight(numbers, limits, side) == gate.collar(numbers, limits, side)
    for wrong in ((None, limits, 1), (numbers, limits, 1 << 64), (numbers, limits)):
        with pytest.raises((TypeError, OverflowError)):
            straight(*wrong)
    assert direct(gate.collar.py_func) is gate.collar.py_func
