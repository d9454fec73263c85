"""The life of an order: from the intent that is in flight to the report that settles it.

A state may only move along the table below. Reports come from three ways (the reply, the user stream, a query), twice
or out of order; a report that would move an order backwards changes nothing, and a fill counts once by its fill id.

======================  ===================================================================================
from                    may become
======================  ===================================================================================
in_flight               working, partially_filled, filled, canceled, rejected, expired, unknown
unknown                 the same, when the venue is heard again; rejected when it certainly never had it
                        (nor back to working once something filled)
working                 partially_filled, filled, canceled, rejected, expired, unknown
partially_filled        filled, canceled, expired, unknown
filled, canceled,       nothing; but a fill that is reported late still counts (F2, F12)
rejected, expired
======================  ===================================================================================

Source: Binance, "Order status (status)"; `unknown` is ours (an ambiguous send is neither accepted nor rejected).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container, Iterable, Iterator
from typing import Final

import msgspec

from engine.core.types import (
    ApprovedOrder,
    ClientOrderId,
    ExecutionReport,
    OrderState,
    OrderType,
    SendFailed,
    Side,
    Symbol,
    TimeInForce,
)

_S = OrderState
_ANY_END = frozenset({_S.FILLED, _S.CANCELED, _S.REJECTED, _S.EXPIRED})
_NEXT: Final[dict[OrderState, frozenset[OrderState]]] = {
    _S.IN_FLIGHT: _ANY_END | {_S.WORKING, _S.PARTIALLY_FILLED, _S.UNKNOWN},
    _S.UNKNOWN: _ANY_END | {_S.WORKING, _S.PARTIALLY_FILLED},
    _S.WORKING: _ANY_END | {_S.PARTIALLY_FILLED, _S.UNKNOWN},
    _S.PARTIALLY_FILLED: frozenset({_S.FILLED, _S.CANCELED, _S.EXPIRED, _S.UNKNOWN}),
    _S.FILLED: frozenset(),
    _S.CANCELED: frozenset(),
    _S.REJECTED: frozenset(),
    _S.EXPIRED: frozenset(),
}
ASK_AFTER_NS: Final = 500_000_000
"""An unknown order is asked about this long after it became unknown, and again at this interval."""
IN_FLIGHT_LIMIT_NS: Final = 2_000_000_000
"""An order without any answer for so long is unknown (the venue's own replies take milliseconds), and so is an IOC
order without its end: such an order can't rest."""
CONCLUSIVE_NS: Final = 6_000_000_000
"""Only when the venue was asked so long after the send is "no such order" conclusive: until then the request may still
be on its way. It is taken for 5 s after its timestamp, and a timestamp may be up to 1 s ahead of the venue's clock.
Source: Binance, "Timing security", default recvWindow."""
_FINISHED_KEPT: Final = 500


FIRST: Final = "first"
"""What the cause of the leg ends with that spends money and begins a circle."""
CIRCLE: Final = "circle:"
"""What the causes of a circle's orders begin with: ``circle:BTCUSDT-1700000000000000000:cross``."""
CROSS: Final = "cross"
"""The part of the leg that changes one coin for the other."""


class Fill(msgspec.Struct, frozen=True):
    """One fill of one of our orders, counted once."""

    symbol: Symbol
    client_order_id: ClientOrderId
    side: Side
    fill_id: int
    qty_lots: int
    price_ticks: int
    fee_e8: int
    fee_asset: str
    ts_ns: int


class Order(msgspec.Struct, eq=False, gc=False):
    """One of our orders, as far as is known."""

    approved: ApprovedOrder
    sent_ns: int
    changed_ns: int
    state: OrderState = OrderState.IN_FLIGHT
    asked_ns: int = 0
    venue_order_id: int = 0
    cum_lots: int = 0
    """What the venue says was filled in all."""
    filled_lots: int = 0
    """What we have counted from single fills; behind ``cum_lots`` while a fill's report is missing."""
    cum_quote_e8: int = 0
    fee_e8: int = 0
    fee_asset: str = ""
    fill_ids: set[int] = msgspec.field(default_factory=set)
    reason: str = ""

    @property
    def uncounted_lots(self) -> int:
        """What may still change the position, in lots: what may fill, and what filled without its report having come.

        It is this that keeps money and exposure reserved.
        """
        whole = self.approved.qty_lots if self.is_open else self.cum_lots
        return max(whole - self.filled_lots, 0)

    @property
    def is_open(self) -> bool:
        """True until the venue has said its last word."""
        return self.state not in _ANY_END

    @property
    def is_resting_entry(self) -> bool:
        """True of a buy that may rest at the venue at its own limit."""
        return self.approved.side is Side.BUY and self.approved.time_in_force is TimeInForce.GTC

    @property
    def is_offer(self) -> bool:
        """True of a sale that may rest at the venue at its own limit; what protects is of other types."""
        approved = self.approved
        is_at_limit = approved.order_type is OrderType.LIMIT and approved.time_in_force is TimeInForce.GTC
        return is_at_limit and approved.side is Side.SELL

    @property
    def is_waiting(self) -> bool:
        """True while the venue says that it rests, and everything that filled of it was counted."""
        rests = self.state is OrderState.WORKING or self.state is OrderState.PARTIALLY_FILLED
        return rests and self.filled_lots >= self.cum_lots

    @property
    def is_of_circle(self) -> bool:
        """True for a leg of a circle: it changes one asset for another, and opens and closes no position."""
        return self.approved.cause_id.startswith(CIRCLE)

    @property
    def is_settled(self) -> bool:
        """True when the venue has said its last word and every fill of it was counted."""
        return not self.is_open and self.filled_lots >= self.cum_lots


class Orders:
    """All our orders by client order id; the last finished ones are kept for people to see."""

    def __init__(self) -> None:
        self._orders: dict[ClientOrderId, Order] = {}
        self.by_name_unsettled: dict[ClientOrderId, Order] = {}
        """Those that may still change a position, by their names; for reading."""
        self._finished: OrderedDict[ClientOrderId, Order] = OrderedDict()

    def open(self, approved: ApprovedOrder) -> Order:
        """Record an approved order as in flight, before its bytes leave."""
        name = approved.client_order_id
        order = self._orders[name] = self.by_name_unsettled[name] = Order(approved, approved.ts_ns, approved.ts_ns)
        return order

    def get(self, client_order_id: str) -> Order | None:
        """Return the order of that id, or None."""
        return self._orders.get(ClientOrderId(client_order_id))

    def of(self, approved: ApprovedOrder) -> Order:
        """Return the order that an approval became; raises KeyError for one that was never opened."""
        return self._orders[approved.client_order_id]

    def is_known(self, client_order_id: str) -> bool:
        """Say whether this id was used, finished or not."""
        return client_order_id in self._orders

    def __iter__(self) -> Iterator[Order]:
        return iter(self._orders.values())

    def working(self) -> list[Order]:
        """Return every order that may still fill, oldest first."""
        return [order for order in self.by_name_unsettled.values() if order.is_open]

    def unsettled(self) -> list[Order]:
        """Return every order that may still change a position: the working ones, and those whose fills are missing."""
        return list(self.by_name_unsettled.values())

    def finished(self, most: int) -> list[Order]:
        """Return the last finished orders, newest first."""
        return list(self._finished.values())[: -most - 1 : -1]

    def on_report(self, report: ExecutionReport) -> tuple[Order, Fill | None] | None:
        """Take a report; return the order and its new fill if there is one, or None where nothing changed.

        A report about an order that isn't ours returns None too: the account's reconciliation shows those.
        """
        order = self._orders.get(report.client_order_id)
        if order is None:
            return None
        fill = _count_fill(order, report)
        moved = self._move(order, report.state, report.ts_recv_ns)
        if moved:
            order.reason = report.reason
        if max(report.cum_qty_lots, order.filled_lots) > order.cum_lots:
            order.cum_lots = max(report.cum_qty_lots, order.filled_lots)
            order.cum_quote_e8 = max(report.cum_quote_e8, order.cum_quote_e8)
            moved = True
        if report.venue_order_id:
            order.venue_order_id = report.venue_order_id
        if fill or moved:
            self._settle(order)
            return order, fill
        return None

    def on_send_failed(self, failure: SendFailed) -> Order | None:
        """Take the news that a send failed; return the order if that changed it."""
        order = self._orders.get(failure.client_order_id)
        if order is None or not order.is_open:
            return None
        state = OrderState.REJECTED if _is_certain(order, failure) else OrderState.UNKNOWN
        if not self._move(order, state, failure.ts_recv_ns):
            return None
        order.reason = failure.reason
        self._settle(order)
        return order

    def lists(self) -> tuple[list[Order], list[Order], list[Order]]:
        """Return the known, the unsettled and the finished ones, each oldest first: what ``put_back`` takes."""
        return list(self._orders.values()), list(self.by_name_unsettled.values()), list(self._finished.values())

    def put_back(self, known: Iterable[Order], unsettled: Iterable[Order], finished: Iterable[Order]) -> None:
        """Take the three lists of a snapshot instead of what is here."""
        self._orders, self._finished = _named(known), OrderedDict(_named(finished))
        self.by_name_unsettled.clear()  # and not another dict: whoever reads it holds this one
        self.by_name_unsettled.update(_named(unsettled))

    def drop(self, order: Order) -> None:
        """Let go of an order about which nobody can be asked."""
        name = order.approved.client_order_id
        self.by_name_unsettled.pop(name, None)
        self._orders.pop(name, None)

    def doubt_silent(self, now_ns: int) -> list[Order]:
        """Make the orders unknown that should have had an answer, or an IOC order its end, by now; return them."""
        return [
            order
            for order in self.by_name_unsettled.values()
            if now_ns - order.changed_ns > IN_FLIGHT_LIMIT_NS
            and (order.state is OrderState.IN_FLIGHT or _is_overdue_ioc(order))
            and self._doubt(order, now_ns, "no answer from the venue")
        ]

    def to_ask(self, now_ns: int) -> list[Order]:
        """Return the orders whose outcome, or whose missing fills, must be asked for now.

        Each is asked about again after ``ASK_AFTER_NS``.
        """
        due = []
        for order in self.by_name_unsettled.values():
            is_behind = order.state is OrderState.UNKNOWN or order.filled_lots < order.cum_lots
            if is_behind and now_ns - max(order.asked_ns, order.changed_ns) > ASK_AFTER_NS:
                order.asked_ns = now_ns
                due.append(order)
        return due

    def doubt_all(self, now_ns: int, reason: str) -> list[Order]:
        """Make every open order unknown (after a restart or a lost connection); return those that changed."""
        return [order for order in self.working() if self._doubt(order, now_ns, reason)]

    def doubt_missing(self, listed: Container[str], seen_ns: int) -> list[Order]:
        """Make the resting orders unknown that the venue does not list as open; return them.

        ``seen_ns`` is when the list was asked for: what changed less than ``IN_FLIGHT_LIMIT_NS`` before is left alone.
        """
        return [
            order
            for order in self.working()
            if order.approved.client_order_id not in listed
            and seen_ns - order.changed_ns > IN_FLIGHT_LIMIT_NS
            and self._doubt(order, seen_ns, "the venue does not list it as open")
        ]

    def _doubt(self, order: Order, now_ns: int, reason: str) -> bool:
        if not self._move(order, OrderState.UNKNOWN, now_ns):
            return False
        order.reason = reason
        return True

    def _move(self, order: Order, state: OrderState, ts_ns: int) -> bool:
        if state not in _NEXT[order.state] or (state is OrderState.WORKING and order.cum_lots):
            return False
        order.state, order.changed_ns = state, ts_ns
        return True

    def _settle(self, order: Order) -> None:
        """Keep the two lists: an order is finished when it ended, and forgotten once nothing of it is missing."""
        client_order_id = order.approved.client_order_id
        if not order.is_open:
            self._finished[client_order_id] = order
        if order.is_settled:
            self.by_name_unsettled.pop(client_order_id, None)
        else:
            self.by_name_unsettled[client_order_id] = order
        while len(self._finished) > _FINISHED_KEPT:
            oldest, _ = self._finished.popitem(last=False)
            del self._orders[oldest]
            self.by_name_unsettled.pop(oldest, None)


def circle_of(cause_id: str) -> tuple[str, str]:
    """Return the id of the circle that an order is a leg of, and which part of it that is."""
    circle_id, _, part = cause_id.removeprefix(CIRCLE).partition(":")
    return circle_id, part


def _named(orders: Iterable[Order]) -> dict[ClientOrderId, Order]:
    return {order.approved.client_order_id: order for order in orders}


_CANCEL_REJECTED: Final = -2011
NO_SUCH_ORDER: Final = -2013
"""Source: Binance, "Error codes": CANCEL_REJECTED, NO_SUCH_ORDER."""


def _is_certain(order: Order, failure: SendFailed) -> bool:
    """Say whether a failure settles that the venue has no such order.

    An order that the venue acknowledged can't be refused any more: a refusal then means another request about it, a
    cancel for example, and what became of the order is asked.
    """
    if failure.is_ambiguous or order.cum_lots:
        return False
    if failure.code == NO_SUCH_ORDER:
        return (failure.ts_asked_ns or failure.ts_recv_ns) - order.sent_ns >= CONCLUSIVE_NS
    return failure.code != _CANCEL_REJECTED and not order.venue_order_id


def _is_overdue_ioc(order: Order) -> bool:
    is_resting = order.state in (OrderState.WORKING, OrderState.PARTIALLY_FILLED)
    return is_resting and order.approved.time_in_force is not TimeInForce.GTC


def _count_fill(order: Order, report: ExecutionReport) -> Fill | None:
    """Count a fill once by its id; one without an id can't be told from its copy, and is asked for instead."""
    if not report.last_qty_lots or not report.fill_id or report.fill_id in order.fill_ids:
        return None
    order.fill_ids.add(report.fill_id)
    order.filled_lots += report.last_qty_lots
    order.fee_e8 += report.fee_e8
    order.fee_asset = report.fee_asset or order.fee_asset
    return Fill(
        report.symbol,
        report.client_order_id,
        order.approved.side,
        report.fill_id,
        report.last_qty_lots,
        report.last_price_ticks,
        report.fee_e8,
        report.fee_asset,
        report.ts_recv_ns,
    )
