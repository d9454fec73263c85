"""Raises an alert over a position that neither the exchange nor the engine protects, until one of them does."""

from __future__ import annotations

from typing import Final

import msgspec

from engine.core import queries
from engine.core.portfolio import RoundTrip
from engine.core.resting import is_live
from engine.core.trading import Trading
from engine.core.types import Symbol

NAKED_AFTER_NS: Final = 10_000_000_000
"""A quiet market or a book that is being fetched anew is no alert yet."""
NAKED_AGAIN_NS: Final = 60_000_000_000
"""People are told again of a position that nobody watches after this."""


class _Naked(msgspec.Struct):
    """When people are told next of a position that nobody watches."""

    tell_ns: int
    is_told: bool = False


class NakedWatch:
    """Knows since when nobody watches what."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._naked: dict[Symbol, _Naked] = {}

    def look_at_all(self) -> None:
        """Raise, repeat or end the alert over everything that is held."""
        for symbol in {**dict.fromkeys(self._trading.portfolio.open), **dict.fromkeys(self._naked)}:
            self._look(symbol)

    def _look(self, symbol: Symbol) -> None:
        trading, trip = self._trading, self._trading.portfolio.open.get(symbol)
        if trip is None or self._is_watched(trip):
            ended = self._naked.pop(symbol, None)
            if ended is not None and ended.is_told:
                trading.notice("info", "NAKED_POSITION", f"The position of {symbol} is watched again, or closed.")
            return
        naked = self._naked.setdefault(symbol, _Naked(trading.now_ns + NAKED_AFTER_NS))
        if trading.now_ns >= naked.tell_ns:
            naked.tell_ns, naked.is_told = trading.now_ns + NAKED_AGAIN_NS, True
            why = "its market data is not fresh" if trip.stop_ticks else "it has no stop"
            words = f"Nobody watches the position of {symbol}, or a part of it: too little rests at the exchange, and"
            trading.notice("critical", "NAKED_POSITION", f"{words} {why}. See /status, or close it.")

    def _is_watched(self, trip: RoundTrip) -> bool:
        """Say whether stops over all of it are known to rest, or the engine has a stop and fresh data to watch it."""
        symbol = trip.instrument.symbol
        if trip.stop_ticks and queries.is_fresh(self._trading, symbol):
            return True
        stopped = [part for part in self._trading.resting.parts(symbol) if is_live(part.stop)]
        covered = sum(part.rest_lots for part in stopped)
        return bool(stopped) and covered >= min(trip.lots, trip.instrument.max_qty_lots)
