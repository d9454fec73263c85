"""Price and volume together: on-balance volume and the volume-weighted average price.

Both are sums that grow for ever, so each carries what rounding took from it (Neumaier's compensated summation).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

BEFORE, BEGUN, TOTAL, LOST = range(4)
"""Places in the state of the on-balance volume, float64 (4,)."""
OBV_SIZE = 4
VWAP_SIZE = 4


@njit("void(float64[::1], float64)", cache=True)
def add(total: np.ndarray, value: float) -> None:
    """Add to a sum and what was lost of it: float64 (2,). Source: A. Neumaier (1974)."""
    after = total[0] + value
    if abs(total[0]) >= abs(value):
        total[1] += (total[0] - after) + value
    else:
        total[1] += (value - after) + total[0]
    total[0] = after


@njit("float64(float64[::1], float64, float64)", cache=True)
def obv_step(state: np.ndarray, price: float, volume: float) -> float:
    """Return the volume of bars that rose less that of bars that fell; the first bar counts as risen, as in TA-Lib."""
    before, state[BEFORE] = state[BEFORE], price
    if state[BEGUN] == 0.0 or price > before:
        add(state[TOTAL:], volume)
    elif price < before:
        add(state[TOTAL:], -volume)
    state[BEGUN] = 1.0
    return state[TOTAL] + state[LOST]


@njit("float64(float64[::1], float64, float64, boolean)", cache=True)
def vwap_step(state: np.ndarray, price: float, volume: float, is_new: bool) -> float:
    """Return the average price by volume since the session began (``is_new``); NaN before anything was traded."""
    if is_new:
        state[:] = 0.0
    add(state[:2], price * volume)
    add(state[2:], volume)
    traded = state[2] + state[3]
    return (state[0] + state[1]) / traded if traded > 0.0 else math.nan


@njit("float64[::1](float64[::1], float64[::1])", cache=True)
def obv(prices: np.ndarray, volumes: np.ndarray) -> np.ndarray:
    """Return the on-balance volume after each bar: float64 (n,)."""
    state, out = np.zeros(OBV_SIZE), np.empty(len(prices))
    for i in range(len(prices)):
        out[i] = obv_step(state, prices[i], volumes[i])
    return out


@njit("float64[::1](float64[::1], float64[::1], boolean[::1])", cache=True)
def vwap(prices: np.ndarray, volumes: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """Return the average price after each bar: float64 (n,); ``begins``: where a session does."""
    state, out = np.zeros(VWAP_SIZE), np.empty(len(prices))
    for i in range(len(prices)):
        out[i] = vwap_step(state, prices[i], volumes[i], begins[i])
    return out
