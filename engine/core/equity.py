"""Keeps the peak of what the account is worth, shows it to the breakers, and marks it in the journal now and then."""

from __future__ import annotations

from typing import Final

from engine.core.breakers import Breakers
from engine.core.portfolio import RoundTrip
from engine.core.queries import is_priced
from engine.core.safeguard_records import EquityMarked
from engine.core.trading import Trading

MARK_EVERY_NS: Final = 60_000_000_000
"""Also once a round trip has closed."""


class EquityMarks:
    """Marks only what is known for certain: a restart begins without cash and without prices."""

    def __init__(self, trading: Trading, breakers: Breakers) -> None:
        self._trading = trading
        self._breakers = breakers
        self._marked_ns = 0

    def on_timer(self) -> None:
        """Follow the peak, and mark where it is time to."""
        if self._is_known():
            equity_e8 = self._follow_peak()
            if self._trading.now_ns - self._marked_ns >= MARK_EVERY_NS:
                self._mark(equity_e8)

    def on_closed(self, trip: RoundTrip) -> None:
        """Mark that a round trip has closed."""
        self._breakers.on_closed(trip)
        if self._is_known():
            self._mark(self._follow_peak())

    def _is_known(self) -> bool:
        """Say whether the account was compared, and everything that is held has a bid to be valued at."""
        return self._trading.is_reconciled and is_priced(self._trading)

    def _follow_peak(self) -> int:
        """Raise the peak where the account is worth more, and let the breakers look; return what it is worth."""
        portfolio, equity_e8 = self._trading.portfolio, self._trading.equity_e8()
        portfolio.peak_e8 = max(portfolio.peak_e8, equity_e8)
        self._breakers.on_equity(equity_e8)
        return equity_e8

    def _mark(self, equity_e8: int) -> None:
        portfolio, now_ns = self._trading.portfolio, self._trading.now_ns
        self._marked_ns = now_ns
        self._trading.past.equity.add(now_ns, equity_e8)
        self._trading.write(EquityMarked(equity_e8, portfolio.cash_e8, portfolio.peak_e8, now_ns))
