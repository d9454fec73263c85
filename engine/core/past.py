"""What is remembered for people's questions, in bounded memory: candles, equity, refusals, halts and headlines.

Nothing is decided by any of it, and nothing of it is on the way of an order.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.core.kernels.market import TAPE
from engine.core.kernels.tape import CANDLES_SEEN, CLOSE, HIGH, LOW, OPEN, OPEN_NS, VOLUME
from engine.core.market import Market
from engine.core.records import ArmedSet, Refused
from engine.core.safeguard_records import Tripped
from engine.core.story_records import HeadlineHeard
from engine.core.types import Symbol
from engine.wire.answers import HeadlineView

CANDLES_KEPT: Final = 7 * 1_440
"""One-minute candles of a symbol: seven days."""
MARKS_KEPT: Final = 1 << 16
"""Marks of equity: 45 days of minutes. When they are full, the older half is thinned to every other one."""
REFUSALS_KEPT: Final = 500
INCIDENTS_KEPT: Final = 200
HEADLINES_KEPT: Final = 50
_SEEN: Final = TAPE + CANDLES_SEEN
Rows = NDArray[np.int64]


class CandleRing:
    """One symbol's finished one-minute candles, in an array of fixed size; columns as in ``kernels.tape``."""

    def __init__(self) -> None:
        self._rows: Rows = np.zeros((CANDLES_KEPT, 6), np.int64)
        self._written = 0
        self._followed = 0
        """How many of the market's own candles were taken, its current one not counted."""

    def follow(self, market: Market) -> None:
        """Take what the market has finished since; to be called before its own, shorter ring has gone round."""
        seen = int(market.seen[CANDLES_SEEN])
        if seen - 1 > self._followed:
            self._append(market.last_candles(seen - self._followed)[:-1])
            self._followed = seen - 1

    def fill_before(self, rows: Rows) -> None:
        """Put older candles in front: int64, shape (n, 6), oldest first; what overlaps or has no room is left out."""
        known = self.rows()
        if len(known):
            rows = rows[rows[:, OPEN_NS] < known[0, OPEN_NS]]
        room = CANDLES_KEPT - len(known)
        if not len(rows) or not room:
            return
        both = np.concatenate((rows[-room:], known))
        self._rows[: len(both)], self._written = both, len(both)

    def rows(self) -> Rows:
        """Return all, oldest first: int64, shape (n, 6), a copy."""
        kept = min(self._written, CANDLES_KEPT)
        return self._rows[np.arange(self._written - kept, self._written) % CANDLES_KEPT]

    def _append(self, rows: Rows) -> None:
        if self._written:
            newest = self._rows[(self._written - 1) % CANDLES_KEPT, OPEN_NS]
            rows = rows[rows[:, OPEN_NS] > newest]
        self._rows[np.arange(self._written, self._written + len(rows)) % CANDLES_KEPT] = rows
        self._written += len(rows)


class EquitySeries:
    """What the account was worth, as it was marked: one row a minute, and one for each round trip that closed."""

    def __init__(self) -> None:
        self._rows: Rows = np.zeros((MARKS_KEPT, 2), np.int64)
        self._count = 0

    def add(self, ts_ns: int, equity_e8: int) -> None:
        """Append a mark, in 1e-8 of the quote asset."""
        if self._count == MARKS_KEPT:
            half = MARKS_KEPT // 2
            kept = np.concatenate((self._rows[:half:2], self._rows[half:]))
            self._rows[: len(kept)], self._count = kept, len(kept)
        self._rows[self._count] = ts_ns, equity_e8
        self._count += 1

    def to_bytes(self) -> bytes:
        """Return all marks: int64, little-endian, shape (n, 2)."""
        return self._rows[: self._count].astype("<i8").tobytes()

    def put_back(self, marks: bytes) -> None:
        """Take such marks instead of what is here; raises ValueError where they are too many or no whole rows."""
        rows = np.frombuffer(marks, "<i8").reshape(-1, 2)
        self._rows[: len(rows)], self._count = rows, len(rows)

    def since(self, ts_ns: int) -> Rows:
        """Return the marks from a moment on, and the last one before it: int64, shape (n, 2), time and equity."""
        first = int(np.searchsorted(self._rows[: self._count, 0], ts_ns))
        return self._rows[max(first - 1, 0) : self._count].copy()

    def at(self, ts_ns: int) -> int:
        """Return the equity as it was last marked before a moment, or the first mark; 0 without any."""
        rows = self.since(ts_ns)
        return int(rows[0, 1]) if len(rows) else 0


class Past:
    """Everything that is remembered for questions."""

    def __init__(self) -> None:
        self.equity = EquitySeries()
        self.refusals: deque[Refused] = deque(maxlen=REFUSALS_KEPT)
        self.incidents: deque[ArmedSet | Tripped] = deque(maxlen=INCIDENTS_KEPT)
        """Halts, and breakers that tripped, oldest first."""
        self.headlines: deque[HeadlineView] = deque(maxlen=HEADLINES_KEPT)
        self._candles: dict[Symbol, CandleRing] = {}

    def follow(self, market: Market) -> None:
        """Take the candles that a market has finished since the last call; called ten times a second."""
        if market.ints[_SEEN] > 1:
            self.candles(market.instrument.symbol).follow(market)

    def note(self, record: ArmedSet | Tripped) -> None:
        """Remember a halt or a tripped breaker, new or from the journal; that trading was armed is none."""
        if isinstance(record, Tripped) or not record.is_armed:
            self.incidents.append(record)

    def candles(self, symbol: Symbol) -> CandleRing:
        """Return a symbol's candles; their array is made when they are first asked for or come."""
        ring = self._candles.get(symbol)
        if ring is None:
            ring = self._candles[symbol] = CandleRing()
        return ring


def headline_view(heard: HeadlineHeard) -> HeadlineView:
    """Show a headline and what was made of it."""
    item, headline = heard.headline.item, heard.headline
    confidence = abs(headline.score)
    return HeadlineView(item.source, item.title, item.url, heard.verdict, headline.symbols, confidence, heard.ts_ns)


def summed(rows: Rows, bar_ns: int) -> Rows:
    """Sum candles up to longer ones that begin at multiples of ``bar_ns``: int64, shape (n, 6), oldest first."""
    if not len(rows):
        return rows
    opened = rows[:, OPEN_NS] - rows[:, OPEN_NS] % bar_ns
    firsts = np.flatnonzero(np.concatenate(([True], opened[1:] != opened[:-1])))
    lasts = np.concatenate((firsts[1:], [len(rows)])) - 1
    columns = [np.empty(0, np.int64)] * 6
    columns[OPEN_NS], columns[OPEN], columns[CLOSE] = opened[firsts], rows[firsts, OPEN], rows[lasts, CLOSE]
    columns[HIGH] = np.maximum.reduceat(rows[:, HIGH], firsts)
    columns[LOW] = np.minimum.reduceat(rows[:, LOW], firsts)
    columns[VOLUME] = np.add.reduceat(rows[:, VOLUME], firsts)
    return np.stack(columns, axis=1)


def drawdown(equity_e8: NDArray[np.int64]) -> tuple[int, float]:
    """Return the largest fall from the highest so far, in the units given, and that same fall in percent."""
    if not len(equity_e8):
        return 0, 0.0
    peaks = np.maximum.accumulate(equity_e8)
    falls = peaks - equity_e8
    worst = int(np.argmax(falls))
    return int(falls[worst]), 100.0 * float(falls[worst]) / float(max(peaks[worst], 1))
