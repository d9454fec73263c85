"""Counts a report of the venue into orders and round trips: the one place where a fill becomes money."""

from __future__ import annotations

from engine.core.instrument import Instrument
from engine.core.orders import Fill, Order, Orders
from engine.core.portfolio import Portfolio, RoundTrip
from engine.core.types import ExecutionReport


def book(
    report: ExecutionReport, orders: Orders, portfolio: Portfolio, instrument: Instrument
) -> tuple[Order, Fill | None, RoundTrip | None] | None:
    """Return the order, its new fill and the round trip that changed; None where the report changed nothing.

    A circle's fill changes what is held besides positions, and no position's round trip.

    ``instrument`` is that of the report's symbol. Live trading, a restart and the ledger fold the same reports
    through here.
    """
    changed = orders.on_report(report)
    if changed is None:
        return None
    order, fill = changed
    if fill and order.is_of_circle:
        portfolio.on_change(fill, order.approved, instrument)
        return order, fill, None
    trip = portfolio.on_fill(fill, order.approved, instrument) if fill else None
    if order.is_settled and not any(o.approved.symbol == report.symbol for o in orders.unsettled()):
        trip = portfolio.close_dust(order.approved.symbol, report.ts_recv_ns) or trip
    return order, fill, trip
