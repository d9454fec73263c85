"""Bars made from trades, with their average true range: the front part of the state of strategies that decide on bars.

A bar without a trade doesn't exist. Times are compared in integers: a float64 of today's nanoseconds is 256 ns coarse,
but the start of a bar of whole seconds is exact.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from engine.core.kernels import ranges
from engine.core.kernels.market import EXCHANGE_NS, LAST, LAST_LOTS
from engine.core.kernels.ranges import ATR_SIZE, atr_step

BAR_NS, ATR_BARS = range(2)
"""The first two parameters of a strategy that keeps bars: their length, and over how many the range is averaged."""
PARAMS = 2
"""Where its own parameters begin."""
START, OPEN, HIGH, LOW, CLOSE, VOLUME, BARS = range(7)
"""Places in its state: the bar that is being made, prices in ticks and volume in lots; how many were finished."""
ATR = 7 + ranges.AVERAGE
HEAD = 7 + ATR_SIZE
"""Where its own state begins."""


@njit("void(float64[::1], float64[::1], int64[::1])", cache=True)
def begin(state: np.ndarray, params: np.ndarray, numbers: np.ndarray) -> None:
    """Begin a bar with the last trade."""
    ts_ns = numbers[EXCHANGE_NS]
    state[START] = ts_ns - ts_ns % int(params[BAR_NS])
    state[OPEN : CLOSE + 1] = numbers[LAST]
    state[VOLUME] = abs(numbers[LAST_LOTS])


@njit("boolean(float64[::1], float64[::1], int64[::1])", cache=True)
def is_over(state: np.ndarray, params: np.ndarray, numbers: np.ndarray) -> bool:
    """Take the last trade; True when it lies behind the bar, which then is finished and still stands there.

    Whoever gets True looks at the bar and calls ``begin``. A trade from before the bar is counted into it.
    """
    ts_ns, price = numbers[EXCHANGE_NS], float(numbers[LAST])
    if state[START] == 0.0:
        begin(state, params, numbers)
        return False
    if ts_ns - ts_ns % int(params[BAR_NS]) > state[START]:
        state[BARS] += 1.0
        atr_step(state[ATR:HEAD], int(params[ATR_BARS]), state[HIGH], state[LOW], state[CLOSE])
        return True
    state[HIGH] = max(state[HIGH], price)
    state[LOW] = min(state[LOW], price)
    state[CLOSE] = price
    state[VOLUME] += abs(numbers[LAST_LOTS])
    return False
