"""Circles of earlier runs whose symbols are not all followed any more: counted as far as that is safe, or told of.

A circle needs a symbol that is priced in a coin, which goes when `circle` is taken out of the settings. What its leg
there changed is counted all the same, by the units that the journal has of it: then the coins that are held can be sold
for money. Where that can't be known, nothing is guessed, and people are told how to have it sold.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from engine.core.market import Market
from engine.core.orders import CIRCLE, FIRST, Order, circle_of
from engine.core.records import Listed
from engine.core.trading import Trading
from engine.core.types import ApprovedOrder, ClientOrderId, ExecutionReport, OrderState, SendFailed, Symbol

_OVER: Final = (OrderState.CANCELED, OrderState.REJECTED, OrderState.EXPIRED)


class LeftCircles:
    """What a fold of the journal finds out about them."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._listed: dict[Symbol, Listed] = {}
        self._former: set[Symbol] = set()
        """Symbols that only legs of circles were in, and that are not followed: heard of never again."""
        self._lost: dict[str, Symbol] = {}
        """By the id of a circle that is not counted: the symbol for which it is not."""
        self._unfilled: dict[ClientOrderId, str] = {}
        """By the name of a first leg that is not counted: its circle, until the leg has bought something."""

    @property
    def is_lost(self) -> bool:
        """True where a circle that is not over can't be counted."""
        return bool(self._lost)

    def on_listed(self, record: Listed) -> None:
        """Take the units of a symbol."""
        self._listed[record.symbol] = record

    def on_ended(self, circle_id: str) -> None:
        """Take that a circle is over."""
        self._lost.pop(circle_id, None)

    def on_report(self, report: ExecutionReport) -> None:
        """Take what the venue says of an order: of a first leg that has bought nothing no circle came."""
        if report.client_order_id in self._unfilled:
            if report.cum_qty_lots:
                del self._unfilled[report.client_order_id]
            elif report.state in _OVER:
                self._end_unfilled(report.client_order_id)

    def on_failed(self, failure: SendFailed) -> None:
        """Take that an order did not leave, or was refused: the same."""
        if not failure.is_ambiguous and failure.client_order_id in self._unfilled:
            self._end_unfilled(failure.client_order_id)

    def records(self) -> list[Listed]:
        """Return the units of what is not followed: a snapshot needs them, for a leg of a circle that comes later."""
        heard, former = self._trading.heard, self._former
        return [listed for symbol, listed in self._listed.items() if symbol in former or symbol not in heard]

    def put_back(self, orders: Iterable[Order]) -> None:
        """Make the symbols of a snapshot's orders known."""
        for order in orders:
            self._recall(order.approved.symbol)

    def is_counted(self, order: ApprovedOrder) -> bool:
        """Say whether an order of an earlier run counts: of what is not followed only the later legs of circles do."""
        trading = self._trading
        if not order.cause_id.startswith(CIRCLE):
            return order.symbol in trading.heard
        circle_id, part = circle_of(order.cause_id)
        if part == FIRST and order.symbol not in trading.markets:
            self._lost[circle_id], self._unfilled[order.client_order_id] = order.symbol, circle_id
        if circle_id not in self._lost and not self._recall(order.symbol):
            self._lost[circle_id] = order.symbol
        return circle_id not in self._lost

    def finish(self) -> None:
        """Let go of what is not known, tell of it, and count the rest against the limits of the coins it holds."""
        trading = self._trading
        for order in [one for one in trading.orders.unsettled() if one.approved.symbol in self._former]:
            self._lost[circle_of(order.approved.cause_id)[0]] = order.approved.symbol  # nobody can be asked about it
            trading.orders.drop(order)
        for circle_id, symbol in self._lost.items():
            trading.portfolio.circles.pop(circle_id, None)
            self._tell(symbol)
        coins = {coin for circle in trading.portfolio.circles.values() for coin in circle.nets_e8}
        held = (market.instrument.symbol for coin, market in trading.by_coin.items() if coin in coins)
        trading.circled = trading.circled.union(held)

    def _end_unfilled(self, name: ClientOrderId) -> None:
        self._lost.pop(self._unfilled.pop(name), None)

    def _recall(self, symbol: Symbol) -> bool:
        """Make a symbol's units known where they are not; False where the journal does not have them."""
        heard = self._trading.heard
        if symbol not in heard and (listed := self._listed.get(symbol)) is not None:
            self._former.add(symbol)
            heard[symbol] = Market(listed.instrument(), 0)
        return symbol in heard

    def _tell(self, symbol: Symbol) -> None:
        words = (
            f"A circle of an earlier run was not back to money, and {symbol} is not followed any more: what it holds is"
            " not known here, counts against no limit, and is not sold. Put its three symbols back into ENGINE_SYMBOLS"
            ' and `circle`, with mode = "off" so that none is begun, and start again: then it is sold within its loss'
            " limit. Or sell it at the exchange."
        )
        self._trading.notice("critical", "CIRCLE_LEFT", words)
