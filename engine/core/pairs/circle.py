"""One circle around three books of one venue: like a pair it is nothing but its orders."""

from __future__ import annotations

from collections.abc import Iterator

from engine.core.orders import CIRCLE, Order, circle_of
from engine.core.strategies.triangle import Path
from engine.core.trading import Trading
from engine.core.types import BUY, Symbol


class Circle:
    """What left for a circle, and what is held of its two coins because of it."""

    __slots__ = ("circle_id", "legs", "opened_ns", "path", "short_ns", "symbol", "ticks", "told_ns", "tries", "try_ns")

    def __init__(self, circle_id: str, symbol: Symbol, opened_ns: int) -> None:
        self.circle_id, self.symbol, self.opened_ns = circle_id, symbol, opened_ns
        self.legs: list[Order] = []
        self.path: Path | None = None
        """Where the second leg goes while it has not left; after that, and after a restart, all goes back to money."""
        self.ticks = 0
        """The worst price of the second leg."""
        self.tries = self.try_ns = self.short_ns = self.told_ns = 0
        """How many orders sold what was held, when the next may; since when something is, and when people heard it."""

    def cause(self, part: str) -> str:
        """Name the cause of one of its orders."""
        return f"{CIRCLE}{self.circle_id}:{part}"

    @property
    def is_settled(self) -> bool:
        """True when the venue has said its last word of every order, and each fill was counted."""
        return all(order.is_settled for order in self.legs)

    def nets_e8(self, trading: Trading) -> dict[str, int]:
        """Return by asset what came in less what went out, fees included, in 1e-8: of money that is the result."""
        nets: dict[str, int] = {}
        for order in self.legs:
            it, side = trading.instrument(order), 1 if order.approved.side is BUY else -1
            for asset, amount_e8 in (
                (it.base_asset, side * order.filled_lots * it.lot_e8),
                (it.quote_asset, -side * order.cum_quote_e8),
                (order.fee_asset, -order.fee_e8),
            ):
                if amount_e8:
                    nets[asset] = nets.get(asset, 0) + amount_e8
        return nets

    def paid_e8(self) -> int:
        """Return what the first leg cost, before its fee, in 1e-8 of the quote asset."""
        return self.legs[0].cum_quote_e8 if self.legs else 0

    def ended_ns(self) -> int:
        """Return when its last order changed for the last time."""
        return max((order.changed_ns for order in self.legs), default=self.opened_ns)


def are_open(trading: Trading) -> bool:
    """Say whether a circle of an earlier run is not over: it holds something, or an order of it is not settled."""
    return bool(trading.portfolio.circles) or any(order.is_of_circle for order in trading.orders.unsettled())


def circles_of(trading: Trading) -> Iterator[Circle]:
    """Yield the circles that our orders tell of, oldest first, as they stood when a run ended."""
    found: dict[str, Circle] = {}
    for order in trading.orders:
        if not order.is_of_circle:
            continue
        circle_id, part = circle_of(order.approved.cause_id)
        if circle_id not in found:
            found[circle_id] = Circle(circle_id, order.approved.symbol, int(circle_id.rpartition("-")[2]))
        found[circle_id].legs.append(order)
        found[circle_id].tries += part.startswith("out")
    yield from sorted(found.values(), key=lambda circle: circle.opened_ns)
