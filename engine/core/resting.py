"""Which protection of what we hold is at the exchange, or may be: the orders that wait there for a stop or a target.

A stop and its target share what they sell, and make way for every other sale (``Replace``). So what they hold is still
sellable; only what they have sold for certain, its report not having come, is not.
"""

from __future__ import annotations

from typing import Final

from engine.core.orders import Order
from engine.core.types import ApprovedOrder, ClientOrderId, OrderState, OrderType, Symbol

PROTECTION: Final = "protection:"
"""Every cause of a protective order begins so: a restart knows them by it."""
_LIVE: Final = frozenset({OrderState.WORKING, OrderState.PARTIALLY_FILLED})


class Resting:
    """The protective orders of each symbol that have not come to their end, as far as is known."""

    def __init__(self) -> None:
        self._legs: dict[Symbol, list[Order]] = {}
        self._names: set[ClientOrderId] = set()

    def adopt(self, order: Order) -> None:
        """Take an order that was just opened, if it is a protective one."""
        approved = order.approved
        if approved.cause_id.startswith(PROTECTION):
            self._names.add(approved.client_order_id)
            self._legs.setdefault(approved.symbol, []).append(order)

    def __contains__(self, client_order_id: ClientOrderId) -> bool:
        return client_order_id in self._names

    def symbols(self) -> list[Symbol]:
        """Return the symbols that may have protection at the exchange."""
        return list(self._legs)

    def legs(self, symbol: Symbol) -> list[Order]:
        """Return a symbol's protective orders that may be open, the stop first; what is settled is forgotten."""
        known = self._legs.get(symbol)
        if known is None:
            return []
        for order in known:
            if order.is_settled:
                self._names.discard(order.approved.client_order_id)
        known[:] = [order for order in known if not order.is_settled]
        if not known:
            del self._legs[symbol]
        return sorted((order for order in known if order.is_open), key=lambda order: not is_stop(order.approved))

    def stop(self, symbol: Symbol) -> Order | None:
        """Return the stop of a symbol that may be open at the exchange."""
        return next((leg for leg in self.legs(symbol) if is_stop(leg.approved)), None)

    def target(self, symbol: Symbol) -> Order | None:
        """Return the target of a symbol that may be open at the exchange."""
        return next((leg for leg in self.legs(symbol) if not is_stop(leg.approved)), None)

    def held_lots(self, symbol: Symbol) -> int:
        """Return what a symbol's protection may lock at the exchange: the quantity of a list counts once."""
        return max((leg.approved.qty_lots - leg.filled_lots for leg in self.legs(symbol)), default=0)

    def is_quiet(self, order: Order, listed: set[ClientOrderId]) -> bool:
        """Say whether an order is a protective one that just waits, as the venue's own list says too."""
        name = order.approved.client_order_id
        is_waiting = order.state is OrderState.WORKING and order.filled_lots >= order.cum_lots
        return name in self._names and is_waiting and name in listed


def is_live(order: Order | None) -> bool:
    """Say whether an order is known to be open at the exchange."""
    return order is not None and order.state in _LIVE


def is_stop(approved: ApprovedOrder) -> bool:
    """Say whether a protective order is the stop, and not the target."""
    return approved.order_type is OrderType.STOP_LOSS_LIMIT


def sold_unheard_lots(order: Order) -> int:
    """Return what an order has sold for certain without its fills having been counted, in lots."""
    return max(order.cum_lots - order.filled_lots, 0)
