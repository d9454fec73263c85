"""Compares the venue's account with what we know (C14): the venue is right about what exists."""

from __future__ import annotations

from typing import Final

from engine.core.account import AccountSnapshot
from engine.core.actions import AskAccount, Cancel
from engine.core.adoption import Adoption, restore_balance
from engine.core.instrument import scaled_text
from engine.core.orders import Order
from engine.core.portfolio import RoundTrip
from engine.core.records import Shrunk, Unbalanced
from engine.core.reports import Reports
from engine.core.strangers import ADOPTED, BALANCE, FOREIGN_ORDER
from engine.core.trading import Trading
from engine.core.types import ORDER_PREFIX, ClientOrderId, ExecutionReport, OrderState, Symbol
from engine.wire import events

SETTLE_NS: Final = 2_000_000_000
"""Nothing is concluded from what changed less than this before a snapshot was asked for: the two travel separately."""


class Reconciliation:
    """Takes account snapshots; open orders are compared with each, balances with those in which nothing is moving.

    A balance that is higher than what was counted must be so twice before it bars its symbol: a fill's report may be
    on its way still.
    """

    def __init__(self, trading: Trading, reports: Reports, adoption: Adoption) -> None:
        self._trading = trading
        self._reports = reports
        self._adoption = adoption
        self._suspected: dict[Symbol, int] = {}
        """What was held where it did not add up the last time, in 1e-8."""
        self._findings: list[str] = []

    def compare(self, account: AccountSnapshot) -> None:
        """Follow the venue in open orders, cash and positions, and say where it differed."""
        trading, asked_ns = self._trading, account.ts_asked_ns or account.ts_recv_ns
        self._findings = []
        for report in account.open_orders:
            self._on_open_order(report, asked_ns)
        listed = {report.client_order_id for report in account.open_orders}
        self._settle_gone(listed)
        for order in trading.orders.doubt_missing(listed, asked_ns):
            self._find(f"Order {order.approved.client_order_id} is not listed as open: asking what became of it.")
            self._reports.tell_doubt(order)
        unsettled = trading.orders.unsettled()
        is_moving = any(not self._is_quiet(order, listed) for order in unsettled)
        is_moving = is_moving or asked_ns - self._reports.last_fill_ns <= SETTLE_NS
        if not is_moving:
            trading.portfolio.on_balances(account.balances)
            self._compare_positions(account.ts_recv_ns)
            trading.is_reconciled = True
        elif not trading.portfolio.balances:
            trading.portfolio.on_balances(account.balances)  # for people to see; nothing is armed on it
        if any(order.state is OrderState.UNKNOWN for order in unsettled):
            trading.is_reconciled = False
        self._tell(asked_ns, is_moving=is_moving)

    def _tell(self, asked_ns: int, *, is_moving: bool) -> None:
        """Keep what was found, and tell whoever asked for it."""
        strangers, now_ns = self._trading.strangers, self._trading.now_ns
        strangers.ts_compared_ns, strangers.is_moving = asked_ns, is_moving
        strangers.findings = tuple(self._findings)
        if strangers.wanted_ns and asked_ns >= strangers.wanted_ns:
            strangers.wanted_ns = 0
            view = self._adoption.view()
            self._trading.publish(lambda: events.Reconciled(ts_ns=now_ns, view=view))

    def _find(self, words: str) -> str:
        self._findings.append(words)
        return words

    def _is_quiet(self, order: Order, listed: set[ClientOrderId]) -> bool:
        """Say whether an order just waits at the venue, all of its fills counted: it protects, or was adopted."""
        if order.approved.cause_id.startswith(ADOPTED):
            return order.is_waiting and order.approved.client_order_id in listed
        return self._trading.resting.is_quiet(order, listed)

    # ------------------------------------------------------------------ open orders

    def _on_open_order(self, report: ExecutionReport, asked_ns: int) -> None:
        trading, name = self._trading, report.client_order_id
        order = trading.orders.get(name)
        if order is not None:
            self._reports.on_report(report)
            if not order.is_open and asked_ns - order.changed_ns > SETTLE_NS:
                words = f"Order {name} has ended for us, but the venue lists it as open: cancelling it."
                trading.do(Cancel(report.symbol, name))
                trading.notice("critical", "C14_STILL_OPEN", self._find(words))
        elif name.startswith(ORDER_PREFIX):
            trading.do(Cancel(report.symbol, name))
            words = self._find(f"Order {name} is ours but not in the journal: cancelling it.")
            trading.notice("warning", "ORPHAN_ORDER", words)
        elif name not in trading.strangers.ignored:
            self._on_foreign(report)

    def _on_foreign(self, report: ExecutionReport) -> None:
        """Ask people once what becomes of an order that somebody else placed; its symbol has no entries until then."""
        trading, name, now_ns = self._trading, report.client_order_id, self._trading.now_ns
        self._find(f"Order {name} of {report.symbol} was placed by somebody else on this account.")
        is_new, trading.strangers.waiting[name] = name not in trading.strangers.waiting, report
        if is_new:
            detail = f"order {name} was placed by somebody else; adopt or ignore it: see trader reconcile"
            trading.bars.hold_back(report.symbol, FOREIGN_ORDER, detail)
            view = self._adoption.order_view(report, "waiting", "")
            trading.publish(lambda: events.ForeignOrderChanged(ts_ns=now_ns, order=view))

    def _settle_gone(self, listed: set[ClientOrderId]) -> None:
        """Let go of foreign orders that filled or were cancelled before anybody said a word."""
        for name, report in tuple(self._trading.strangers.waiting.items()):
            if name not in listed:
                self._adoption.settle(report, "gone", "")

    # ------------------------------------------------------------------ balances

    def _compare_positions(self, ts_ns: int) -> None:
        trading = self._trading
        for symbol, trip in list(trading.portfolio.open.items()):
            held_e8, counted_e8 = trading.held_e8(symbol), trip.base_e8
            if held_e8 < counted_e8:
                self._shrink(trip, held_e8, ts_ns)
                aside_e8 = trading.portfolio.aside_e8.get(trip.instrument.base_asset, 0)
                self._bar(Unbalanced(symbol, counted_e8 + aside_e8, held_e8, True, ts_ns))
        for symbol in trading.markets:
            self._compare_balance(symbol, ts_ns)

    def _shrink(self, trip: RoundTrip, held_e8: int, ts_ns: int) -> None:
        trading, symbol = self._trading, trip.instrument.symbol
        held, thought = scaled_text(held_e8, 8), scaled_text(trip.base_e8, 8)
        words = f"the venue holds {held} {trip.instrument.base_asset}, we thought {thought}"
        trading.write(Shrunk(symbol, held_e8, ts_ns))
        trading.portfolio.shrink_to(trip, held_e8, ts_ns)
        told = self._find(f"The position of {symbol} follows the venue: {words}.")
        trading.notice("critical", BALANCE, f"{told} No entries of {symbol} until somebody accepts that.")
        self._reports.tell_trade(trip, None, words)

    def _compare_balance(self, symbol: Symbol, ts_ns: int) -> None:
        """Compare what the venue holds with what was counted, ours and what was there besides; bar what differs."""
        trading, it = self._trading, self._trading.markets[symbol].instrument
        trip, held_e8 = trading.portfolio.open.get(symbol), trading.held_e8(symbol)
        ours_e8 = trip.base_e8 if trip else 0
        aside_e8 = trading.portfolio.aside_e8.get(it.base_asset)
        if aside_e8 is None:
            self._adoption.balance(symbol, held_e8 - ours_e8, "")
            return
        known = trading.strangers.unbalanced.get(symbol)
        if abs(held_e8 - ours_e8 - aside_e8) < it.lot_e8:
            self._suspected.pop(symbol, None)
            if known is not None and not known.is_ours:
                self._adoption.balance(symbol, aside_e8, "")
        elif known is None and self._suspected.get(symbol) == held_e8:
            self._bar(Unbalanced(symbol, ours_e8 + aside_e8, held_e8, False, ts_ns))
            words = f"The venue holds {scaled_text(held_e8, 8)} {it.base_asset}, and"
            words = f"{words} {scaled_text(ours_e8 + aside_e8, 8)} were counted"
            told = self._find(f"{words}: no entries of {symbol} until that adds up or somebody accepts it.")
            trading.notice("critical", BALANCE, f"{told} See trader reconcile.")
        elif known is None:
            self._suspected[symbol] = held_e8
            trading.do(AskAccount(is_urgent=False))

    def _bar(self, unbalanced: Unbalanced) -> None:
        self._suspected.pop(unbalanced.symbol, None)
        self._trading.write(unbalanced)
        restore_balance(self._trading, unbalanced)
