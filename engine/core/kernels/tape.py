"""The last trades and the candles made of them, in rings of fixed size."""

from __future__ import annotations

import numpy as np
from numba import njit

OPEN_NS, OPEN, HIGH, LOW, CLOSE, VOLUME = range(6)
"""Columns of the candle ring: start in ns, prices in ticks, volume in lots."""
TRADES_SEEN, CANDLES_SEEN = range(2)
"""Places in the counter array; the newest row of a ring is ``(seen - 1) % rows``."""


@njit("boolean(int64[:, ::1], int64[:, ::1], int64[::1], int64, int64, int64, int64, int64)", cache=True)
def record_trade(
    trades: np.ndarray,
    candles: np.ndarray,
    seen: np.ndarray,
    price_ticks: int,
    qty_lots: int,
    sign: int,
    ts_ns: int,
    interval_ns: int,
) -> bool:
    """Append a trade and grow the current candle; return True when it began a new candle.

    ``trades``: int64 (rows, 3): price in ticks, lots signed by the aggressor (+ bought), exchange time in ns.
    ``candles``: int64 (rows, 6), see the column constants. ``seen``: int64 (2,). A trade whose time lies before the
    current candle is counted into the current one: venues deliver out of order by milliseconds.
    """
    row = seen[0] % trades.shape[0]
    trades[row, 0] = price_ticks
    trades[row, 1] = sign * qty_lots
    trades[row, 2] = ts_ns
    seen[0] += 1
    start = ts_ns - ts_ns % interval_ns
    current = (seen[1] - 1) % candles.shape[0]
    if seen[1] == 0 or start > candles[current, 0]:
        current = seen[1] % candles.shape[0]
        seen[1] += 1
        candles[current, 0] = start
        candles[current, 1:5] = price_ticks
        candles[current, 5] = qty_lots
        return True
    candles[current, 2] = max(candles[current, 2], price_ticks)
    candles[current, 3] = min(candles[current, 3], price_ticks)
    candles[current, 4] = price_ticks
    candles[current, 5] += qty_lots
    return False
