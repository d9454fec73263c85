"""Which protection of what we hold is at the exchange, or may be: the orders that wait there for a stop or a target.

It rests in one part, or in several where it is sold in steps: each is a list of a stop and a target, or a stop alone.

A stop and its target share what they sell, and make way for every other sale (``Replace``). So what they hold is still
sellable; only what they have sold for certain, its report not having come, is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from engine.core.orders import Order
from engine.core.types import ApprovedOrder, ClientOrderId, OrderState, OrderType, Symbol

PROTECTION: Final = "protection:"
"""Every cause of a protective order begins so: a restart knows them by it."""
_LIVE: Final = frozenset({OrderState.WORKING, OrderState.PARTIALLY_FILLED})


class Part(NamedTuple):
    """A list at the exchange, or what is left of it, or a stop alone; its orders share what they sell."""

    stop: Order | None
    target: Order | None

    @property
    def legs(self) -> list[Order]:
        """The orders of it that may be open, the stop first."""
        return [leg for leg in self if leg is not None]

    @property
    def names(self) -> tuple[ClientOrderId, ...]:
        """Return our names of them."""
        return tuple(leg.approved.client_order_id for leg in self.legs)

    @property
    def rest_lots(self) -> int:
        """What it still locks: the quantity of a list counts once."""
        return max(leg.approved.qty_lots - leg.filled_lots for leg in self.legs)


class Resting:
    """The protective orders of each symbol that have not come to their end, as far as is known."""

    def __init__(self) -> None:
        self._legs: dict[Symbol, list[Order]] = {}
        self._names: set[ClientOrderId] = set()
        self.is_frozen = False
        """True once no order can leave any more: what rests stays, because nothing could take its place (F17)."""
        self._heirs: dict[ClientOrderId, Order] = {}
        """By the names of orders that were asked to make way: the order that takes the place."""

    def adopt(self, order: Order) -> None:
        """Take an order that was just opened, if it is a protective one."""
        approved = order.approved
        if approved.cause_id.startswith(PROTECTION):
            self._names.add(approved.client_order_id)
            self._legs.setdefault(approved.symbol, []).append(order)

    def put_back(self, legs: dict[Symbol, list[Order]]) -> None:
        """Take the protective orders of a snapshot, by symbol, instead of what is here."""
        self._legs = legs
        self._names = {order.approved.client_order_id for known in legs.values() for order in known}

    def all_legs(self) -> dict[Symbol, list[Order]]:
        """Return the protective orders by symbol, without what is settled: what ``put_back`` takes."""
        for symbol in tuple(self._legs):
            self.legs(symbol)
        return {symbol: list(known) for symbol, known in self._legs.items()}

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
                self._heirs.pop(order.approved.client_order_id, None)
        known[:] = [order for order in known if not order.is_settled]
        if not known:
            del self._legs[symbol]
        return sorted((order for order in known if order.is_open), key=lambda order: not is_stop(order.approved))

    def make_way(self, part: Part, heir: Order) -> None:
        """Note that a part was asked to go, and what comes in its place: while that may come, the part is none."""
        self._heirs.update(dict.fromkeys(part.names, heir))

    def parts(self, symbol: Symbol) -> list[Part]:
        """Return what may rest of a symbol and was not asked to make way, part by part, oldest first."""
        return _in_parts(leg for leg in self.legs(symbol) if self._heir(leg) is None)

    def leaving(self, symbol: Symbol) -> list[Part]:
        """Return the parts that were asked to make way, and may still be there."""
        return _in_parts(leg for leg in self.legs(symbol) if self._heir(leg) is not None)

    def stop(self, symbol: Symbol) -> Order | None:
        """Return the stop of a symbol that may be open at the exchange."""
        return next((leg for leg in self.legs(symbol) if is_stop(leg.approved)), None)

    def held_lots(self, symbol: Symbol) -> int:
        """Return what a symbol's protection may lock at the exchange; what comes in its place is not counted twice."""
        held_lots = sum(part.rest_lots for part in self.parts(symbol))
        for part in self.leaving(symbol):
            heir = self._heirs[part.names[0]]
            held_lots += max(part.rest_lots - heir.uncounted_lots, 0)
        return held_lots

    def offered_lots(self, offer: Order) -> int:
        """Return what a sale at a limit may still sell; what comes in its place is not counted twice."""
        heir = self._heir(offer)
        left_lots = offer.uncounted_lots - sold_unheard_lots(offer)
        return max(left_lots - (heir.uncounted_lots if heir is not None else 0), 0)

    def is_leaving(self, offer: Order) -> bool:
        """Say whether a sale at a limit was asked to make way."""
        return self._heir(offer) is not None

    def _heir(self, leg: Order) -> Order | None:
        heir = self._heirs.get(leg.approved.client_order_id)
        return None if heir is None or heir.state is OrderState.REJECTED else heir

    def is_quiet(self, order: Order, listed: set[ClientOrderId]) -> bool:
        """Say whether an order just waits, as the venue's own list says too: protection, or an entry or offer."""
        name = order.approved.client_order_id
        if order.is_resting_entry or order.is_offer:
            return order.is_waiting and name in listed
        is_waiting = order.state is OrderState.WORKING and order.filled_lots >= order.cum_lots
        return name in self._names and is_waiting and name in listed


def _in_parts(legs: Iterable[Order]) -> list[Part]:
    found: dict[str, Part] = {}
    for leg in legs:
        name = list_of(leg.approved)
        part = found.get(name, Part(None, None))
        found[name] = part._replace(stop=leg) if is_stop(leg.approved) else part._replace(target=leg)
    return list(found.values())


def is_live(order: Order | None) -> bool:
    """Say whether an order is known to be open at the exchange."""
    return order is not None and order.state in _LIVE


def list_of(approved: ApprovedOrder) -> str:
    """Return what a stop and the target of its list have in common."""
    return approved.cause_id.rpartition(":")[0]


def is_stop(approved: ApprovedOrder) -> bool:
    """Say whether a protective order is the stop, and not the target."""
    return approved.order_type is OrderType.STOP_LOSS_LIMIT


def sold_unheard_lots(order: Order) -> int:
    """Return what an order has sold for certain without its fills having been counted, in lots."""
    return max(order.cum_lots - order.filled_lots, 0)
