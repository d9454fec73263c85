"""How far values lie from their mean: standard deviation, Bollinger's bands, realised volatility.

Squares are summed about a centre near the window's mean, which moves there whenever the ring has gone round: squares
of prices themselves lose eight digits at 1e8 ticks, and running sums drift.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

COUNT, CENTRE, TOTAL, SQUARES, RING = range(5)
"""Places in the state of a window; the ring of the last values follows."""
LAST_PRICE = 0
"""Of realised volatility: the price before; a window follows."""


@njit("UniTuple(float64, 2)(float64[::1], int64, float64)", cache=True)
def spread_step(state: np.ndarray, bars: int, value: float) -> tuple[float, float]:
    """Return mean and standard deviation (of the population) of the last ``bars`` values, from the ``bars``-th on."""
    count = int(state[COUNT])
    at = count % bars
    if count == 0:
        state[CENTRE] = value
    if count >= bars:
        gone = state[RING + at] - state[CENTRE]
        state[TOTAL] -= gone
        state[SQUARES] -= gone * gone
    come = value - state[CENTRE]
    state[TOTAL] += come
    state[SQUARES] += come * come
    state[RING + at] = value
    state[COUNT] = count + 1
    if at == bars - 1:
        state[CENTRE] += state[TOTAL] / bars
        total = squares = 0.0
        for i in range(bars):
            away = state[RING + i] - state[CENTRE]
            total += away
            squares += away * away
        state[TOTAL] = total
        state[SQUARES] = squares
    if count + 1 < bars:
        return math.nan, math.nan
    mean = state[TOTAL] / bars
    return state[CENTRE] + mean, math.sqrt(max(state[SQUARES] / bars - mean * mean, 0.0))


@njit("float64(float64[::1], int64, float64)", cache=True)
def volatility_step(state: np.ndarray, bars: int, price: float) -> float:
    """Return the root of the mean squared logarithmic return of the last ``bars`` bars: realised volatility of a bar.

    Of a year of N bars it is the square root of N times that. ``state``: float64 (1 + 5 + bars,).
    """
    before, state[LAST_PRICE] = state[LAST_PRICE], price
    if before <= 0.0:
        return math.nan
    mean, deviation = spread_step(state[1:], bars, math.log(price / before))
    return math.sqrt(mean * mean + deviation * deviation)


@njit("float64[:, ::1](float64[::1], int64, float64)", cache=True)
def bollinger(values: np.ndarray, bars: int, width: float) -> np.ndarray:
    """Return upper band, mean and lower band after each value: float64 (n, 3); ``width`` in standard deviations."""
    state, out = np.zeros(RING + bars), np.empty((len(values), 3))
    for i in range(len(values)):
        mean, deviation = spread_step(state, bars, values[i])
        out[i, 0], out[i, 1], out[i, 2] = mean + width * deviation, mean, mean - width * deviation
    return out


@njit("float64[::1](float64[::1], int64)", cache=True)
def deviation(values: np.ndarray, bars: int) -> np.ndarray:
    """Return the standard deviation after each value: float64 (n,)."""
    state, out = np.zeros(RING + bars), np.empty(len(values))
    for i in range(len(values)):
        out[i] = spread_step(state, bars, values[i])[1]
    return out


@njit("float64[::1](float64[::1], int64)", cache=True)
def volatility(prices: np.ndarray, bars: int) -> np.ndarray:
    """Return the realised volatility after each price: float64 (n,)."""
    state, out = np.zeros(1 + RING + bars), np.empty(len(prices))
    for i in range(len(prices)):
        out[i] = volatility_step(state, bars, prices[i])
    return out
