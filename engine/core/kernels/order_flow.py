"""The step of order-flow momentum: which way aggressors lean, and whether the price follows them."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from engine.core.kernels.market import EXCHANGE_NS, LAST, LAST_LOTS
from engine.core.kernels.told import worth_telling

HALF_LIFE_NS, MIN_TRADES, COOLDOWN_NS, ASK, ACT = range(5)
"""Places in the parameter array."""
LAST_TS, SIGNED, TOTAL, AVERAGE, VARIANCE, TRADES, TOLD = range(7)
"""Places in the state array; ``kernels.told`` has the last two."""


def state_size(params: np.ndarray) -> int:
    """Return the length of a state."""
    return 8


@njit("float64(float64[::1], float64[::1], int64[::1])", cache=True)
def step(state: np.ndarray, params: np.ndarray, numbers: np.ndarray) -> float:
    """Take the last trade; return the signed confidence when the lean enters a higher band than it last told, else 0.

    ``state``: float64 (8,), ``params``: float64 (5,): half-life and cool-down in ns, fewest trades, the two
    thresholds. Confidence is |imbalance| * tanh(|z|), 0 where the two disagree: imbalance is signed over total
    volume, z the price's distance from its average over the last ``min_trades`` in standard deviations.
    A signal is told once for each band that it climbs into, and anew after the cool-down.
    """
    price_ticks, signed_lots, ts_ns = float(numbers[LAST]), float(numbers[LAST_LOTS]), numbers[EXCHANGE_NS]
    elapsed = max(ts_ns - state[LAST_TS], 0.0) if state[TRADES] > 0.0 else 0.0
    keep = math.exp2(-elapsed / params[HALF_LIFE_NS])
    state[LAST_TS] = max(state[LAST_TS], float(ts_ns))
    state[SIGNED] = state[SIGNED] * keep + signed_lots
    state[TOTAL] = state[TOTAL] * keep + abs(signed_lots)
    if state[TRADES] == 0.0:
        state[AVERAGE] = price_ticks
    move = price_ticks - state[AVERAGE]
    weight = 1.0 / min(state[TRADES] + 1.0, params[MIN_TRADES])
    state[AVERAGE] += weight * move
    state[VARIANCE] += weight * (move * move - state[VARIANCE])
    state[TRADES] += 1.0
    if state[TRADES] < params[MIN_TRADES] or state[TOTAL] <= 0.0 or state[VARIANCE] <= 0.0:
        return 0.0
    imbalance = state[SIGNED] / state[TOTAL]
    z = move / math.sqrt(state[VARIANCE])
    confidence = abs(imbalance) * math.tanh(abs(z)) if imbalance * z > 0.0 else 0.0
    signed = math.copysign(confidence, imbalance)
    return worth_telling(state[TOLD:], signed, params[ASK], params[ACT], params[COOLDOWN_NS], ts_ns)
