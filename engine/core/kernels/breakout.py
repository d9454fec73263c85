"""The step of the breakout: a close beyond the highest or lowest of the bars before it (Donchian's channel)."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from engine.core.kernels import bars
from engine.core.kernels.extremes import QUEUE, highest_step, lowest_step

CHANNEL = bars.PARAMS
"""Place in the parameter array, behind those of ``kernels.bars``."""
TOP, BOTTOM, SIDE, BEYOND, QUEUES = range(bars.HEAD, bars.HEAD + 5)
"""Places in the state array, behind the bars: the channel, on which side it was left, how far in average ranges."""


def state_size(params: np.ndarray) -> int:
    """Return the length of a state."""
    return QUEUES + 2 * (QUEUE + 2 * int(params[CHANNEL]))


@njit("float64(float64[::1], float64[::1])", cache=True)
def _close_bar(state: np.ndarray, params: np.ndarray) -> float:
    channel = int(params[CHANNEL])
    middle = QUEUES + QUEUE + 2 * channel
    top, bottom, close, atr = state[TOP], state[BOTTOM], state[bars.CLOSE], state[bars.ATR]
    state[TOP] = highest_step(state[QUEUES:middle], channel, state[bars.HIGH])
    state[BOTTOM] = lowest_step(state[middle:], channel, state[bars.LOW])
    if state[bars.BARS] <= channel or not atr > 0.0:
        return 0.0
    beyond = close - top if close > top else close - bottom if close < bottom else 0.0
    if beyond == 0.0:
        if bottom < close < top and (close - bottom - (top - close)) * state[SIDE] < 0.0:
            state[SIDE] = 0.0
        return 0.0
    state[BEYOND] = abs(beyond) / atr
    if beyond * state[SIDE] > 0.0:
        return 0.0
    state[SIDE] = math.copysign(1.0, beyond)
    reach = state[BEYOND] + 0.5
    return math.copysign(reach / (1.0 + reach), beyond)


@njit("float64(float64[::1], float64[::1], int64[::1])", cache=True)
def step(state: np.ndarray, params: np.ndarray, numbers: np.ndarray) -> float:
    """Take the last trade; return the signed confidence when it closes a bar beyond the channel, else 0.

    Confidence is x / (1 + x), with x = 0.5 + how far beyond it closed in average true ranges: a third where it just
    breaks out. It is told once; anew on the other side, or after a close in the channel's other half.
    """
    if not bars.is_over(state, params, numbers):
        return 0.0
    confidence = _close_bar(state, params)
    bars.begin(state, params, numbers)
    return confidence
