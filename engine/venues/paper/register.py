"""Every order there ever was, and which of them are open."""

from __future__ import annotations

from collections.abc import Sequence

from engine.venues.paper.errors import new_order_rejected
from engine.venues.paper.orders import CONDITIONAL, Order


class Register:
    """Orders by id, by client id, and by account; each account's oldest first."""

    def __init__(self, last_order_id: int = 0) -> None:
        """Begin without orders; ids go on after the last one that an earlier exchange gave."""
        self.last_order_id = last_order_id
        self._by_id: dict[int, Order] = {}
        self._by_client_id: dict[tuple[str, str], Order] = {}
        self._by_symbol: dict[tuple[str, str], list[Order]] = {}
        self._open: dict[str, dict[int, Order]] = {}

    def add(self, order: Order) -> None:
        """Enter a new open order."""
        self.last_order_id = order.order_id
        self._by_id[order.order_id] = order
        self._by_client_id[order.account, order.client_order_id] = order
        self._by_symbol.setdefault((order.account, order.symbol), []).append(order)
        self._open.setdefault(order.account, {})[order.order_id] = order

    def close(self, order: Order) -> None:
        """Note that an order is not open any more."""
        self._open[order.account].pop(order.order_id, None)

    def next_order_id(self) -> int:
        """Return the id that the next order gets."""
        return self.last_order_id + 1

    def refuse_duplicate(self, account: str, client_order_id: str) -> None:
        """Refuse (-2010) a client id that an open order of the account bears.

        Only an open one: after it filled, the same id is taken again, and a blind retry buys twice.
        """
        named = self._by_client_id.get((account, client_order_id))
        if named is not None and named.is_open:
            raise new_order_rejected("Duplicate order sent.")

    def counts(self, account: str, symbol: str) -> tuple[int, int]:
        """Count an account's open orders of a symbol, and the conditional ones among them."""
        orders = self.open_orders(account, symbol)
        return len(orders), sum(order.request.type in CONDITIONAL for order in orders)

    def open_orders(self, account: str, symbol: str | None = None) -> list[Order]:
        """Return an account's open orders, of one symbol or of all, oldest first."""
        return [order for order in self._open.get(account, {}).values() if symbol in (None, order.symbol)]

    def all_orders(self, account: str, symbol: str) -> Sequence[Order]:
        """Return every order that an account ever sent for a symbol, oldest first."""
        return self._by_symbol.get((account, symbol), ())

    def find(self, account: str, symbol: str, order_id: int | None, client_order_id: str | None) -> Order | None:
        """Find an order by its id (which goes first) or its client id: the newest that bore it."""
        if order_id is not None:
            order = self._by_id.get(order_id)
        else:
            order = self._by_client_id.get((account, client_order_id or ""))
        return order if order is not None and (order.account, order.symbol) == (account, symbol) else None
