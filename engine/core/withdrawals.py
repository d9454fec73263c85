"""Orders that have to go: their cancel is asked for once a second, until the venue has confirmed it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from engine.core.actions import Cancel
from engine.core.orders import Order
from engine.core.trading import Trading
from engine.core.types import ClientOrderId

AGAIN_NS: Final = 1_000_000_000
"""A cancel that the venue has not confirmed is asked for again after this."""


class Withdrawals:
    """Remembers for which orders a cancel was asked, and when."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._asked_ns: dict[ClientOrderId, int] = {}

    def ask(self, order: Order) -> bool:
        """Ask for an order's cancel, unless that was done within the last second; True the first time."""
        name, now_ns = order.approved.client_order_id, self._trading.now_ns
        asked_ns = self._asked_ns.get(name)
        if asked_ns is None or now_ns - asked_ns >= AGAIN_NS:
            self._asked_ns[name] = now_ns
            self._trading.do(Cancel(order.approved.symbol, name))
        return asked_ns is None

    def keep(self, names: Collection[ClientOrderId]) -> None:
        """Forget all but these, which are still open."""
        if len(self._asked_ns) > len(names):
            self._asked_ns = {name: at for name, at in self._asked_ns.items() if name in names}
