"""The step of the moving-average cross: bars made from trades, two running sums, a confidence at the cross.

Prices are whole ticks, so that the running sums stay exact in float64 for ever and need no recomputation.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from engine.core.kernels.market import EXCHANGE_NS, LAST

BAR_NS, FAST, SLOW = range(3)
"""Places in the parameter array."""
BAR_START, LAST_PRICE, CLOSES, FAST_SUM, SLOW_SUM, SPREAD, VARIANCE = range(7)
"""Places in the state array; the ring of the last ``slow`` closes follows at ``RING``."""
RING = 7


def state_size(params: np.ndarray) -> int:
    """Return the length of a state: 7 + slow."""
    return RING + int(params[SLOW])


@njit("float64(float64[::1], float64[::1], float64)", cache=True)
def _close_bar(state: np.ndarray, params: np.ndarray, close: float) -> float:
    fast, slow = int(params[FAST]), int(params[SLOW])
    bars = int(state[CLOSES])
    if bars > 0:
        move = close - state[RING + (bars - 1) % slow]
        weight = 1.0 / min(bars, slow)
        state[VARIANCE] += weight * (move * move - state[VARIANCE])
    state[SLOW_SUM] += close - (state[RING + bars % slow] if bars >= slow else 0.0)
    state[FAST_SUM] += close - (state[RING + (bars - fast) % slow] if bars >= fast else 0.0)
    state[RING + bars % slow] = close
    state[CLOSES] = bars + 1
    if bars + 1 < slow:
        return 0.0
    before, spread = state[SPREAD], state[FAST_SUM] / fast - state[SLOW_SUM] / slow
    if spread == 0.0:
        return 0.0
    state[SPREAD] = spread
    if bars + 1 == slow or before * spread > 0.0 or state[VARIANCE] <= 0.0:
        return 0.0
    z = abs(spread - before) * math.sqrt(fast) / math.sqrt(state[VARIANCE])
    return math.copysign(z / (1.0 + z), spread)


@njit("float64(float64[::1], float64[::1], int64[::1])", cache=True)
def step(state: np.ndarray, params: np.ndarray, numbers: np.ndarray) -> float:
    """Take the last trade; return the signed confidence of a cross (-1 to 1) when it closes a bar with one, else 0.

    ``state``: float64 (7 + slow,), ``params``: float64 (3,): bar length in ns, fast and slow length in bars.
    Confidence is z / (1 + z), where z is how far the spread of the two averages moved with the crossing bar,
    in standard deviations of a bar's move (exponentially weighted over ``slow`` bars) per sqrt(fast) bars: the cross
    of a drift stands out, the cross of a flat market does not. Averages that only touch have not crossed.
    """
    price_ticks, ts_ns = float(numbers[LAST]), numbers[EXCHANGE_NS]
    start = ts_ns - ts_ns % int(params[BAR_NS])  # in integers: a float64 of today's nanoseconds is 256 ns coarse
    if state[BAR_START] == 0.0:
        state[BAR_START] = start
    if start <= state[BAR_START]:
        state[LAST_PRICE] = price_ticks
        return 0.0
    confidence = _close_bar(state, params, state[LAST_PRICE])
    state[BAR_START] = start
    state[LAST_PRICE] = price_ticks
    return confidence
