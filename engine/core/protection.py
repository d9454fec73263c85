"""Sends the exits of what we hold, once each time that they are due, and says so when one can't leave.

What waits at the exchange for the same price goes first. It is given ``LEFT_BEHIND_NS`` to sell: a stop whose limit the
market has jumped over, or a target that nobody took, is then cancelled and sold by us, in one request. Before each
look the stop is moved to where the position's plan wants it by now: this watch uses the exact level.
"""

from __future__ import annotations

from itertools import count
from typing import Final

import msgspec

from engine.core.exits import Exit, due_exit
from engine.core.portfolio import RoundTrip
from engine.core.trading import Trading
from engine.core.trailing import follow
from engine.core.types import Refusal, Symbol, TradeId

EXIT_AGAIN_NS: Final = 1_000_000_000
"""An exit that did not fill is tried again after this."""
LEFT_BEHIND_NS: Final = 2_000_000_000
"""So long an exit that is due is left to the exchange's own stop or target, which would have filled within ms."""
EXIT_REFUSED_NS: Final = 10_000_000_000
"""An exit that the gate refused is tried again after this, and told of again only when the reason is another."""


class _Tried(msgspec.Struct, frozen=True):
    """The last exit that was tried of a symbol for a reason."""

    trade_id: TradeId
    again_ns: int
    refused: str
    """The gate's code; empty when it left."""


class Protection:
    """Watches stops, targets and times; what it sends are reduce-only closes through the gate."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._tried: dict[tuple[Symbol, str], _Tried] = {}
        self._due: dict[Symbol, tuple[str, int]] = {}
        """Which exit is due that the exchange's own protection should have made, and since when."""

    def look(self, symbol: Symbol) -> bool:
        """Send the exit of a symbol's position if the market has reached it; say whether anything is held."""
        trading = self._trading
        trip = trading.portfolio.open.get(symbol)
        if trip is None:
            return False
        market, collar_pct = trading.markets[symbol], 0.0
        if trip.plan is not None:
            follow(trip, trip.plan, market)
            collar_pct = trading.gate.limits_of(symbol).collar_pct
        if (due := due_exit(trip, market, trading.now_ns, collar_pct)) is not None:
            if not self._is_left_to_exchange(symbol, trip, due):
                self._exit(trip, due)
        elif self._due:
            self._due.pop(symbol, None)
        return True

    def look_at_all(self) -> None:
        """Do the same for everything that is held."""
        for symbol in tuple(self._trading.portfolio.open):
            self.look(symbol)

    def _is_left_to_exchange(self, symbol: Symbol, trip: RoundTrip, due: Exit) -> bool:
        """Say whether what rests at the exchange, or may, is to make this exit: not for ever."""
        now_ns = self._trading.now_ns
        if not self._rests_as_near(symbol, trip, due):
            self._due.pop(symbol, None)
            return False
        reason, since_ns = self._due.setdefault(symbol, (due.reason, now_ns))
        if reason != due.reason:
            self._due[symbol], since_ns = (due.reason, now_ns), now_ns
        return now_ns - since_ns < LEFT_BEHIND_NS

    def _rests_as_near(self, symbol: Symbol, trip: RoundTrip, due: Exit) -> bool:
        """Say whether what rests would sell no later than this exit: a stop may have moved since, by trail or entry."""
        parts = self._trading.resting.parts(symbol)
        targets = [part.target.approved.target_ticks for part in parts if part.target is not None]
        if due.lots:
            return any(ticks <= due.ticks for ticks in targets)
        if due.ticks:
            return bool(parts) and len(targets) == len(parts) and max(targets) <= due.ticks
        if due.reason != trip.stop_kind:
            return False  # time is kept by nobody else
        stops = [part.stop.approved.stop_ticks for part in parts if part.stop is not None]
        is_all = len(stops) == len(parts) and not self._trading.offered_lots(symbol)
        return bool(parts) and is_all and min(stops) >= trip.stop_ticks

    def _exit(self, trip: RoundTrip, due: Exit) -> None:
        trading, symbol = self._trading, trip.instrument.symbol
        offered = trading.offered_lots(symbol) if due.ticks else 0  # at a price of somebody's own: no other target
        sellable = trading.sellable_lots(symbol) - offered
        tried = self._tried.get((symbol, due.reason))
        if tried is None or tried.trade_id != trip.trade_id:
            tried = _Tried(trip.trade_id, 0, "")
        if trading.now_ns < tried.again_ns or sellable <= 0 or self._is_under_way(symbol, due):
            return  # not yet again; or it is being sold already
        cause = self._cause(trip)
        trading.last_hop.cause_in(cause)
        whole = min(sellable, trip.instrument.max_qty_lots) if offered else 0
        lots = min(due.lots or whole, sellable)
        result = trading.submit(trading.reduction(symbol, cause, f"exit:{due.reason}", lots))
        if not isinstance(result, Refusal):
            self._tried[symbol, due.reason] = _Tried(trip.trade_id, trading.now_ns + EXIT_AGAIN_NS, "")
            return
        self._tried[symbol, due.reason] = _Tried(trip.trade_id, trading.now_ns + EXIT_REFUSED_NS, result.code)
        if result.code != tried.refused:
            words = f"The {due.reason} of {symbol} can't leave: {result}. {result.advice} It is tried again."
            trading.notice("critical", result.code, words)

    def _is_under_way(self, symbol: Symbol, due: Exit) -> bool:
        """Say whether the sale of a step has not come to its end: what it sells must not be sold once more."""
        trading = self._trading
        return bool(due.lots) and any(
            order.approved.symbol == symbol
            and order.approved.origin == f"exit:{due.reason}"
            and order.approved.client_order_id not in trading.resting
            for order in trading.orders.unsettled()
        )

    def _cause(self, trip: RoundTrip) -> str:
        """Name the next exit of a position: the first number that no order of it bears, earlier runs included."""
        names = (f"exit:{trip.trade_id}:{trip.opened_ns}:{tries}" for tries in count())
        return next(name for name in names if not self._trading.was_ordered(name))
