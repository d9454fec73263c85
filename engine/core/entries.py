"""Entries of people that rest at the exchange at a limit of their own: how long they may, and when they have to go.

They pass the same gate, count as exposure while they may fill, and what fills is protected at once. None outlives a
halt or a restart, because from then on there are no new positions; none fills again after its position was sold.
"""

from __future__ import annotations

from typing import Final

from engine.core.actions import Cancel
from engine.core.orders import Order
from engine.core.trading import Trading
from engine.core.types import ClientOrderId, OrderState

DEFAULT_S: Final = 86_400.0
"""So long an entry rests where nobody says how long."""
LONGEST_S: Final = 30 * 86_400.0
AGAIN_NS: Final = 1_000_000_000
"""A cancel that the venue has not confirmed is asked for again after this."""
_OURS: Final = "command:"
_RESTS: Final = frozenset({OrderState.WORKING, OrderState.PARTIALLY_FILLED})


class Entries:
    """Looks after what rests, ten times a second."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._until_ns: dict[ClientOrderId, int] = {}
        self._asked_ns: dict[ClientOrderId, int] = {}

    def expect(self, name: ClientOrderId, good_s: float | None) -> None:
        """Let an entry that was just approved rest for so long."""
        self._until_ns[name] = self._trading.now_ns + int((DEFAULT_S if good_s is None else good_s) * 1e9)

    def look(self) -> None:
        """Cancel what has to go, and forget what has ended."""
        open_ = [order for order in self._trading.orders.working() if order.is_resting_entry]
        for order in open_:
            if order.approved.cause_id.startswith(_OURS) and order.state in _RESTS and (why := self._why(order)):
                self._cancel(order, why)
        if len(open_) < len(self._until_ns):
            kept = {order.approved.client_order_id for order in open_}
            self._until_ns = {name: at for name, at in self._until_ns.items() if name in kept}
            self._asked_ns = {name: at for name, at in self._asked_ns.items() if name in kept}

    def _why(self, order: Order) -> str:
        """Say why an entry may not rest any longer; empty where it may."""
        trading, approved = self._trading, order.approved
        if not trading.is_armed:
            return f"trading is halted ({trading.halt_reason})"
        if trading.now_ns >= self._until_ns.get(approved.client_order_id, 0):
            return "its time is over"
        if order.filled_lots and approved.symbol not in trading.portfolio.open:
            return "what it had bought was sold again"
        return ""

    def _cancel(self, order: Order, why: str) -> None:
        trading, name = self._trading, order.approved.client_order_id
        asked_ns = self._asked_ns.get(name)
        if asked_ns is not None and trading.now_ns - asked_ns < AGAIN_NS:
            return
        self._asked_ns[name] = trading.now_ns
        trading.do(Cancel(order.approved.symbol, name))
        if asked_ns is None:
            words = f"The entry {name} of {order.approved.symbol} at its limit is cancelled: {why}."
            trading.notice("info", "ENTRY_CANCELLED", words)
