"""Sends the exits of what we hold, once each time that they are due, and says so when one can't leave.

What waits at the exchange for the same price goes first. It is given ``LEFT_BEHIND_NS`` to sell: a stop whose limit the
market has jumped over, or a target that nobody took, is then cancelled and sold by us, in one request.
"""

from __future__ import annotations

from itertools import count
from typing import Final

import msgspec

from engine.core.exits import ExitReason, due_exit
from engine.core.portfolio import RoundTrip
from engine.core.resting import is_stop
from engine.core.trading import Trading
from engine.core.types import ApprovedOrder, Refusal, Symbol, TradeId

EXIT_AGAIN_NS: Final = 1_000_000_000
"""An exit that did not fill is tried again after this."""
LEFT_BEHIND_NS: Final = 2_000_000_000
"""So long an exit that is due is left to the exchange's own stop or target, which would have filled within ms."""
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
        self._due_ns: dict[Symbol, int] = {}
        """Since when an exit is due that the exchange's own protection should have made."""

    def look(self, symbol: Symbol) -> bool:
        """Send the exit of a symbol's position if the market has reached it; say whether anything is held."""
        trip = self._trading.portfolio.open.get(symbol)
        if trip is None:
            return False
        if (reason := due_exit(trip, self._trading.markets[symbol])) is not None:
            if not self._is_left_to_exchange(symbol, trip, reason):
                self._exit(trip, reason)
        elif self._due_ns:
            self._due_ns.pop(symbol, None)
        return True

    def look_at_all(self) -> None:
        """Do the same for everything that is held."""
        for symbol in tuple(self._trading.portfolio.open):
            self.look(symbol)

    def _is_left_to_exchange(self, symbol: Symbol, trip: RoundTrip, reason: ExitReason) -> bool:
        """Say whether what rests at the exchange, or may, is to make this exit: not for ever."""
        trading = self._trading
        leg = trading.resting.stop(symbol) if reason == "stop_loss" else trading.resting.target(symbol)
        if leg is None or not _is_as_near(leg.approved, trip):
            self._due_ns.pop(symbol, None)
            return False
        return trading.now_ns - self._due_ns.setdefault(symbol, trading.now_ns) < LEFT_BEHIND_NS

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


def _is_as_near(leg: ApprovedOrder, trip: RoundTrip) -> bool:
    """Say whether what rests would sell no later than the trip's own levels say: a later entry may have moved them."""
    return leg.stop_ticks >= trip.stop_ticks if is_stop(leg) else leg.target_ticks <= trip.target_ticks
