"""How far a market moves: the average true range of its last finished candles."""

from __future__ import annotations

from engine.core.kernels.tape import CLOSE, HIGH, LOW
from engine.core.market import Market


def true_range_ticks(market: Market, bars: int) -> float:
    """Return the average true range of the last finished one-minute candles, in ticks; 0 where there are too few.

    Each range is the largest of high - low, |high - close before|, |low - close before|.
    Source: J. W. Wilder, "New Concepts in Technical Trading Systems", 1978, here with a plain mean.
    """
    rows = market.last_candles(bars + 2)[:-1]  # the last one is still being made
    if len(rows) < bars + 1:
        return 0.0
    highs, lows, before = rows[1:, HIGH], rows[1:, LOW], rows[:-1, CLOSE]
    ranges = [
        max(int(high) - int(low), abs(int(high) - int(close)), abs(int(low) - int(close)))
        for high, low, close in zip(highs, lows, before, strict=True)
    ]
    return sum(ranges) / len(ranges)
