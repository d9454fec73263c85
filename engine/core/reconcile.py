"""Compares the venue's account with what we know (C14): the venue is right about what exists."""

from __future__ import annotations

from typing import Final

from engine.core.actions import Cancel
from engine.core.instrument import scaled_text
from engine.core.records import Shrunk
from engine.core.reports import Reports
from engine.core.trading import Trading
from engine.core.types import ORDER_PREFIX, AccountSnapshot, ExecutionReport, OrderState

SETTLE_NS: Final = 2_000_000_000
"""Nothing is concluded from what changed less than this before a snapshot was asked for: the two travel separately."""


class Reconciliation:
    """Takes account snapshots; open orders are compared with each, balances with those in which nothing is moving."""

    def __init__(self, trading: Trading, reports: Reports) -> None:
        self._trading = trading
        self._reports = reports
        self._foreign: set[str] = set()

    def compare(self, account: AccountSnapshot) -> None:
        """Follow the venue in open orders, cash and positions, and say where it differed."""
        trading, asked_ns = self._trading, account.ts_asked_ns or account.ts_recv_ns
        for report in account.open_orders:
            self._on_open_order(report, asked_ns)
        listed = {report.client_order_id for report in account.open_orders}
        for order in trading.orders.doubt_missing(listed, asked_ns):
            self._reports.tell_doubt(order)
        unsettled = trading.orders.unsettled()
        is_moving = any(not trading.resting.is_quiet(order, listed) for order in unsettled)
        if not is_moving and asked_ns - self._reports.last_fill_ns > SETTLE_NS:
            trading.portfolio.on_balances(account.balances)
            self._compare_positions(account.ts_recv_ns)
            trading.is_reconciled = True
        elif not trading.portfolio.balances:
            trading.portfolio.on_balances(account.balances)  # for people to see; nothing is armed on it
        if any(order.state is OrderState.UNKNOWN for order in unsettled):
            trading.is_reconciled = False

    def _on_open_order(self, report: ExecutionReport, asked_ns: int) -> None:
        trading, name = self._trading, report.client_order_id
        order = trading.orders.get(name)
        if order is not None:
            self._reports.on_report(report)
            if not order.is_open and asked_ns - order.changed_ns > SETTLE_NS:
                words = f"Order {name} has ended for us, but the venue lists it as open: cancelling it."
                trading.do(Cancel(report.symbol, name))
                trading.notice("critical", "C14_STILL_OPEN", words)
        elif name.startswith(ORDER_PREFIX):
            trading.do(Cancel(report.symbol, name))
            trading.notice("warning", "ORPHAN_ORDER", f"Order {name} is ours but not in the journal: cancelling it.")
        elif name not in self._foreign:
            self._foreign.add(name)
            words = f"Order {name} of {report.symbol} was placed by somebody else on this account: left alone."
            trading.notice("warning", "C14_FOREIGN_ORDER", words)

    def _compare_positions(self, ts_ns: int) -> None:
        trading = self._trading
        for symbol, trip in list(trading.portfolio.open.items()):
            balance = trading.portfolio.balances.get(trip.instrument.base_asset)
            held_e8 = balance.free_e8 + balance.locked_e8 if balance else 0
            if held_e8 >= trip.base_e8:
                continue
            held, thought = scaled_text(held_e8, 8), scaled_text(trip.base_e8, 8)
            words = f"the venue holds {held} {trip.instrument.base_asset}, we thought {thought}"
            trading.write(Shrunk(symbol, held_e8, ts_ns))
            trading.portfolio.shrink_to(trip, held_e8, ts_ns)
            trading.notice("critical", "C14_BALANCE", f"The position of {symbol} follows the venue: {words}.")
            self._reports.tell_trade(trip, None, words)
