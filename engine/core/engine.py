"""The page: one method for each kind of event, and each returns the actions that it leads to, in order.

Nothing here waits, reads a clock or touches a socket: the same events in give the same actions out, live and in a
replay. Walks (a) to (d) of ``docs/architecture.md`` all pass through this file.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from engine.core import queries
from engine.core.actions import Action, Cancel, Query, Send
from engine.core.bands import Bands
from engine.core.config import TradingConfig
from engine.core.exits import due_exit
from engine.core.instrument import Instrument, scaled_text
from engine.core.memory import restore
from engine.core.orders import Fill, Order
from engine.core.people import People
from engine.core.portfolio import RoundTrip
from engine.core.queries import Identity, Roster, Tally
from engine.core.records import AnyRecord, Failed, Reported, Shrunk, Started
from engine.core.strategies.event.headlines import HeadlineStrategy
from engine.core.strategies.technical.base import Technical
from engine.core.strategies.technical.order_flow import OrderFlowStrategy
from engine.core.strategies.technical.sma_cross import SmaCrossStrategy
from engine.core.trading import ORDER_PREFIX, AccountKind, Trading
from engine.core.types import (
    AccountSnapshot,
    BookUpdate,
    Candle,
    ExecutionReport,
    Headline,
    OrderState,
    Quote,
    Refusal,
    SendFailed,
    Side,
    Symbol,
    Trade,
)
from engine.core.views import order_view, trade_view
from engine.wire import events
from engine.wire.commands import AnyCommand, Reply
from engine.wire.views import HealthView

PRICES_EVERY_NS = 1_000_000_000
EXIT_AGAIN_NS = 1_000_000_000
"""An exit that did not fill is tried again after this."""
EXIT_REFUSED_NS = 10_000_000_000
"""An exit that the gate refused is tried again after this, and told of again only when the reason is another."""
FAULT_AGAIN_NS = 60_000_000_000
SETTLE_NS = 2_000_000_000
"""Balances are compared with positions only when no fill is younger than this: the two travel separately."""


class Engine:
    """Decides. Give it events in order of receipt; do what it returns, in order."""

    def __init__(
        self,
        config: TradingConfig,
        instruments: dict[Symbol, Instrument],
        account: AccountKind,
        identity: Identity,
    ) -> None:
        chosen = config.strategies
        self.technical: tuple[Technical, ...] = (
            SmaCrossStrategy(chosen.sma_cross),
            OrderFlowStrategy(chosen.order_flow),
        )
        self.headlines = HeadlineStrategy(chosen.headlines)
        everyone = (*self.technical, self.headlines)
        self.trading = Trading(config, instruments, {s.name: s.config.mode for s in everyone}, account)
        roster = Roster(
            {s.name: s.config for s in everyone},
            {s.name: s.kind for s in everyone},
            {s.name: Tally() for s in everyone},
        )
        self.people = People(self.trading, roster, identity)
        self.bands = Bands(self.trading, roster, self.people)
        self._identity = identity
        self._exit_next_ns: dict[Symbol, int] = {}
        self._exit_refused: dict[Symbol, str] = {}
        self._faults_told: dict[str, int] = {}
        self._last_fill_ns = 0
        self._prices_told_ns = 0
        self._foreign: set[str] = set()

    # ------------------------------------------------------------------ the market

    def on_trade(self, trade: Trade) -> list[Action]:
        """Take a public trade: the technical strategies step, and what they say goes through the bands."""
        self.trading.now_ns = trade.ts_recv_ns
        self.trading.markets[trade.symbol].on_trade(trade)
        for strategy in self.technical:
            if strategy.follows(trade.symbol) and (signal := strategy.on_trade(trade)) is not None:
                self.bands.on_signal(signal)
        self._look_at_exits(trade.symbol)
        return self.trading.take()

    def on_quote(self, quote: Quote) -> list[Action]:
        """Take a new best bid and ask: stops and targets of what is held are looked at."""
        self.trading.now_ns = quote.ts_recv_ns
        self.trading.markets[quote.symbol].on_quote(quote)
        self._look_at_exits(quote.symbol)
        return self.trading.take()

    def on_book(self, update: BookUpdate) -> list[Action]:
        """Take a snapshot of a book or its next change; a stop may have waited for it."""
        self.trading.now_ns = update.ts_recv_ns
        self.trading.markets[update.symbol].on_book(update)
        self._look_at_exits(update.symbol)
        return self.trading.take()

    def on_book_lost(self, symbol: Symbol, reason: str, ts_recv_ns: int) -> list[Action]:
        """Hear that a book has a gap: no entry rests on it until the next snapshot (C5, F3)."""
        self.trading.now_ns = ts_recv_ns
        book = self.trading.markets[symbol].book
        if book.is_in_sync:
            book.is_in_sync = False
            self.trading.notice("warning", "C5_BOOK_OUT_OF_SYNC", f"The book of {symbol} is out of sync: {reason}.")
        return self.trading.take()

    def on_candle(self, candle: Candle) -> list[Action]:
        """Take a finished candle of the venue's history, before the first live trade: strategies warm up on it."""
        self.trading.markets[candle.symbol].on_candle(candle)
        for strategy in self.technical:
            if strategy.follows(candle.symbol):
                strategy.on_candle(candle)
        return self.trading.take()

    # ------------------------------------------------------------------ news and people

    def on_headline(self, headline: Headline) -> list[Action]:
        """Take a classified headline, heard for the first time (walk c)."""
        self.trading.now_ns = max(headline.item.ts_recv_ns, self.trading.now_ns)
        signals = self.headlines.on_headline(headline, self.trading.markets)
        verdicts = [self.bands.on_signal(signal, headline.item) for signal in signals]
        if not verdicts:
            is_stale = self.headlines.is_stale(headline, self.trading.markets)
            verdicts = [f"ignored: {self._why_silent(headline, is_stale)}"]
        self._news_heard(headline, "; ".join(verdicts))
        return self.trading.take()

    def on_command(self, command: AnyCommand, ts_ns: int) -> tuple[Reply, list[Action]]:
        """Take what a person asks for; return the reply and the actions (walk b)."""
        self.trading.now_ns = max(ts_ns, self.trading.now_ns)
        reply = self.people.answer(command)
        return reply, self.trading.take()

    # ------------------------------------------------------------------ our orders

    def on_execution(self, report: ExecutionReport) -> list[Action]:
        """Take what the venue says of one of our orders; the same report twice changes nothing (F1, F2)."""
        self.trading.now_ns = max(report.ts_recv_ns, self.trading.now_ns)
        self._on_report(report)
        return self.trading.take()

    def on_send_failed(self, failure: SendFailed) -> list[Action]:
        """Take the news that an order was refused by the venue, or that its outcome is unknown."""
        self.trading.now_ns = max(failure.ts_recv_ns, self.trading.now_ns)
        order = self.trading.orders.on_send_failed(failure)
        if order is not None:
            self.trading.write(Failed(failure))
            if order.state is OrderState.UNKNOWN:
                self._order_doubted(order)
            else:
                self._order_changed(order)
        return self.trading.take()

    def on_account(self, account: AccountSnapshot) -> list[Action]:
        """Compare the venue's account with what we know: it is right about what exists (C14)."""
        trading = self.trading
        trading.now_ns = max(account.ts_recv_ns, trading.now_ns)
        for report in account.open_orders:
            self._on_open_order(report)
        listed = {report.client_order_id for report in account.open_orders}
        for order in trading.orders.doubt_missing(listed, account.ts_recv_ns):
            self._order_doubted(order)
        is_settled = not trading.orders.unsettled() and account.ts_recv_ns - self._last_fill_ns > SETTLE_NS
        if is_settled:
            trading.portfolio.on_balances(account.balances)
            self._compare_positions(account.ts_recv_ns)
            trading.is_reconciled = True
        elif not trading.portfolio.balances:
            trading.portfolio.on_balances(account.balances)
        if any(order.state is OrderState.UNKNOWN for order in trading.orders.unsettled()):
            trading.is_reconciled = False
        return trading.take()

    # ------------------------------------------------------------------ time, faults, memory

    def on_timer(self, ts_ns: int) -> list[Action]:
        """Take the passing of time, some ten times a second: expiries, questions about orders, prices for people."""
        trading = self.trading
        trading.now_ns = max(ts_ns, trading.now_ns)
        for proposal in trading.proposals.due(trading.now_ns):
            proposal.state, proposal.outcome = "expired", "nobody decided in time, and expiring means no"
            self.people.tell(proposal)
        for symbol in tuple(trading.portfolio.open):
            self._look_at_exits(symbol)
        for order in trading.orders.doubt_silent(trading.now_ns):
            self._order_doubted(order)
        for order in trading.orders.to_ask(trading.now_ns):
            trading.do(Query(order.approved.symbol, order.approved.client_order_id))
        trading.portfolio.peak_e8 = max(trading.portfolio.peak_e8, trading.equity_e8())
        if trading.now_ns - self._prices_told_ns >= PRICES_EVERY_NS:
            self._prices_told_ns = now_ns = trading.now_ns
            trading.publish(lambda: events.PricesMoved(ts_ns=now_ns, prices=queries.prices(trading)))
        return trading.take()

    def on_outside_health(self, health: tuple[HealthView, ...]) -> None:
        """Take how the rooms around the core are, for ``/status``."""
        self.people.outside_health = health

    def on_connection_lost(self, reason: str, ts_ns: int) -> list[Action]:
        """Hear that the line for orders broke: every open order is unknown until the venue has been asked."""
        self.trading.now_ns = max(ts_ns, self.trading.now_ns)
        for order in self.trading.orders.doubt_all(self.trading.now_ns, reason):
            self._order_changed(order)
        self.trading.notice("warning", "ORDER_LINE_LOST", f"The line for orders broke: {reason}. Reconnecting.")
        return self.trading.take()

    def on_fault(self, what: str, ts_ns: int) -> list[Action]:
        """Hear that deciding itself failed: halt, say so, and stay up to answer and to close.

        Of what was half decided, everything is done but the orders: those would rest on a decision that broke off.
        The same fault is told once a minute at most, for it may come back with every frame.
        """
        trading = self.trading
        trading.now_ns = max(ts_ns, trading.now_ns)
        for action in trading.take():
            if not isinstance(action, Send):
                trading.do(action)
        if trading.is_armed:
            trading.halt("FAULT", what)
        if trading.now_ns - self._faults_told.get(what, -FAULT_AGAIN_NS) >= FAULT_AGAIN_NS:
            self._faults_told[what] = trading.now_ns
            words = f"An internal error stopped new entries: {what}. See the engine's log."
            trading.notice("critical", "FAULT", words)
        return trading.take()

    def restore(self, records: Iterable[AnyRecord], ts_ns: int) -> list[Action]:
        """Take the journal of earlier runs, then begin a new one; open orders are unknown until asked about."""
        self.trading.now_ns = ts_ns
        restore(self.trading, self.people, records)
        self.trading.orders.doubt_all(ts_ns, "the engine was restarted")
        self.trading.write(Started(self._identity.version, self._identity.config_hash, ts_ns))
        return self.trading.take()

    # ------------------------------------------------------------------ helpers of the above

    def _look_at_exits(self, symbol: Symbol) -> None:
        trip = self.trading.portfolio.open.get(symbol)
        if trip is not None and (reason := due_exit(trip, self.trading.markets[symbol])) is not None:
            self._exit(trip, reason)

    def _exit(self, trip: RoundTrip, reason: str) -> None:
        trading, symbol = self.trading, trip.instrument.symbol
        if trading.now_ns < self._exit_next_ns.get(symbol, 0):
            return
        if trading.facts(symbol).sellable_lots <= 0:
            return  # all of it is being sold already
        self._exit_next_ns[symbol] = trading.now_ns + EXIT_AGAIN_NS
        result = trading.submit(trading.reduction(symbol, self._exit_cause(trip), f"exit:{reason}", 0))
        told = self._exit_refused.pop(symbol, "")
        if isinstance(result, Refusal):
            self._exit_next_ns[symbol] = trading.now_ns + EXIT_REFUSED_NS
            self._exit_refused[symbol] = result.code
            if result.code != told:
                words = f"The {reason} of {symbol} can't leave: {result}. {result.advice} It is tried again."
                trading.notice("critical", result.code, words)

    def _exit_cause(self, trip: RoundTrip) -> str:
        """Name the next exit of a position: the first number that no order of it bears, earlier runs included."""
        names = (f"exit:{trip.trade_id}:{trip.opened_ns}:{tries}" for tries in count())
        return next(name for name in names if not self.trading.was_ordered(name))

    def _on_report(self, report: ExecutionReport) -> None:
        changed = self.trading.on_report(report)
        if changed is None:
            return
        order, fill, trip = changed
        self.trading.write(Reported(report))
        if fill is not None:
            self._last_fill_ns = report.ts_recv_ns
        if trip is not None:
            self._trade_changed(trip, fill)
        self._order_changed(order)

    def _trade_changed(self, trip: RoundTrip, fill: Fill | None, words: str = "") -> None:
        """Tell of a round trip what became of it, with the fill that did it or in words."""
        trading, it, what = self.trading, trip.instrument, "exit"
        text = [words] if words else []
        if fill is not None:
            verb = "bought" if fill.side is Side.BUY else "sold"
            text.append(f"{verb} {it.qty_text(fill.qty_lots)} {it.base_asset} at {it.price_text(fill.price_ticks)}")
            if fill.side is Side.BUY:
                what = "opened" if trip.fills == 1 else "filled"
        if not trip.is_open:
            what = "closed"
            self._exit_next_ns.pop(it.symbol, None)
            self._exit_refused.pop(it.symbol, None)
            text.append(f"closed with {scaled_text(trip.pnl_e8(0), 2)} {it.quote_asset} ({trip.exit_reason})")
        bid, now_ns, told = trading.markets[it.symbol].bid_ticks, trading.now_ns, "; ".join(text)
        trading.publish(
            lambda: events.TradeChanged(ts_ns=now_ns, what=what, trade=trade_view(trip, bid), text=told)  # type: ignore[arg-type]
        )

    def _order_doubted(self, order: Order) -> None:
        words = f"The outcome of order {order.approved.client_order_id} is unknown ({order.reason}); asking the venue."
        self.trading.notice("warning", "ORDER_UNKNOWN", words)
        self._order_changed(order)

    def _order_changed(self, order: Order) -> None:
        instrument, now_ns = self.trading.instrument(order), self.trading.now_ns
        self.trading.publish(lambda: events.OrderChanged(ts_ns=now_ns, order=order_view(order, instrument)))
        if not order.is_open:
            self.bands.on_order_ended(order)

    def _on_open_order(self, report: ExecutionReport) -> None:
        trading, name = self.trading, report.client_order_id
        order = trading.orders.get(name)
        if order is not None:
            self._on_report(report)
            if not order.is_open and report.ts_recv_ns - order.changed_ns > SETTLE_NS:
                words = f"Order {name} has ended for us, but the venue lists it as open: cancelling it."
                trading.do(Cancel(report.symbol, order.approved.client_order_id))
                trading.notice("critical", "C14_STILL_OPEN", words)
        elif name.startswith(ORDER_PREFIX):
            trading.do(Cancel(report.symbol, name))
            trading.notice("warning", "ORPHAN_ORDER", f"Order {name} is ours but not in the journal: cancelling it.")
        elif name not in self._foreign:
            self._foreign.add(name)
            words = f"Order {name} of {report.symbol} was placed by somebody else on this account: left alone."
            trading.notice("warning", "C14_FOREIGN_ORDER", words)

    def _compare_positions(self, ts_ns: int) -> None:
        trading = self.trading
        for symbol, trip in list(trading.portfolio.open.items()):
            balance = trading.portfolio.balances.get(trip.instrument.base_asset)
            held_e8 = balance.free_e8 + balance.locked_e8 if balance else 0
            if held_e8 >= trip.base_e8:
                continue
            held, thought = scaled_text(held_e8, 8), scaled_text(trip.base_e8, 8)
            words = f"the venue holds {held} {trip.instrument.base_asset}, we thought {thought}"
            trading.write(Shrunk(symbol, held_e8, ts_ns))
            trading.portfolio.shrink_to(trip, held_e8, ts_ns)
            trading.notice("critical", "C14_BALANCE", f"{words}: the position of {symbol} follows the venue.")
            self._trade_changed(trip, None, words)

    def _why_silent(self, headline: Headline, is_stale: bool) -> str:
        if not headline.score:
            return "no rule fired"
        if not headline.symbols:
            return "it names nothing that is traded here"
        return "it is not fresh" if is_stale else "its symbols are not followed or have no price yet"

    def _news_heard(self, headline: Headline, verdict: str) -> None:
        item, now_ns = headline.item, self.trading.now_ns
        self.trading.publish(
            lambda: events.NewsHeard(
                ts_ns=now_ns,
                source=item.source,
                news_id=item.news_id,
                title=item.title,
                url=item.url,
                verdict=verdict,
                symbols=headline.symbols,
                confidence=abs(headline.score),
            )
        )
