"""One symbol inside the matching: the tape's book, what we took from it, and the orders that rest in it.

The tape's liquidity belongs to others; ours rests invisibly behind it. A level that a taker of ours ate stays
eaten until the tape next speaks of it. Between two depth updates the tape's best bid and ask is the newer word:
levels better than it are gone, and its own quantity counts.

How a resting order fills: it stands behind all that the tape showed at its price when it arrived (``ahead``).
Trades at its price eat what is ahead first and then fill it, partly or wholly; a trade beyond its price fills it
outright, because the queue at its price must then be gone; a book that has come to cross it fills it with what
is on offer there.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Iterator
from heapq import merge

import msgspec

from engine.core.instrument import E8
from engine.core.types import Side
from engine.venues.paper.book import Book, BookSide, Level
from engine.venues.paper.orders import Order
from engine.venues.paper.rules import SymbolRules
from engine.venues.paper.units import quote_of_up


class Offer(msgspec.Struct, frozen=True, gc=False):
    """Something a taker can have: a price, a quantity, and our own resting order if it is that."""

    price: int
    qty: int
    maker: Order | None
    rank: tuple[int, int]
    """Sorts by price, then the tape before our own."""


class Touch(msgspec.Struct, frozen=True, gc=False):
    """The tape's latest best bid and ask, with the update id that it was sent under."""

    update_id: int
    bid: Level
    ask: Level


class Market:
    """One symbol's state."""

    def __init__(self, rules: SymbolRules) -> None:
        self.rules = rules
        self.book = Book()
        self.last_price = 0
        self.resting: dict[Side, list[Order]] = {Side.BUY: [], Side.SELL: []}
        self.waiting: list[Order] = []
        """Conditional orders that have not triggered, oldest first."""
        self._taken: dict[Side, dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}
        self._touch: Touch | None = None

    @property
    def reference(self) -> int:
        """The last price, else the middle of the book; 0 where there is neither."""
        if self.last_price:
            return self.last_price
        bid, ask = self.book.bids.best, self.book.asks.best
        return (bid + ask) // 2 if bid and ask else 0

    # --- what there is to take --------------------------------------------------------------------------------

    def levels(self, side: Side) -> Iterator[Level]:
        """Go through what the tape offers on a side of the book, in whole lots, best first, less what we took."""
        taken, lot = self._taken[side], self.rules.lot
        touch = self._fresh_touch(side)
        if touch is not None and (left := (touch[1] - taken.get(touch[0], 0)) // lot * lot) > 0:
            yield touch[0], left
        for price, qty in self._side(side).walk():
            if touch is not None and not _is_worse(side, price, touch[0]):
                continue
            if (left := (qty - taken.get(price, 0)) // lot * lot) > 0:
                yield price, left

    def offers(self, taker: Side, limit: int) -> Iterator[Offer]:
        """Go through everything that a taker could have within its limit (0 for none), best price first."""
        sign = int(taker)
        tape = (Offer(price, qty, None, (sign * price, 0)) for price, qty in self.levels(taker.other))
        own = (Offer(o.price, o.leaves, o, (sign * o.price, 1)) for o in tuple(self.resting[taker.other]))
        for offer in merge(tape, own, key=_rank):
            if not is_within(taker, offer.price, limit):
                return
            yield offer

    def take(self, side: Side, price: int, qty: int) -> None:
        """Note that a taker of ours ate from the tape's level on a side of the book."""
        taken = self._taken[side]
        taken[price] = taken.get(price, 0) + qty

    def cost_of(self, taker: Side, qty: int) -> int:
        """Say what a market order of so much would cost or bring, rounded up; for what there is, if there is less."""
        cost = 0
        for offer in self.offers(taker, 0):
            part = min(qty, offer.qty)
            cost, qty = cost + quote_of_up(offer.price, part), qty - part
            if not qty:
                break
        return cost

    def qty_for_quote(self, taker: Side, quote: int) -> int:
        """Say how many whole lots a market order for an amount of the quote asset gets."""
        qty, lot = 0, self.rules.lot
        for offer in self.offers(taker, 0):
            part = min(offer.qty, quote * E8 // offer.price // lot * lot)
            qty, quote = qty + part, quote - quote_of_up(offer.price, part)
            if part < offer.qty:
                break
        return qty // lot * lot

    def can_fill_whole(self, taker: Side, qty: int, limit: int) -> bool:
        """Say whether a taker would get all that it wants within its limit (0 for none)."""
        for offer in self.offers(taker, limit):
            qty -= offer.qty
            if qty <= 0:
                return True
        return False

    # --- what rests -------------------------------------------------------------------------------------------

    def rest(self, order: Order) -> None:
        """Put an order in the book behind everything that the tape shows at its price."""
        order.ahead = self._shown(order.side, order.price)
        insort(self.resting[order.side], order, key=_priority)

    def remove(self, order: Order) -> None:
        """Take an order out of wherever it waits."""
        for orders in (self.resting[order.side], self.waiting):
            orders[:] = [other for other in orders if other is not order]

    def queue_fills(self, is_buyer_maker: bool, price: int, qty: int) -> list[tuple[Order, int]]:
        """Move the queues by one trade of the tape; return who of ours it fills, and with how much."""
        side = Side.BUY if is_buyer_maker else Side.SELL
        fills: list[tuple[Order, int]] = []
        passed = 0
        for order in self.resting[side]:
            if _is_worse(side, order.price, price):
                break
            if order.price != price:
                fills.append((order, order.leaves))
                continue
            step = min(max(order.ahead - passed, 0), qty)
            passed, qty = passed + step, qty - step
            order.ahead = max(order.ahead - passed, 0)
            if not order.ahead and (part := min(qty, order.leaves) // self.rules.lot * self.rules.lot):
                qty -= part
                fills.append((order, part))
        return fills

    def crossing_fills(self, side: Side) -> list[tuple[Order, int]]:
        """Let orders of ours take what the tape's book has come to offer at or beyond their price."""
        fills: list[tuple[Order, int]] = []
        for order in self.resting[side]:
            leaves = order.leaves
            for price, qty in self.levels(side.other):
                if not leaves or not is_within(side, price, order.price):
                    break
                part = min(qty, leaves)
                leaves -= part
                self.take(side.other, price, part)
                fills.append((order, part))
            if leaves:
                break
        return fills

    # --- the tape ---------------------------------------------------------------------------------------------

    def on_levels(self, side: Side, levels: Iterable[Level]) -> None:
        """Hear the tape's new quantities: what we ate there is history, and queues ahead of us only shrink."""
        taken, resting = self._taken[side], self.resting[side]
        if not taken and not resting:
            return
        for price, qty in levels:
            taken.pop(price, None)
            for order in resting:
                if order.price == price:
                    order.ahead = min(order.ahead, qty)

    def on_snapshot(self) -> None:
        """Forget what was eaten: the book begins anew."""
        self._touch = None
        for side, taken in self._taken.items():
            taken.clear()
            for order in self.resting[side]:
                order.ahead = min(order.ahead, self._shown(side, order.price))

    def on_touch(self, touch: Touch) -> None:
        """Hear the tape's best bid and ask."""
        before, self._touch = self._touch, touch
        if before is None or touch.bid != before.bid:
            self.on_levels(Side.BUY, (touch.bid,))
        if before is None or touch.ask != before.ask:
            self.on_levels(Side.SELL, (touch.ask,))

    def _side(self, side: Side) -> BookSide:
        return self.book.bids if side is Side.BUY else self.book.asks

    def _shown(self, side: Side, price: int) -> int:
        touch = self._fresh_touch(side)
        qty = touch[1] if touch is not None and touch[0] == price else self._side(side).qty_at(price)
        return max(0, qty - self._taken[side].get(price, 0))

    def _fresh_touch(self, side: Side) -> Level | None:
        touch = self._touch
        if touch is None or touch.update_id <= self.book.last_update_id:
            return None
        level = touch.bid if side is Side.BUY else touch.ask
        return level if level[1] else None


def is_within(taker: Side, price: int, limit: int) -> bool:
    """Say whether a price is as good as a limit for a taker of that side; limit 0 takes any."""
    return not limit or (price <= limit if taker is Side.BUY else price >= limit)


def _priority(order: Order) -> int:
    """Best price first; insort keeps the order of arrival among equals."""
    return -int(order.side) * order.price


def _rank(offer: Offer) -> tuple[int, int]:
    return offer.rank


def _is_worse(side: Side, price: int, than: int) -> bool:
    """Say whether a price on a side of the book stands farther from the middle than another."""
    return price < than if side is Side.BUY else price > than
