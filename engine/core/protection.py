"""Sends the exits of what we hold, once each time that they are due, and says so when one can't leave."""

from __future__ import annotations

from itertools import count
from typing import Final

import msgspec

from engine.core.exits import ExitReason, due_exit
from engine.core.portfolio import RoundTrip
from engine.core.trading import Trading
from engine.core.types import Refusal, Symbol, TradeId

EXIT_AGAIN_NS: Final = 1_000_000_000
"""An exit that did not fill is tried again after this."""
EXIT_REFUSED_NS: Final = 10_000_000_000
"""An exit that the gate refused is tried again after this, and told of again only when the reason is another."""


class _Tried(msgspec.Struct, frozen=True):
    """The last exit that was tried of a symbol."""

    trade_id: TradeId
    again_ns: int
    refused: str
    """The gate's code; empty when it left."""


class Protection:
    """Watches stops and targets; what it sends are reduce-only closes through the gate."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._tried: dict[Symbol, _Tried] = {}

    def look(self, symbol: Symbol) -> bool:
        """Send the exit of a symbol's position if the market has reached it; say whether anything is held."""
        trip = self._trading.portfolio.open.get(symbol)
        if trip is None:
            return False
        if (reason := due_exit(trip, self._trading.markets[symbol])) is not None:
            self._exit(trip, reason)
        return True

    def look_at_all(self) -> None:
        """Do the same for everything that is held."""
        for symbol in tuple(self._trading.portfolio.open):
            self.look(symbol)

    def _exit(self, trip: RoundTrip, reason: ExitReason) -> None:
        trading, symbol = self._trading, trip.instrument.symbol
        tried = self._tried.get(symbol)
        if tried is None or tried.trade_id != trip.trade_id:
            tried = _Tried(trip.trade_id, 0, "")
        if trading.now_ns < tried.again_ns or trading.sellable_lots(symbol) <= 0:
            return  # not yet again; or all of it is being sold already
        cause = self._cause(trip)
        trading.last_hop.cause_in(cause)
        result = trading.submit(trading.reduction(symbol, cause, f"exit:{reason}", 0))
        if not isinstance(result, Refusal):
            self._tried[symbol] = _Tried(trip.trade_id, trading.now_ns + EXIT_AGAIN_NS, "")
            return
        self._tried[symbol] = _Tried(trip.trade_id, trading.now_ns + EXIT_REFUSED_NS, result.code)
        if result.code != tried.refused:
            words = f"The {reason} of {symbol} can't leave: {result}. {result.advice} It is tried again."
            trading.notice("critical", result.code, words)

    def _cause(self, trip: RoundTrip) -> str:
        """Name the next exit of a position: the first number that no order of it bears, earlier runs included."""
        names = (f"exit:{trip.trade_id}:{trip.opened_ns}:{tries}" for tries in count())
        return next(name for name in names if not self._trading.was_ordered(name))
