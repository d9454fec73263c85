"""Entries of people that rest at the exchange at a limit of their own: how long they may, and when they have to go.

They pass the same gate, count as exposure while they may fill, and what fills is protected at once. None outlives a
halt or a restart, because from then on there are no new positions; none fills again after its position was sold.
"""

from __future__ import annotations

from typing import Final

from engine.core.orders import Order
from engine.core.trading import Trading
from engine.core.types import ClientOrderId, OrderState
from engine.core.withdrawals import Withdrawals

DEFAULT_S: Final = 86_400.0
"""So long an entry rests where nobody says how long."""
LONGEST_S: Final = 30 * 86_400.0
_OURS: Final = "command:"
_RESTS: Final = frozenset({OrderState.WORKING, OrderState.PARTIALLY_FILLED})


class Entries:
    """Looks after what rests, ten times a second."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._until_ns: dict[ClientOrderId, int] = {}
        self._withdrawals = Withdrawals(trading)

    def expect(self, name: ClientOrderId, good_s: float | None) -> None:
        """Let an entry that was just approved rest for so long."""
        self._until_ns[name] = self._trading.now_ns + int((DEFAULT_S if good_s is None else good_s) * 1e9)

    def look(self) -> None:
        """Cancel what has to go, and forget what has ended."""
        open_ = [order for order in self._trading.orders.working() if order.is_resting_entry]
        for order in open_:
            if order.approved.cause_id.startswith(_OURS) and order.state in _RESTS and (why := self._why(order)):
                self._cancel(order, why)
        kept = {order.approved.client_order_id for order in open_}
        self._withdrawals.keep(kept)
        if len(kept) < len(self._until_ns):
            self._until_ns = {name: at for name, at in self._until_ns.items() if name in kept}

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
        if self._withdrawals.ask(order):
            words = f"The entry {order.approved.client_order_id} of {order.approved.symbol} at its limit is cancelled"
            self._trading.notice("info", "ENTRY_CANCELLED", f"{words}: {why}.")
