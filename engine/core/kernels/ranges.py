"""How far prices reach: the average true range of bars.

The step is O(1) for a bar, the batch form nothing but the step in a loop. What is not there yet is NaN.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

AVERAGE, COUNT, CLOSE, SUM = range(4)
"""Places in the state of the average true range, float64 (4,); the average is 0 until it is there."""
ATR_SIZE = 4


@njit("float64(float64, float64, float64)", cache=True)
def true_range(high: float, low: float, close_before: float) -> float:
    """Return how far a bar reached, counted from the close before it."""
    return max(high, close_before) - min(low, close_before)


@njit("float64(float64[::1], int64, float64, float64, float64)", cache=True)
def atr_step(state: np.ndarray, bars: int, high: float, low: float, close: float) -> float:
    """Take a bar; return Wilder's average true range, from bar ``bars + 1`` on.

    It begins with the plain mean of the first ``bars`` ranges. Source: J. Welles Wilder, "New Concepts in Technical
    Trading Systems" (1978); TA-Lib begins in the same way.
    """
    state[COUNT] += 1.0
    ranges = state[COUNT] - 1.0
    if ranges > 0.0:
        reach = true_range(high, low, state[CLOSE])
        if ranges <= bars:
            state[SUM] += reach
            if ranges == bars:
                state[AVERAGE] = state[SUM] / bars
        else:
            state[AVERAGE] = (state[AVERAGE] * (bars - 1) + reach) / bars
    state[CLOSE] = close
    return state[AVERAGE] if ranges >= bars else math.nan


@njit("float64[::1](float64[::1], float64[::1], float64[::1], int64)", cache=True)
def atr(high: np.ndarray, low: np.ndarray, close: np.ndarray, bars: int) -> np.ndarray:
    """Return the average true range after each bar: float64 (n,)."""
    state, out = np.zeros(ATR_SIZE), np.empty(len(close))
    for i in range(len(close)):
        out[i] = atr_step(state, bars, high[i], low[i], close[i])
    return out
