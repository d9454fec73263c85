"""One signal and what came of it."""

from __future__ import annotations

from typing import NamedTuple


class Outcome(NamedTuple):
    """A signal to buy, followed to its stop, its target or its horizon, or traded."""

    ts_ns: int
    strategy: str
    score: float
    net_pct: float
    """What it made in percent of what it cost, after fees and spread."""
    horizon_ns: int

    @property
    def is_won(self) -> bool:
        """True where it made money."""
        return self.net_pct > 0.0
