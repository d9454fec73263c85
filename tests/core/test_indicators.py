"""Indicators: known answers of TA-Lib, slow twins written from their definitions, and a million steps without drift."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from numpy.typing import NDArray

from engine.core.kernels import averages, extremes, oscillators, ranges, spread, volumes

Floats = NDArray[np.float64]


class Bars:
    """Bars as columns, each of which a kernel takes."""

    def __init__(self, rows: Floats) -> None:
        self.high, self.low, self.close, self.volume = (np.ascontiguousarray(rows[:, i]) for i in (1, 2, 3, 4))

    def three(self) -> tuple[Floats, Floats, Floats]:
        return self.high, self.low, self.close


BATCH: dict[str, Callable[[Bars], Floats]] = {
    **{f"SMA_{n}": lambda it, n=n: averages.sma(it.close, n) for n in (5, 10, 20, 50)},
    **{f"EMA_{n}": lambda it, n=n: averages.ema(it.close, n) for n in (5, 10, 20, 50)},
    "WMA_10": lambda it: averages.wma(it.close, 10),
    "RSI_14": lambda it: oscillators.rsi(it.close, 14),
    "ATR_14": lambda it: ranges.atr(*it.three(), 14),
    "ADX_14": lambda it: oscillators.adx(*it.three(), 14)[:, 0],
    "CCI_14": lambda it: oscillators.cci(*it.three(), 14),
    "OBV": lambda it: volumes.obv(it.close, it.volume),
    "STDDEV_20": lambda it: spread.deviation(it.close, 20),
    **{
        f"MACD_12_26_9.{part}": lambda it, i=i: averages.macd(it.close, 12, 26, 9)[:, i]
        for i, part in enumerate(("macd", "signal", "hist"))
    },
    **{
        f"BBANDS_20_2.{part}": lambda it, i=i: spread.bollinger(it.close, 20, 2.0)[:, i]
        for i, part in enumerate(("upper", "middle", "lower"))
    },
    **{
        f"STOCH_14_3_3.{part}": lambda it, i=i: oscillators.stochastic(*it.three(), 14, 3, 3)[:, i]
        for i, part in enumerate(("k", "d"))
    },
}
WARM_UP = {"RSI_14": 14, "ATR_14": 14, "ADX_14": 27, "CCI_14": 13, "OBV": 0, "WMA_10": 9, "STDDEV_20": 19}
"""Bars before the first value; of those that are not here, what TA-Lib has."""


@pytest.fixture(scope="session")
def vectors(shared_data: Path) -> tuple[Bars, dict[str, Floats]]:
    found = json.loads((shared_data / "vectors" / "indicator_vectors_talib.json").read_text())
    flat: dict[str, Floats] = {}
    for name, values in found["outputs"].items():
        parts = {f"{name}.{part}": v for part, v in values.items()} if isinstance(values, dict) else {name: values}
        flat |= {key: np.array([math.nan if v is None else v for v in row]) for key, row in parts.items()}
    return Bars(np.array(found["input"])), flat


@pytest.mark.parametrize("name", BATCH)
def test_indicators_are_talibs(vectors: tuple[Bars, dict[str, Floats]], name: str) -> None:
    """Every value that TA-Lib gives, to 1e-9 of itself, and none missing."""
    bars, known = vectors
    ours, theirs = BATCH[name](bars), known[name]
    there = ~np.isnan(theirs)
    assert there.sum() > 150
    np.testing.assert_allclose(ours[there], theirs[there], rtol=1e-9, atol=1e-9)
    assert int(np.argmax(~np.isnan(ours))) == WARM_UP.get(name, int(np.argmax(~np.isnan(ours))))


def test_every_known_answer_is_asked_for(vectors: tuple[Bars, dict[str, Floats]]) -> None:
    assert set(BATCH) == set(vectors[1])


@pytest.mark.parametrize("name", ["SMA_20", "WMA_10", "EMA_20", "RSI_14", "ATR_14", "CCI_14"])
def test_one_step_at_a_time_is_talibs_as_well(vectors: tuple[Bars, dict[str, Floats]], name: str) -> None:
    """Called from Python for each bar, as a strategy's warm-up does."""
    bars, known = vectors
    n = int(name.split("_")[1])
    state = np.zeros(200)
    by_close = {
        "SMA": averages.sma_step,
        "WMA": averages.wma_step,
        "EMA": averages.ema_step,
        "RSI": oscillators.rsi_step,
    }
    if name[:3] in by_close:
        got = [by_close[name[:3]](state, n, close) for close in bars.close]
    else:
        step = {"ATR": ranges.atr_step, "CCI": oscillators.cci_step}[name[:3]]
        got = [step(state, n, *row) for row in zip(*bars.three(), strict=True)]
    there = ~np.isnan(known[name])
    np.testing.assert_allclose(np.array(got)[there], known[name][there], rtol=1e-9)


# ---------------------------------------------------------------- slow twins


def window(values: Floats, n: int) -> Floats:
    return np.lib.stride_tricks.sliding_window_view(values, n)


WALKS = st.tuples(st.integers(0, 2**32 - 1), st.integers(40, 150), st.integers(2, 20))


def walk(seed: int, length: int) -> Bars:
    chance = np.random.default_rng(seed)
    close = 1000.0 + np.cumsum(chance.normal(0.0, 3.0, length))
    rows = np.zeros((length, 5))
    rows[:, 3] = close
    rows[:, 1] = close + chance.exponential(2.0, length)
    rows[:, 2] = close - chance.exponential(2.0, length)
    rows[:, 4] = chance.integers(0, 50, length)
    return Bars(rows)


@given(WALKS)
@settings(max_examples=60)
def test_windows_are_those_of_numpy(made: tuple[int, int, int]) -> None:
    seed, length, n = made
    bars, weights = walk(seed, length), np.arange(1, n + 1)
    seen = window(bars.close, n)
    expected = {
        "sma": (averages.sma(bars.close, n), seen.mean(1)),
        "wma": (averages.wma(bars.close, n), seen @ weights / weights.sum()),
        "deviation": (spread.deviation(bars.close, n), seen.std(1)),
        "upper": (spread.bollinger(bars.close, n, 2.0)[:, 0], seen.mean(1) + 2.0 * seen.std(1)),
    }
    for ours, twin in expected.values():
        assert np.isnan(ours[: n - 1]).all()
        np.testing.assert_allclose(ours[n - 1 :], twin, rtol=1e-9, atol=1e-7)


@given(WALKS)
@settings(max_examples=60)
def test_oscillators_are_those_of_numpy(made: tuple[int, int, int]) -> None:
    seed, length, n = made
    bars = walk(seed, length)
    typical = (bars.high + bars.low + bars.close) / 3.0
    seen = window(typical, n)
    away = np.abs(seen - seen.mean(1, keepdims=True)).mean(1)
    np.testing.assert_allclose(
        oscillators.cci(*bars.three(), n)[n - 1 :], (seen[:, -1] - seen.mean(1)) / (0.015 * away), rtol=1e-7, atol=1e-7
    )
    top, bottom = window(bars.high, n).max(1), window(bars.low, n).min(1)
    raw = 100.0 * (bars.close[n - 1 :] - bottom) / (top - bottom)
    np.testing.assert_allclose(
        oscillators.stochastic(*bars.three(), n, 3, 2)[n + 1 :, 0], window(raw, 3).mean(1), rtol=1e-9, atol=1e-7
    )
    returns = np.log(bars.close[1:] / bars.close[:-1])
    np.testing.assert_allclose(
        spread.volatility(bars.close, n)[n:], np.sqrt((window(returns, n) ** 2).mean(1)), rtol=1e-9
    )


@given(WALKS)
@settings(max_examples=60)
def test_volume_indicators_are_those_of_numpy(made: tuple[int, int, int]) -> None:
    seed, length, n = made
    bars = walk(seed, length)
    signs = np.concatenate(([1.0], np.sign(np.diff(bars.close))))
    assert volumes.obv(bars.close, bars.volume).tolist() == np.cumsum(signs * bars.volume).tolist()
    begins = np.arange(length) % n == 0
    ours = volumes.vwap(bars.close, bars.volume, begins)
    for i in range(length):
        part = slice(i - i % n, i + 1)
        traded = bars.volume[part].sum()
        assert (
            ours[i] == pytest.approx((bars.close * bars.volume)[part].sum() / traded) if traded else math.isnan(ours[i])
        )


@given(values=st.lists(st.integers(-20, 20), min_size=1, max_size=120), n=st.integers(1, 12))
def test_extremes_are_those_of_the_last_values(values: list[int], n: int) -> None:
    high, low = (np.zeros(extremes.QUEUE + 2 * n) for _ in range(2))
    for i, value in enumerate(values, 1):
        assert extremes.highest_step(high, n, float(value)) == max(values[max(i - n, 0) : i])
        assert extremes.lowest_step(low, n, float(value)) == min(values[max(i - n, 0) : i])


def test_where_nothing_moves_nothing_is_divided_by_nothing() -> None:
    flat = np.full(40, 5.0)
    bars = Bars(np.stack([flat] * 5, axis=1))
    assert oscillators.rsi(flat, 14)[-1] == 0.0
    assert oscillators.cci(*bars.three(), 14)[-1] == 0.0
    assert oscillators.stochastic(*bars.three(), 14, 3, 3)[-1].tolist() == [0.0, 0.0]
    assert oscillators.adx(*bars.three(), 14)[-1].tolist() == [0.0, 0.0, 0.0]
    assert spread.deviation(flat, 20)[-1] == 0.0


# ---------------------------------------------------------------- a million steps


@njit
def worst_drift(values, bars):  # type: ignore[no-untyped-def]
    """The largest error of three running windows against sums made anew, seen at every 997th value."""
    simple, weighted, wide = np.zeros(3 + bars), np.zeros(3 + bars), np.zeros(5 + bars)
    worst = 0.0
    for i in range(len(values)):
        mean = averages.sma_step(simple, bars, values[i])
        heavy = averages.wma_step(weighted, bars, values[i])
        _, deviation = spread.spread_step(wide, bars, values[i])
        if i >= bars and i % 997 == 0:
            total = by_weight = squares = 0.0
            for j in range(bars):
                total += values[i - bars + 1 + j]
                by_weight += (j + 1) * values[i - bars + 1 + j]
            for j in range(bars):
                squares += (values[i - bars + 1 + j] - total / bars) ** 2
            worst = max(worst, abs(mean * bars / total - 1.0), abs(heavy * bars * (bars + 1) / 2 / by_weight - 1.0))
            worst = max(worst, abs(deviation / math.sqrt(squares / bars) - 1.0))
    return worst


def test_a_million_steps_leave_no_drift() -> None:
    """Prices of eight digits that wander: what a plain running sum loses is more than this allows."""
    chance = np.random.default_rng(3)
    prices = 5e7 + np.cumsum(chance.normal(0.0, 50.0, 1_000_000)) + 0.1
    assert worst_drift(prices, 50) < 1e-9
