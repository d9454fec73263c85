"""The page: one method for each kind of event, and each returns the actions that it leads to, in order.

Nothing here waits, reads a clock or touches a socket: the same events in give the same actions out, live and in a
replay. Walks (a) to (d) of ``docs/architecture.md`` all pass through this file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core import queries
from engine.core.account import AccountSnapshot
from engine.core.actions import Action, Later, Protect, Query, Replace, Send
from engine.core.bands import Bands
from engine.core.bars import seconds_left
from engine.core.calibration import Calibration, Calibrations
from engine.core.config import StrategyConfig, TradingConfig
from engine.core.facts import CLOCK_LIMIT_MS
from engine.core.instrument import Instrument
from engine.core.kept import Kept
from engine.core.kernels.market import LOOK
from engine.core.market import Market
from engine.core.memory import restore
from engine.core.newsdesk import NewsDesk
from engine.core.people import People
from engine.core.protection import Protection
from engine.core.protector import Protector
from engine.core.queries import Identity, Roster, Tally
from engine.core.reconcile import SETTLE_NS, Reconciliation
from engine.core.record_codec import AnyRecord
from engine.core.records import Listed, Started
from engine.core.reports import Reports
from engine.core.second_opinion import SecondOpinions
from engine.core.strategies.arbitrage import ArbitrageStrategy
from engine.core.strategies.event.headlines import HeadlineStrategy
from engine.core.strategies.fundamental.fair_value import FairValueStrategy
from engine.core.strategies.technical.crew import Crew
from engine.core.strategies.technical.stepping import after_quote, after_trade
from engine.core.tidings import FairValue, Headline, Opinion
from engine.core.trading import AccountKind, Trading
from engine.core.types import ApprovedOrder, BookUpdate, Candle, ExecutionReport, Quote, SendFailed, Symbol, Trade
from engine.core.uncalibrated import tell_calibrations
from engine.core.units import change_instrument
from engine.core.user_stream import UserStream
from engine.core.valuedesk import ValueDesk
from engine.wire import events
from engine.wire.commands import AnyCommand
from engine.wire.drill import DrillReport
from engine.wire.replies import Reply
from engine.wire.views import HealthView

__all__ = ["SETTLE_NS", "Engine"]

PRICES_EVERY_NS = 1_000_000_000
FAULT_AGAIN_NS = 60_000_000_000
"""The same fault is told again after this at the earliest: it may come back with every frame."""


class Engine:
    """Decides. Give it events in order of receipt; do what it returns, in order."""

    def __init__(
        self,
        config: TradingConfig,
        instruments: dict[Symbol, Instrument],
        account: AccountKind,
        identity: Identity,
        measured: Iterable[Calibration] = (),
    ) -> None:
        """Begin with nothing heard; ``measured``: what the strategies' scores have been worth."""
        chosen = config.strategies
        self.technical = Crew(chosen)
        self.headlines = HeadlineStrategy(chosen.headlines)
        self.fair_value = FairValueStrategy(chosen.fair_value)
        self.arbitrage = ArbitrageStrategy(chosen.arbitrage)
        everyone = (*self.technical, self.headlines, self.fair_value, self.arbitrage)
        self._by_name: dict[str, Any] = {strategy.name: strategy for strategy in everyone}
        modes = {s.name: s.config.mode for s in everyone}
        self.trading = Trading(config, instruments, modes, account, self.technical.size)
        configs = {s.name: s.config for s in everyone}
        self.calibrations = Calibrations(measured, configs, config.people.fee_pct, identity.version)
        roster = Roster(
            configs,
            {s.name: s.kind for s in everyone},
            {s.name: Tally() for s in everyone},
            {s.name: s.reasons for s in self.technical},
            self.calibrations,
        )
        self.people = People(self.trading, roster, identity)
        self.people.parameters.on_change = self._set_strategy
        self.bands = Bands(self.trading, roster, self.people)
        self.opinions = SecondOpinions(self.trading, roster, self.people.hand)
        self.newsdesk = NewsDesk(self.trading, self.headlines, self.bands)
        self.valuedesk = ValueDesk(self.trading, self.fair_value, self.bands)
        self.protection = Protection(self.trading)
        self.protector = Protector(self.trading)
        self.reports = Reports(self.trading, self.bands, self.people.breakers)
        self.reconciliation = Reconciliation(self.trading, self.reports, self.people.adoption)
        self.user_stream = UserStream(self.trading)
        self._identity = identity
        self._faults_told: dict[str, int] = {}
        self._prices_told_ns = 0
        self._modes_seen = 0
        self._follow()

    # ------------------------------------------------------------------ the market

    def on_trade(self, trade: Trade) -> list[Action]:
        """Take a public trade: the technical strategies step, and what they say goes through the bands."""
        market = self.trading.heard[trade.symbol]
        return self.on_stirred(market, market.on_trade(trade) | after_trade(market.numbers), trade.ts_recv_ns)

    def on_quote(self, quote: Quote) -> list[Action]:
        """Take a new best bid and ask: strategies that hear quotes step, and exits of what is held are looked at."""
        market = self.trading.heard[quote.symbol]
        return self.on_stirred(market, market.on_quote(quote) | after_quote(market.numbers), quote.ts_recv_ns)

    def on_stirred(self, market: Market, stirred: int, ts_recv_ns: int) -> list[Action]:
        """Go on where a trade or quote that the market has taken stirred something: bits of ``kernels.market``."""
        trading = self.trading
        trading.now_ns = ts_recv_ns
        for strategy in self.technical.speakers[stirred]:
            self.bands.on_signal(strategy.signal(market))
        if stirred & LOOK:
            market.watch(self.protection.look(market.symbol))
        return trading.take()

    def on_book(self, update: BookUpdate) -> list[Action]:
        """Take a snapshot of a book or its next change; a stop may have waited for it."""
        self.trading.now_ns = update.ts_recv_ns
        self.trading.heard[update.symbol].on_book(update)
        self.protection.look(update.symbol)
        return self.trading.take()

    def on_book_lost(self, symbol: Symbol, reason: str, ts_recv_ns: int) -> list[Action]:
        """Hear that a book has a gap: no entry rests on it until the next snapshot (C5, F3)."""
        self.trading.now_ns = ts_recv_ns
        book = self.trading.heard[symbol].book
        if book.is_in_sync:
            book.is_in_sync = False
            self.trading.notice("warning", "C5_BOOK_OUT_OF_SYNC", f"The book of {symbol} is out of sync: {reason}.")
        return self.trading.take()

    def on_candle(self, candle: Candle) -> list[Action]:
        """Take a finished candle of the venue's history, before the first live trade: strategies warm up on it."""
        self.trading.markets[candle.symbol].on_candle(candle)
        self.technical.on_candle(candle, self.trading.markets[candle.symbol])
        return self.trading.take()

    def on_instrument(self, instrument: Instrument) -> list[Action]:
        """Take a symbol's changed rules: the next order is checked against them (F25)."""
        change_instrument(self.trading, instrument)
        return self.trading.take()

    # ------------------------------------------------------------------ news and people

    def on_headline(self, headline: Headline) -> list[Action]:
        """Take a classified headline, heard for the first time (walk c)."""
        self.trading.now_ns = max(headline.item.ts_recv_ns, self.trading.now_ns)
        self.newsdesk.on_headline(headline)
        return self.trading.take()

    def on_fair_value(self, value: FairValue) -> list[Action]:
        """Take what an asset is worth by the slow numbers."""
        self.trading.now_ns = max(value.ts_recv_ns, self.trading.now_ns)
        self.valuedesk.on_value(value)
        return self.trading.take()

    def on_opinion(self, opinion: Opinion) -> list[Action]:
        """Take a slower model's opinion on a headline: of its open questions, and nothing that has left."""
        self.trading.now_ns = max(opinion.ts_recv_ns, self.trading.now_ns)
        self.opinions.take(opinion)
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
        self.reports.on_report(report)
        self.protector.follow(report.symbol)
        return self.trading.take()

    def on_send_failed(self, failure: SendFailed) -> list[Action]:
        """Take the news that an order was refused by the venue, or that its outcome is unknown."""
        self.trading.now_ns = max(failure.ts_recv_ns, self.trading.now_ns)
        self.reports.on_failure(failure)
        self.protector.on_failure(failure)
        return self.trading.take()

    def on_account(self, account: AccountSnapshot) -> list[Action]:
        """Compare the venue's account with what we know: it is right about what exists (C14)."""
        self.trading.now_ns = max(account.ts_recv_ns, self.trading.now_ns)
        self.reconciliation.compare(account)
        self.protector.look_at_all()
        self.people.kill.on_account(account)
        return self.trading.take()

    # ------------------------------------------------------------------ time, faults, memory

    def on_timer(self, ts_ns: int) -> list[Action]:
        """Take the passing of time, some ten times a second: expiries, questions about orders, prices for people."""
        trading = self.trading
        trading.now_ns = max(ts_ns, trading.now_ns)
        trading.forget_causes()
        self.people.kill.look()
        self.people.dead_man.look()
        self.user_stream.look()
        self.protection.look_at_all()
        self.protector.look_at_all()
        for proposal in trading.proposals.due(trading.now_ns):
            if proposal.goes:
                self.bands.veto.go(proposal)
                continue
            proposal.state, proposal.outcome = "expired", "nobody decided in time, and expiring means no"
            self.people.hand.tell(proposal)
        self.people.hand.approvals.on_timer()
        self.people.hand.missed.on_timer()
        for order in trading.orders.doubt_silent(trading.now_ns):
            self.reports.tell_doubt(order)
        for order in trading.orders.to_ask(trading.now_ns):
            trading.do(Query(order.approved.symbol, order.approved.client_order_id))
        self.reports.equity.on_timer()
        self.newsdesk.on_timer()
        self.valuedesk.on_timer()
        self.people.watches.look()
        self.people.hand.look()
        for market in trading.markets.values():
            trading.past.follow(market)
        if trading.modes.changes != self._modes_seen:
            self._follow()
        if trading.now_ns - self._prices_told_ns >= PRICES_EVERY_NS:
            self._prices_told_ns = now_ns = trading.now_ns
            trading.publish(lambda: events.PricesMoved(ts_ns=now_ns, prices=queries.prices(trading)))
        return trading.take()

    def on_history(self, symbol: Symbol, rows: NDArray[np.int64]) -> None:
        """Take candles from before those that are known, for people's questions; columns as in ``kernels.tape``."""
        self.trading.past.follow(self.trading.markets[symbol])
        self.trading.past.candles(symbol).fill_before(rows)

    def on_drill_done(self, report: DrillReport | None, why: str) -> list[Action]:
        """Take what a drill found; None where it could not run, and why."""
        self.people.drills.on_done(report, why)
        return self.trading.take()

    def on_outside_health(self, health: tuple[HealthView, ...]) -> None:
        """Take how the rooms around the core are, for ``/status``."""
        self.people.outside_health = health

    def on_connection_lost(self, reason: str, ts_ns: int) -> list[Action]:
        """Hear that the line for orders broke: every open order is unknown until the venue has been asked."""
        self.trading.now_ns = max(ts_ns, self.trading.now_ns)
        for order in self.trading.orders.doubt_all(self.trading.now_ns, reason):
            self.reports.tell_order(order)
        self.trading.notice("warning", "ORDER_LINE_LOST", f"The line for orders broke: {reason}. Reconnecting.")
        return self.trading.take()

    def on_user_stream(self, is_up: bool, ts_ns: int) -> list[Action]:
        """Hear that the venue tells of our orders no more, or again (C13)."""
        self.trading.now_ns = max(ts_ns, self.trading.now_ns)
        self.user_stream.on_change(is_up=is_up)
        return self.trading.take()

    def on_clock(self, offset_ms: int) -> list[Action]:
        """Take the venue's clock less ours, as it was just measured: too far off, and there are no entries (C17)."""
        trading = self.trading
        was_well, trading.clock_offset_ms = _is_clock_well(trading.clock_offset_ms), offset_ms
        if was_well and not _is_clock_well(offset_ms):
            words = f"The venue's clock is {offset_ms:+d} ms from ours: no entries until they agree within"
            trading.notice("critical", "C17_CLOCK", f"{words} {CLOCK_LIMIT_MS} ms. Check this machine's clock.")
        return trading.take()

    def on_silenced(self, is_banned: bool, until_ns: int, ts_ns: int) -> list[Action]:
        """Hear that the venue wants silence for a while (F7); banned, trading halts as well."""
        trading = self.trading
        trading.now_ns = max(ts_ns, trading.now_ns)
        trading.silent_until_ns = max(until_ns, trading.silent_until_ns)
        words = f"for another {seconds_left(until_ns, ts_ns)} s; nothing is sent until then"
        if is_banned:
            if trading.is_armed:
                trading.halt("C7_BANNED", "the venue has banned us")
            trading.notice("critical", "C7_BANNED", f"The venue has banned this address {words}. Trading is halted.")
        else:
            trading.notice("warning", "C7_SILENCE", f"The venue wants silence {words}.")
        return trading.take()

    def on_gap(self, is_over: bool, stood_ns: int, ts_ns: int) -> list[Action]:
        """Hear that we stood still for so long, so that what is heard now is old; or that we have caught up (F27).

        No entry rests on what waited in the sockets. Exits go on.
        """
        trading = self.trading
        trading.now_ns = max(ts_ns, trading.now_ns)
        words = f"the engine stood still for {stood_ns / 1e9:.1f} s, and what is heard now may be as old"
        trading.bars.stand_still("" if is_over else words)
        return trading.take()

    def on_mismatch(self, order: ApprovedOrder, ts_ns: int) -> list[Action]:
        """Hear that an order was stopped at the last hop, because no cause stands behind it (C15): halt, and ask."""
        trading = self.trading
        trading.now_ns = max(ts_ns, trading.now_ns)
        name = order.client_order_id
        words = f"Order {name} was stopped at the last hop: nothing that came in asked for it ({order.cause_id})."
        trading.halt("C15_MISMATCH", words)
        trading.notice("critical", "C15_MISMATCH", f"{words} This is a bug: see the engine's log.")
        # It may be the copy of one that did leave, so the venue is asked what it has of that name.
        self.reports.on_failure(SendFailed(name, True, 0, "stopped at the last hop", trading.now_ns))
        return trading.take()

    def after(self, later: Later) -> list[Action]:
        """Go on with what was put off until every order had left."""
        later.go_on()
        return self.trading.take()

    def on_fault(self, what: str, ts_ns: int) -> list[Action]:
        """Hear that deciding itself failed: halt, say so, and stay up to answer and to close.

        Of what was half decided, everything is done but the orders: those would rest on a decision that broke off.
        """
        trading = self.trading
        trading.now_ns = max(ts_ns, trading.now_ns)
        for action in trading.take():
            if not isinstance(action, Send | Replace | Protect | Later):
                trading.do(action)
        if trading.is_armed:
            trading.halt("FAULT", what)
        if trading.now_ns - self._faults_told.get(what, -FAULT_AGAIN_NS) >= FAULT_AGAIN_NS:
            self._faults_told[what] = trading.now_ns
            words = f"An internal error stopped new entries: {what}. See the engine's log."
            trading.notice("critical", "FAULT", words)
        return trading.take()

    def on_stood_still(self, seconds: float, ts_ns: int) -> list[Action]:
        """Hear that the loop was blocked, so that what arrived meanwhile is heard late (F27)."""
        self.trading.now_ns = max(ts_ns, self.trading.now_ns)
        words = f"The engine stood still for {seconds:.1f} s: what arrived meanwhile was heard late."
        self.trading.notice("critical", "LOOP_BLOCKED", words)
        return self.trading.take()

    def restore(
        self,
        records: Iterable[AnyRecord],
        ts_ns: int,
        kept: Kept | None = None,
        keep: Callable[[Kept], None] | None = None,
    ) -> list[Action]:
        """Take the journal of earlier runs, then begin a new one; open orders are unknown until asked about.

        ``kept``: what the records before these came to; ``keep`` is given what all of them come to.
        """
        trading = self.trading
        trading.now_ns = ts_ns
        trading.write(Started(self._identity.version, self._identity.config_hash, ts_ns))
        for it in (market.instrument for market in trading.heard.values()):
            trading.write(Listed(it.symbol, it.base_asset, it.quote_asset, it.tick_e8, it.lot_e8, ts_ns))
        restore(trading, self.people, records, kept, keep)
        trading.orders.doubt_all(ts_ns, "the engine was restarted")
        self.people.kill.go_on()
        self.people.breakers.go_on()
        self.bands.catch_up()
        self.newsdesk.go_on()
        tell_calibrations(trading, self.calibrations)
        return trading.take()

    def _set_strategy(self, name: str, config: StrategyConfig) -> None:
        """Have a strategy go by other settings of its own kind from now on."""
        self._by_name[name].config = config
        self.calibrations.follow(name, config)
        self._follow()

    def _follow(self) -> None:
        """Let those technical strategies step that are not off; one just turned on warms up on the candles here."""
        self._modes_seen = self.trading.modes.changes
        for market in self.trading.markets.values():
            self.technical.follow(market, self.trading.modes.is_on)


def _is_clock_well(offset_ms: int | None) -> bool:
    return offset_ms is None or abs(offset_ms) <= CLOCK_LIMIT_MS
