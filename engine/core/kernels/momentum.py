"""The step of momentum with volume: the price has gone far for its own restlessness, on more volume than is usual."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from engine.core.kernels import bars
from engine.core.kernels.averages import RING, sma_step
from engine.core.kernels.spread import RING as SPREAD_RING
from engine.core.kernels.spread import volatility_step

LOOKBACK, LONG, VOLUME_RATIO = range(bars.PARAMS, bars.PARAMS + 3)
"""Places in the parameter array, behind those of ``kernels.bars``."""
Z, RATIO, SIDE, CLOSES = range(bars.HEAD, bars.HEAD + 4)
"""Places in the state array, behind the bars; a ring of closes follows, a volatility and an average volume."""


def state_size(params: np.ndarray) -> int:
    """Return the length of a state."""
    lookback, long = int(params[LOOKBACK]), int(params[LONG])
    return CLOSES + lookback + 1 + SPREAD_RING + long + RING + long


@njit("float64(float64[::1], float64[::1])", cache=True)
def _close_bar(state: np.ndarray, params: np.ndarray) -> float:
    lookback, long = int(params[LOOKBACK]), int(params[LONG])
    spread_at = CLOSES + lookback
    volume_at = spread_at + 1 + SPREAD_RING + long
    done = int(state[bars.BARS])
    close, at = state[bars.CLOSE], CLOSES + done % lookback
    before, state[at] = state[at], close
    usual = sma_step(state[volume_at:], long, state[bars.VOLUME])
    volatility = volatility_step(state[spread_at:volume_at], long, close)
    if done <= long or not volatility > 0.0 or not usual > 0.0:
        return 0.0
    z = math.log(close / before) / (volatility * math.sqrt(lookback))
    state[Z], state[RATIO] = z, state[bars.VOLUME] / usual
    strong = abs(z) >= 1.0 and state[RATIO] >= params[VOLUME_RATIO]
    side = math.copysign(1.0, z) if strong else 0.0
    was, state[SIDE] = state[SIDE], side if strong or abs(z) < 0.5 else state[SIDE]
    if not strong or side == was:
        return 0.0
    return math.copysign(abs(z) / (1.0 + abs(z)), z)


@njit("float64(float64[::1], float64[::1], int64[::1])", cache=True)
def step(state: np.ndarray, params: np.ndarray, numbers: np.ndarray) -> float:
    """Take the last trade; return the signed confidence when it closes a bar with which momentum begins, else 0.

    Confidence is |z| / (1 + |z|), where z is the logarithmic move of the last ``LOOKBACK`` bars in realised
    volatilities (over ``LONG`` bars) of so many bars. It begins at |z| >= 1 on a bar of at least ``VOLUME_RATIO`` times
    the usual volume, and is told once: anew after |z| fell below 0.5, or on the other side.
    """
    if not bars.is_over(state, params, numbers):
        return 0.0
    confidence = _close_bar(state, params)
    bars.begin(state, params, numbers)
    return confidence
