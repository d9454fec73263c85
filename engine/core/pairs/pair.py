"""One pair: a buy on one venue and a sale on the other, and the orders that made up for what did not fill.

A pair is nothing but its orders: how far it is from flat and what it made are sums over them, live and after a restart
alike. So nothing is written down for it that the two journals don't say already, and a kill between the two legs
leaves a pair with one order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from engine.core.instrument import Instrument
from engine.core.market import Market
from engine.core.orders import Order
from engine.core.trading import Trading
from engine.core.types import BUY, SELL, Symbol

CAUSE: Final = "pair"
"""What the causes of its orders begin with: ``pair:IOTAUSDT-1700000000000000000:buy``."""
MEND: Final = "mend"
"""What the part of the cause begins with where an order makes up for a leg."""


class Place(NamedTuple):
    """One of the two venues."""

    name: str
    trading: Trading
    fee: float
    """What it takes of an order that takes liquidity, as a part of the money."""

    def market(self, symbol: Symbol) -> Market:
        """Return a symbol's market there."""
        return self.trading.markets[symbol]


class Pair:
    """What left together, and what followed."""

    __slots__ = ("legs", "opened_ns", "pair_id", "short_ns", "symbol", "told_ns", "tries", "try_ns")

    def __init__(self, pair_id: str, symbol: Symbol, opened_ns: int) -> None:
        self.pair_id, self.symbol, self.opened_ns = pair_id, symbol, opened_ns
        self.legs: list[tuple[Place, Order]] = []
        self.tries = self.try_ns = 0
        """How many orders were sent to make up for a leg, and when the next one may."""
        self.short_ns = 0
        """Since when it is known that a leg is short; 0 while it is not."""
        self.told_ns = 0
        """When people last heard that it could not be made up for; 0 while they have not."""

    def cause(self, part: str) -> str:
        """Name the cause of one of its orders."""
        return f"{CAUSE}:{self.pair_id}:{part}"

    @property
    def is_settled(self) -> bool:
        """True when both venues have said their last word of every order, and each fill was counted."""
        return all(order.is_settled for _, order in self.legs)

    @property
    def net_e8(self) -> int:
        """What was bought less what was sold, in 1e-8 of the base asset; 0 is flat. A fee in it is a cost, no leg."""
        return sum(
            order.approved.side * order.filled_lots * place.trading.instrument(order).lot_e8
            for place, order in self.legs
        )

    @property
    def money_e8(self) -> int:
        """What was received less what was paid, after fees, in 1e-8 of the quote asset: its result once it is flat."""
        return sum(money_e8(order, place.trading.instrument(order)) for place, order in self.legs)

    @property
    def value_e8(self) -> int:
        """What its two legs bought and sold for, the larger of both; what made up for one of them left out."""
        mend = self.cause(MEND)
        sums = dict.fromkeys((BUY, SELL), 0)
        for _, order in self.legs:
            if not order.approved.cause_id.startswith(mend):
                sums[order.approved.side] += order.cum_quote_e8
        return max(sums.values())

    def ended_ns(self) -> int:
        """Return when its last order changed for the last time."""
        return max((order.changed_ns for _, order in self.legs), default=self.opened_ns)


def pairs_of(places: Iterable[Place]) -> Iterator[Pair]:
    """Yield the pairs that the orders of both venues tell of, oldest first, as they stood when a run ended."""
    found: dict[str, Pair] = {}
    for place in places:
        for order in place.trading.orders:
            kind, _, rest = order.approved.cause_id.partition(":")
            if kind != CAUSE:
                continue
            pair_id, _, part = rest.partition(":")
            if pair_id not in found:
                found[pair_id] = Pair(pair_id, order.approved.symbol, int(pair_id.rpartition("-")[2]))
            found[pair_id].legs.append((place, order))
            found[pair_id].tries += part.startswith(MEND)
    yield from sorted(found.values(), key=lambda pair: pair.opened_ns)


def money_e8(order: Order, instrument: Instrument) -> int:
    """Return what an order brought less what it cost, after its fees, in 1e-8 of the quote asset."""
    is_buy, quote_e8, fee_e8 = order.approved.side is BUY, order.cum_quote_e8, order.fee_e8
    if order.fee_asset == instrument.base_asset and order.filled_lots:
        fee_e8 = fee_e8 * quote_e8 // (order.filled_lots * instrument.lot_e8)
    return -quote_e8 - fee_e8 if is_buy else quote_e8 - fee_e8
