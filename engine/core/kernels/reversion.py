"""The step of mean reversion: the price was outside Bollinger's band, its relative strength extreme, and it returns."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from engine.core.kernels import bars
from engine.core.kernels.oscillators import RSI_SIZE, rsi_step
from engine.core.kernels.spread import RING, spread_step

BAND_BARS, WIDTH, RSI_BARS, OVERSOLD = range(bars.PARAMS, bars.PARAMS + 4)
"""Places in the parameter array, behind those of ``kernels.bars``."""
Z, RSI, OUTSIDE, RSI_STATE = range(bars.HEAD, bars.HEAD + 4)
"""Places in the state array, behind the bars; how far outside it was (signed, in deviations), and the indicators."""
BAND_STATE = RSI_STATE + RSI_SIZE


def state_size(params: np.ndarray) -> int:
    """Return the length of a state."""
    return BAND_STATE + RING + int(params[BAND_BARS])


@njit("float64(float64[::1], float64[::1])", cache=True)
def _close_bar(state: np.ndarray, params: np.ndarray) -> float:
    close = state[bars.CLOSE]
    mean, deviation = spread_step(state[BAND_STATE:], int(params[BAND_BARS]), close)
    strength = rsi_step(state[RSI_STATE:BAND_STATE], int(params[RSI_BARS]), close)
    if not deviation > 0.0 or math.isnan(strength):
        return 0.0
    z = (close - mean) / deviation
    extreme = strength <= params[OVERSOLD] if z < 0.0 else strength >= 100.0 - params[OVERSOLD]
    if abs(z) >= params[WIDTH] and extreme:
        if abs(z) > abs(state[OUTSIDE]) or z * state[OUTSIDE] < 0.0:
            state[OUTSIDE] = z
            state[RSI] = strength
        return 0.0
    outside = state[OUTSIDE]
    if outside == 0.0 or abs(z) >= params[WIDTH]:
        return 0.0
    state[Z], state[OUTSIDE] = outside, 0.0
    far = abs(outside) - params[WIDTH] + abs(state[RSI] - 50.0) / 50.0
    return math.copysign(far / (1.0 + far), -outside) if z * outside > 0.0 else 0.0


@njit("float64(float64[::1], float64[::1], int64[::1])", cache=True)
def step(state: np.ndarray, params: np.ndarray, numbers: np.ndarray) -> float:
    """Take the last trade; return the signed confidence when it closes the bar that comes back into the band, else 0.

    Confidence is x / (1 + x), with x = (how far outside the band it was, in standard deviations) + |RSI - 50| / 50 at
    its farthest. Buys come from below. Back on the other side of the mean already, there is nothing left to say.
    """
    if not bars.is_over(state, params, numbers):
        return 0.0
    confidence = _close_bar(state, params)
    bars.begin(state, params, numbers)
    return confidence
