"""Oscillators: relative strength, stochastic, commodity channel; and directional movement.

A step takes one bar, a batch is the step in a loop. All steps are O(1) but that of the commodity channel: a mean
deviation from a mean that moves has no running sum, so that it looks at each bar of its window. What isn't there yet
is NaN.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from engine.core.kernels import averages
from engine.core.kernels.averages import sma_step
from engine.core.kernels.extremes import QUEUE, highest_step, lowest_step
from engine.core.kernels.ranges import true_range

COUNT, BEFORE, UP, DOWN = range(4)
"""Places in the state of the relative strength, float64 (4,)."""
RSI_SIZE = 4
BARS, HIGH, LOW, CLOSE, PLUS, MINUS, RANGES, INDEX = range(8)
"""Places in the state of directional movement, float64 (8,)."""
ADX_SIZE = 8


@njit("float64(float64[::1], int64, float64)", cache=True)
def rsi_step(state: np.ndarray, bars: int, price: float) -> float:
    """Return Wilder's relative strength index, 0 to 100, from price ``bars + 1`` on; 0 where nothing has moved.

    Source: J. Welles Wilder (1978); it begins with plain means, as TA-Lib does.
    """
    count = state[COUNT] = state[COUNT] + 1.0
    move, state[BEFORE] = price - state[BEFORE], price
    changes = count - 1.0
    if changes < 1.0:
        return math.nan
    weight = 1.0 / min(changes, bars)
    state[UP] += (max(move, 0.0) - state[UP]) * weight
    state[DOWN] += (max(-move, 0.0) - state[DOWN]) * weight
    if changes < bars:
        return math.nan
    both = state[UP] + state[DOWN]
    return 100.0 * state[UP] / both if both > 0.0 else 0.0


@njit("UniTuple(float64, 3)(float64[::1], int64, float64, float64, float64)", cache=True)
def adx_step(state: np.ndarray, bars: int, high: float, low: float, close: float) -> tuple[float, float, float]:
    """Return Wilder's average directional index and the indicators +DI and -DI, each 0 to 100.

    The indicators are there from bar ``bars + 1`` on, the index from ``2 * bars`` on. Source: Wilder (1978); the first
    sums are over ``bars - 1`` bars, as TA-Lib has it.
    """
    count = state[BARS] = state[BARS] + 1.0
    up, down = high - state[HIGH], state[LOW] - low
    reach = true_range(high, low, state[CLOSE])
    state[HIGH], state[LOW], state[CLOSE] = high, low, close
    moves = count - 1.0
    if moves < 1.0:
        return math.nan, math.nan, math.nan
    keep = 1.0 if moves < bars else 1.0 - 1.0 / bars
    state[PLUS] = state[PLUS] * keep + (up if up > 0.0 and up > down else 0.0)
    state[MINUS] = state[MINUS] * keep + (down if down > 0.0 and down > up else 0.0)
    state[RANGES] = state[RANGES] * keep + reach
    if moves < bars:
        return math.nan, math.nan, math.nan
    plus = 100.0 * state[PLUS] / state[RANGES] if state[RANGES] > 0.0 else 0.0
    minus = 100.0 * state[MINUS] / state[RANGES] if state[RANGES] > 0.0 else 0.0
    if moves < 2 * bars:
        state[INDEX] += 100.0 * abs(plus - minus) / (plus + minus) / bars if plus + minus > 0.0 else 0.0
        return (state[INDEX] if moves == 2 * bars - 1 else math.nan), plus, minus
    if plus + minus > 0.0:
        state[INDEX] += (100.0 * abs(plus - minus) / (plus + minus) - state[INDEX]) / bars
    return state[INDEX], plus, minus


@njit("float64(float64[::1], int64, float64, float64, float64)", cache=True)
def cci_step(state: np.ndarray, bars: int, high: float, low: float, close: float) -> float:
    """Return the commodity channel index of the typical price, from bar ``bars`` on; 0 where nothing has moved.

    ``state`` is that of a simple average. Source: Donald Lambert, "Commodity Channel Index" (1980).
    """
    typical = (high + low + close) / 3.0
    mean, away = sma_step(state, bars, typical), 0.0
    if math.isnan(mean):
        return math.nan
    for i in range(bars):
        away += abs(state[averages.RING + i] - mean)
    return (typical - mean) / (0.015 * away / bars) if away > 0.0 else 0.0


@njit("UniTuple(float64, 2)(float64[::1], int64, int64, int64, float64, float64, float64)", cache=True)
def stochastic_step(
    state: np.ndarray, bars: int, smooth: int, signal: int, high: float, low: float, close: float
) -> tuple[float, float]:
    """Return %K, smoothed over ``smooth`` bars, and %D, its mean over ``signal``: 0 to 100; 0 where nothing has moved.

    ``state``: float64, two extremes, two simple averages and a count. Source: George Lane; as TA-Lib's slow one.
    """
    size = QUEUE + 2 * bars
    at = 2 * size
    top = highest_step(state[:size], bars, high)
    bottom = lowest_step(state[size:at], bars, low)
    count = state[-1] = state[-1] + 1.0
    if count < bars:
        return math.nan, math.nan
    raw = 100.0 * (close - bottom) / (top - bottom) if top > bottom else 0.0
    behind = at + averages.RING + smooth
    fast = sma_step(state[at:behind], smooth, raw)
    if math.isnan(fast):
        return math.nan, math.nan
    return fast, sma_step(state[behind : behind + averages.RING + signal], signal, fast)


@njit("float64[::1](float64[::1], int64)", cache=True)
def rsi(prices: np.ndarray, bars: int) -> np.ndarray:
    """Return the relative strength index after each price: float64 (n,)."""
    state, out = np.zeros(RSI_SIZE), np.empty(len(prices))
    for i in range(len(prices)):
        out[i] = rsi_step(state, bars, prices[i])
    return out


@njit("float64[:, ::1](float64[::1], float64[::1], float64[::1], int64)", cache=True)
def adx(high: np.ndarray, low: np.ndarray, close: np.ndarray, bars: int) -> np.ndarray:
    """Return ADX, +DI and -DI after each bar: float64 (n, 3)."""
    state, out = np.zeros(ADX_SIZE), np.empty((len(close), 3))
    for i in range(len(close)):
        out[i, 0], out[i, 1], out[i, 2] = adx_step(state, bars, high[i], low[i], close[i])
    return out


@njit("float64[::1](float64[::1], float64[::1], float64[::1], int64)", cache=True)
def cci(high: np.ndarray, low: np.ndarray, close: np.ndarray, bars: int) -> np.ndarray:
    """Return the commodity channel index after each bar: float64 (n,)."""
    state, out = np.zeros(averages.RING + bars), np.empty(len(close))
    for i in range(len(close)):
        out[i] = cci_step(state, bars, high[i], low[i], close[i])
    return out


@njit("float64[:, ::1](float64[::1], float64[::1], float64[::1], int64, int64, int64)", cache=True)
def stochastic(high: np.ndarray, low: np.ndarray, close: np.ndarray, bars: int, smooth: int, signal: int) -> np.ndarray:
    """Return %K and %D after each bar: float64 (n, 2)."""
    state = np.zeros(2 * (QUEUE + 2 * bars) + 2 * averages.RING + smooth + signal + 1)
    out = np.empty((len(close), 2))
    for i in range(len(close)):
        out[i, 0], out[i, 1] = stochastic_step(state, bars, smooth, signal, high[i], low[i], close[i])
    return out
