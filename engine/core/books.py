"""Orders, trades and marks of equity to a snapshot and back: each object once, however many lists it is in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from engine.core.kept import Kept, KeptOrders, circle_of_kept, trip_of
from engine.core.orders import Order
from engine.core.trading import Trading

T = TypeVar("T")


class Shelf(Generic[T]):
    """Gives every object one place, so that lists may share it."""

    def __init__(self) -> None:
        self.things: list[T] = []
        self._places: dict[int, int] = {}

    def put(self, things: Iterable[T]) -> list[int]:
        """Return the places of these; what has none yet gets the next."""
        places = []
        for thing in things:
            if id(thing) not in self._places:
                self._places[id(thing)] = len(self.things)
                self.things.append(thing)
            places.append(self._places[id(thing)])
        return places


def kept_orders(trading: Trading) -> KeptOrders:
    """Return the orders as values."""
    shelf, (known, unsettled, finished) = Shelf[Order](), trading.orders.lists()
    return KeptOrders(
        known=shelf.put(known),
        unsettled=shelf.put(unsettled),
        finished=shelf.put(finished),
        legs={symbol: shelf.put(legs) for symbol, legs in trading.resting.all_legs().items()},
        orders=shelf.things,
    )


def put_back_books(trading: Trading, kept: Kept) -> None:
    """Take orders, trades, causes and equity as an earlier fold left them, over what is here."""
    orders, places = kept.orders.orders, kept.orders
    trading.orders.put_back(*([orders[at] for at in one] for one in (places.known, places.unsettled, places.finished)))
    trading.resting.put_back({symbol: [orders[at] for at in legs] for symbol, legs in places.legs.items()})
    for cause in kept.causes:
        trading.remember_cause(cause)
    portfolio, markets, heard = trading.portfolio, trading.markets, trading.heard
    portfolio.open = {trip.symbol: trip_of(trip, markets[trip.symbol].instrument) for trip in kept.open_trips}
    portfolio.closed = [trip_of(trip, heard[trip.symbol].instrument) for trip in kept.closed_trips]
    portfolio.circles = {
        name: circle_of_kept(circle, heard[circle.trip.symbol].instrument) for name, circle in kept.circles.items()
    }
    portfolio.cash_e8, portfolio.realised_e8, portfolio.peak_e8 = kept.cash_e8, kept.realised_e8, kept.peak_e8
    portfolio.aside_e8, trading.bars.peak_e8 = dict(kept.aside_e8), kept.breakers_peak_e8
    trading.past.equity.put_back(kept.equity)
    for symbol in kept.watched:
        markets[symbol].watch(is_held=True)
