"""Prices of one symbol by the minute, and what was earned over a horizon from a moment on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.venues.paper.tape.candles import read_candles

Floats: TypeAlias = NDArray[np.float64]
MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
_OLDEST_MS: Final = 5 * MINUTE_MS
"""A minute without a trade has no candle: a price may be so much older, or younger, than the moment it stands for."""


class Prices:
    """The minutes of one symbol, in order."""

    def __init__(self, ts_ms: Sequence[int], opens: Sequence[float], closes: Sequence[float]) -> None:
        """Take the beginning of each minute, its first and its last price."""
        self.ts_ms: NDArray[np.int64] = np.asarray(ts_ms, np.int64)
        self._opens: Floats = np.log(np.asarray(opens, np.float64))
        self._closes: Floats = np.log(np.asarray(closes, np.float64))

    def entry_ms(self, ts_ms: int) -> int | None:
        """Return when the first minute begins that begins after a moment, or None where none does soon."""
        at = int(np.searchsorted(self.ts_ms, ts_ms, side="right"))
        if at == len(self.ts_ms) or self.ts_ms[at] - ts_ms > _OLDEST_MS:
            return None
        return int(self.ts_ms[at])

    def earned(self, entry_ms: int, horizon_ms: int) -> float:
        """Return the log return from the first price at or after ``entry_ms`` to the last within the horizon.

        NaN where there is no price near one of the two.
        """
        first = int(np.searchsorted(self.ts_ms, entry_ms, side="left"))
        last = int(np.searchsorted(self.ts_ms, entry_ms + horizon_ms, side="left")) - 1
        if first >= len(self.ts_ms) or last < first or self.ts_ms[first] - entry_ms > _OLDEST_MS:
            return float("nan")
        if entry_ms + horizon_ms - self.ts_ms[last] - MINUTE_MS > _OLDEST_MS:
            return float("nan")
        return float(self._closes[last] - self._opens[first])

    def usual(self, entry_ms: int, horizon_ms: int) -> float:
        """Return the mean log return over such a horizon of all that came before; NaN with less than a day of it."""
        last = int(np.searchsorted(self.ts_ms, entry_ms, side="left")) - 1
        if last < 0 or entry_ms - self.ts_ms[0] < DAY_MS:
            return float("nan")
        way = self._closes[last] - self._opens[0]
        return float(way * horizon_ms / (entry_ms - self.ts_ms[0]))


def read_prices(path: Path) -> Prices:
    """Read a file of candles (``ts_ms,open,close,high,low,volume``); raises TapeError with the line that is wrong."""
    rows = list(read_candles(path))
    return Prices([row.ts_ms for row in rows], [row.open for row in rows], [row.close for row in rows])
