"""Moving averages: simple, exponential, linearly weighted; MACD. A step takes one value; a batch is the step in a loop.

A step is O(1). Running sums would drift by a rounding error for each value that comes and goes; so they are summed up
anew whenever their ring has gone round, which costs one addition a step. What isn't there yet is NaN.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

COUNT, TOTAL, WEIGHTED, RING = range(4)
"""Places in the state of a window; the ring of the last values follows. EMA keeps its average at ``TOTAL``."""
EMA_SIZE = 2
MACD_SIZE = 3 * EMA_SIZE + 1


@njit("void(float64[::1], int64, float64)", cache=True)
def push(state: np.ndarray, bars: int, value: float) -> None:
    """Take a value into a window: its sum, its weighted sum (the newest counts ``bars`` times), and its ring."""
    count = int(state[COUNT])
    at = count % bars
    state[WEIGHTED] += bars * value - state[TOTAL]
    state[TOTAL] += value - state[RING + at]
    state[RING + at] = value
    state[COUNT] = count + 1
    if at == bars - 1:
        total = weighted = 0.0
        for i in range(bars):
            total += state[RING + i]
            weighted += (i + 1) * state[RING + i]
        state[TOTAL] = total
        state[WEIGHTED] = weighted


@njit("float64(float64[::1], int64, float64)", cache=True)
def sma_step(state: np.ndarray, bars: int, value: float) -> float:
    """Return the mean of the last ``bars`` values, from the ``bars``-th on."""
    push(state, bars, value)
    return state[TOTAL] / bars if state[COUNT] >= bars else math.nan


@njit("float64(float64[::1], int64, float64)", cache=True)
def wma_step(state: np.ndarray, bars: int, value: float) -> float:
    """Return the mean of the last ``bars`` values in which the newest weighs ``bars``, the one before one less."""
    push(state, bars, value)
    return state[WEIGHTED] / (bars * (bars + 1) / 2) if state[COUNT] >= bars else math.nan


@njit("float64(float64[::1], int64, float64)", cache=True)
def ema_step(state: np.ndarray, bars: int, value: float) -> float:
    """Return the exponential average of weight 2 / (bars + 1), which begins with the mean of the first ``bars`` values.

    Source of that beginning: TA-Lib.
    """
    count = state[COUNT] = state[COUNT] + 1.0
    if count <= bars:
        state[TOTAL] += (value - state[TOTAL]) / count
    else:
        state[TOTAL] += (value - state[TOTAL]) * 2.0 / (bars + 1)
    return state[TOTAL] if count >= bars else math.nan


@njit("UniTuple(float64, 3)(float64[::1], int64, int64, int64, float64)", cache=True)
def macd_step(state: np.ndarray, fast: int, slow: int, signal: int, value: float) -> tuple[float, float, float]:
    """Return the fast average less the slow one, the average of that, and their difference.

    The fast average begins late, so that both are there for the first time at the same value. Source: TA-Lib, which
    shows nothing before the signal is there: value ``slow + signal - 1``.
    """
    count = state[3 * EMA_SIZE] = state[3 * EMA_SIZE] + 1.0
    below = ema_step(state[:EMA_SIZE], slow, value)
    if count <= slow - fast:
        return math.nan, math.nan, math.nan
    above = ema_step(state[EMA_SIZE : 2 * EMA_SIZE], fast, value)
    if count < slow:
        return math.nan, math.nan, math.nan
    macd = above - below
    average = ema_step(state[2 * EMA_SIZE : 3 * EMA_SIZE], signal, macd)
    return macd, average, macd - average


@njit("float64[::1](float64[::1], int64)", cache=True)
def sma(values: np.ndarray, bars: int) -> np.ndarray:
    """Return the simple average after each value: float64 (n,)."""
    state, out = np.zeros(RING + bars), np.empty(len(values))
    for i in range(len(values)):
        out[i] = sma_step(state, bars, values[i])
    return out


@njit("float64[::1](float64[::1], int64)", cache=True)
def wma(values: np.ndarray, bars: int) -> np.ndarray:
    """Return the weighted average after each value: float64 (n,)."""
    state, out = np.zeros(RING + bars), np.empty(len(values))
    for i in range(len(values)):
        out[i] = wma_step(state, bars, values[i])
    return out


@njit("float64[::1](float64[::1], int64)", cache=True)
def ema(values: np.ndarray, bars: int) -> np.ndarray:
    """Return the exponential average after each value: float64 (n,)."""
    state, out = np.zeros(EMA_SIZE), np.empty(len(values))
    for i in range(len(values)):
        out[i] = ema_step(state, bars, values[i])
    return out


@njit("float64[:, ::1](float64[::1], int64, int64, int64)", cache=True)
def macd(values: np.ndarray, fast: int, slow: int, signal: int) -> np.ndarray:
    """Return difference, signal and histogram after each value: float64 (n, 3)."""
    state, out = np.zeros(MACD_SIZE), np.empty((len(values), 3))
    for i in range(len(values)):
        out[i, 0], out[i, 1], out[i, 2] = macd_step(state, fast, slow, signal, values[i])
    return out
