"""The wiring for the market as it happens: the venue's events in, the engine's actions out.

Lay it beside ``research/backtest.py``: the two differ in who supplies the events and who performs the actions, and
in nothing else. Between a frame and an order's bytes there is no await and no queue: the socket's callback runs
through ``on_trade``, the engine, and ``_perform`` to the write on the order socket.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from engine.clock import now_ns, ticks_ns
from engine.control.server import ControlServer
from engine.core.account import AccountSnapshot
from engine.core.actions import Action, AskAccount, Cancel, Later, Protect, Publish, Query, Replace, Send, Write
from engine.core.engine import Engine
from engine.core.instrument import Instrument
from engine.core.market import Market
from engine.core.records import Intended
from engine.core.tidings import FairValue, Headline, Opinion
from engine.core.types import (
    ApprovedOrder,
    ApprovedProtection,
    BookUpdate,
    Candle,
    ExecutionReport,
    OrderState,
    Quote,
    SendFailed,
    Symbol,
    Trade,
)
from engine.latency import Ledger
from engine.pen import Memory, Pen
from engine.store.inputs import Clock, Gap, Lost, Silenced, Stream, Tick, encode_input
from engine.store.recorder import Recorder, Tagged
from engine.venues.binance.orders import BinanceOrders
from engine.wire.answers import WhyView
from engine.wire.commands import AnyCommand, GetLatency
from engine.wire.replies import Reply, Snapshot
from engine.wire.views import StageView

TIMER_S: Final = 0.1
LATE_NS: Final = 1_000_000_000
"""A timer that is later than this had its event loop blocked (F27)."""
_NEVER: Final = 1 << 62
_BAD_AGAIN_NS: Final = 1_000_000_000
"""Of bad frames one a second is logged: a feed that has gone mad must not fill the disk as well."""
_log = logging.getLogger(__name__)


class Live:
    """Takes every event in order of receipt, gives it to the engine, and performs what comes back."""

    def __init__(self, engine: Engine, journal: Memory, recorder: Recorder | Tagged | None) -> None:
        self.engine = engine
        self.ledger = Ledger()
        engine.trading.stamp = ticks_ns
        self.rehearsed: Callable[[], tuple[StageView, ...]] = tuple
        """Says what rehearsals measured, where there are any."""
        self.bad_frames = 0
        self._bad_told_ns = 0
        self.orders: BinanceOrders | None = None
        self.control: ControlServer | None = None
        self.wants_account = asyncio.Event()
        """Set when something happened after which the account should be compared soon."""
        self.is_account_urgent = False
        """Somebody waits for that comparison."""
        self.on_beat: Callable[[], None] = lambda: None
        """Called after each timer that was decided on."""
        self._pen = Pen(journal)
        self._pen.on_trouble = self._on_trouble
        self._recorder = recorder
        self.on_gap: Callable[[], None] = lambda: None
        """Called when the loop has stood still: whoever brings the market then finds out when it has caught up."""
        self.has_caught_up: Callable[[], bool] = lambda: True
        """Says whether everything has been heard that waited in the sockets since ``on_gap``."""
        self._timer_ns = 0
        self._is_streaming = True
        self._late_ns = _NEVER
        """A timer that has not come by then means that the loop stood still. One compare for each decision."""
        self._is_behind = False

    # ------------------------------------------------------------------ the market

    @property
    def express(self) -> Mapping[Symbol, Market] | None:
        """The markets into which frames may be taken straight; None while every event is recorded."""
        return self.engine.trading.heard if self._recorder is None else None

    def on_stirred(self, market: Market, stirred: int, ts_recv_ns: int) -> None:
        """Go on where a trade or a quote that its market has taken stirred something."""
        # As ``_hear``, written out: with calls in between it takes 0.3 µs more, cold 1.2 µs.
        if ts_recv_ns > self._late_ns:
            self._stood_still(ts_recv_ns)
        self.ledger.decoded = ticks_ns()
        try:
            actions = self.engine.on_stirred(market, stirred, ts_recv_ns)
        except Exception as error:  # noqa: BLE001  the outermost loop of deciding, as there
            actions = self._broke_off("market", error)
        if actions:
            self.perform(actions)
            if self.ledger.has_sent:
                self.ledger.keep("market", ts_recv_ns)

    def on_step_failed(self, error: Exception) -> None:
        """Hear that a strategy's step raised, where frames are taken straight: deciding that broke off."""
        self.perform(self._broke_off("market", error))

    def on_trade(self, trade: Trade) -> None:
        """Take one public trade."""
        self._hear("trade", trade, trade.ts_recv_ns, self.engine.on_trade)

    def on_quote(self, quote: Quote) -> None:
        """Take a new best bid and ask."""
        self._hear("quote", quote, quote.ts_recv_ns, self.engine.on_quote)

    def on_book(self, update: BookUpdate) -> None:
        """Take a snapshot of a book or its next change."""
        self._hear("book", update, update.ts_recv_ns, self.engine.on_book)

    def on_book_lost(self, symbol: Symbol, reason: str, ts_recv_ns: int) -> None:
        """Hear that a book is out of sequence."""
        self._hear("lost", Lost(symbol, reason, ts_recv_ns), ts_recv_ns, self._book_lost)

    def on_bad_frame(self, reason: str, ts_recv_ns: int) -> None:
        """Count a frame that made no sense (F15)."""
        self.bad_frames += 1
        if ts_recv_ns - self._bad_told_ns >= _BAD_AGAIN_NS:
            self._bad_told_ns = ts_recv_ns
            _log.warning("a frame was dropped, %d so far: %s", self.bad_frames, reason)

    def on_candle(self, candle: Candle) -> None:
        """Take a candle of the venue's history."""
        self._hear("candle", candle, now_ns(), self.engine.on_candle)

    def on_instrument(self, instrument: Instrument) -> None:
        """Take a symbol's changed rules (F25)."""
        self._hear("instrument", instrument, now_ns(), self.engine.on_instrument)

    def on_clock_offset(self, offset_ms: int) -> None:
        """Take the venue's clock less ours, as it was just measured; signatures use it from here on."""
        self._hear("clock", Clock(offset_ms), now_ns(), lambda clock: self.engine.on_clock(clock.offset_ms))

    # ------------------------------------------------------------------ news and people

    def on_headline(self, headline: Headline) -> None:
        """Take a classified headline."""
        self._hear("headline", headline, headline.item.ts_recv_ns, self.engine.on_headline)

    def on_fair_value(self, value: FairValue) -> None:
        """Take what an asset is worth by the slow numbers."""
        self._hear("fair_value", value, value.ts_recv_ns, self.engine.on_fair_value)

    def on_opinion(self, opinion: Opinion) -> None:
        """Take a slower model's opinion on a headline."""
        self._hear("opinion", opinion, opinion.ts_recv_ns, self.engine.on_opinion)

    def on_command(self, command: AnyCommand) -> Reply:
        """Carry out what a person asks for; the reply stands behind the events that it led to."""
        if isinstance(command, GetLatency):
            return Reply(command.id, True, "OK", "", self.ledger.view(self.rehearsed()))
        ts_ns = now_ns()
        replies: list[Reply] = []

        def decide(asked: AnyCommand) -> list[Action]:
            reply, actions = self.engine.on_command(asked, ts_ns)
            replies.append(reply)
            return actions

        self._hear("command", command, ts_ns, decide)
        if not replies:
            return Reply(command.id, False, "FAULT", "An internal error stopped this: see the engine's log.")
        reply = replies[0]
        if isinstance(reply.result, WhyView):
            stamps = self.ledger.of(reply.result.client_order_id)
            return msgspec.structs.replace(reply, result=msgspec.structs.replace(reply.result, latency=stamps))
        if isinstance(reply.result, Snapshot) and self.control is not None:
            return msgspec.structs.replace(reply, result=msgspec.structs.replace(reply.result, seq=self.control.seq))
        return reply

    # ------------------------------------------------------------------ our orders

    def on_execution(self, report: ExecutionReport) -> None:
        """Take what the venue says of one of our orders."""
        self._hear("execution", report, report.ts_recv_ns, self.engine.on_execution)
        is_filled = report.state is OrderState.FILLED
        self.ledger.answered(report.client_order_id, report.ts_recv_ns, is_filled=is_filled)
        self.wants_account.set()

    def on_send_failed(self, failure: SendFailed) -> None:
        """Hear that an order was refused or that its outcome is unknown."""
        self._hear("failure", failure, failure.ts_recv_ns, self.engine.on_send_failed)

    def on_account(self, account: AccountSnapshot) -> None:
        """Take the venue's account."""
        self._hear("account", account, account.ts_recv_ns, self.engine.on_account)

    def on_connection_lost(self, reason: str) -> None:
        """Hear that the line for orders broke."""
        ts_ns = now_ns()
        self._hear("line_lost", Lost(Symbol(""), reason, ts_ns), ts_ns, self._connection_lost)
        self.wants_account.set()

    def turn(self, kind: str, decide: Callable[[int], None]) -> None:
        """Let something decide that looks by itself and is told of no event; then do what waits in the core."""
        ts_ns = now_ns()

        def turned(tick: Tick) -> list[Action]:
            decide(tick.ts_recv_ns)
            return self.engine.trading.take()

        self._hear(kind, Tick(ts_ns), ts_ns, turned)

    def catch_up(self) -> None:
        """Do what waits in the core because something that was heard elsewhere decided it."""
        self._hear("pair", None, now_ns(), lambda _: self.engine.trading.take())

    def on_timer(self) -> None:
        """Let time pass; say so when it passed without us (F27)."""
        ts_ns, before_ns = now_ns(), self._timer_ns
        self._timer_ns = ts_ns
        if ts_ns > self._late_ns:
            self._stood_still(ts_ns)
        self._late_ns = ts_ns + LATE_NS
        if before_ns and ts_ns - before_ns > LATE_NS:
            seconds = (ts_ns - before_ns) / 1e9
            _log.error("the engine stood still for %.1f s", seconds)
            self.perform(self.engine.on_stood_still(seconds, ts_ns))
        self._look_at_stream(ts_ns)
        self._hear("timer", Tick(ts_ns), ts_ns, lambda tick: self.engine.on_timer(tick.ts_recv_ns))

    def look_behind(self) -> None:
        """After a gap, let entries go on once all that waited was heard; called after each beat."""
        if self._is_behind and self.has_caught_up():
            self._is_behind, ts_ns = False, now_ns()
            self._hear("gap", Gap(True, 0, ts_ns), ts_ns, self._gap)

    def on_silenced(self, is_banned: bool, wait_s: float) -> None:
        """Hear that the venue wants silence for so long, or has banned us until then (F7)."""
        ts_ns = now_ns()
        self._hear("silenced", Silenced(is_banned, ts_ns + int(wait_s * 1e9), ts_ns), ts_ns, self._silenced)

    def on_sent(self, ts_ns: int, data: bytes) -> None:
        """Keep the bytes of an order that left, when a session is recorded."""
        if self._recorder is not None:
            self._recorder.record(ts_ns, "order", data)

    def health(self) -> list[tuple[str, bool, str]]:
        """Say how the journal is, and the recording where there is one: name, whether it is well, what is wrong."""
        if self._recorder is None:
            return [self._pen.health()]
        return [self._pen.health(), ("recording", not self._recorder.failure, self._recorder.failure or "written")]

    # ------------------------------------------------------------------ deciding and doing

    def _book_lost(self, lost: Lost) -> list[Action]:
        return self.engine.on_book_lost(lost.symbol, lost.reason, lost.ts_recv_ns)

    def _connection_lost(self, lost: Lost) -> list[Action]:
        return self.engine.on_connection_lost(lost.reason, lost.ts_recv_ns)

    def _silenced(self, heard: Silenced) -> list[Action]:
        return self.engine.on_silenced(heard.is_banned, heard.until_ns, heard.ts_recv_ns)

    def _look_at_stream(self, ts_ns: int) -> None:
        """Tell the core when the venue begins or ceases to tell of our orders (C13)."""
        is_up = self.orders is None or self.orders.is_streaming
        if is_up is not self._is_streaming:
            self._is_streaming = is_up
            stream = Stream(is_up, ts_ns)
            self._hear("stream", stream, ts_ns, lambda it: self.engine.on_user_stream(it.is_up, it.ts_recv_ns))

    def _gap(self, gap: Gap) -> list[Action]:
        return self.engine.on_gap(gap.is_over, gap.stood_ns, gap.ts_recv_ns)

    def _stood_still(self, ts_ns: int) -> None:
        """Bar entries before anything is decided on what waited in the sockets while the loop stood still (F27)."""
        stood_ns, self._late_ns, self._is_behind = ts_ns - self._late_ns + LATE_NS, _NEVER, True
        self.on_gap()
        self._hear("gap", Gap(False, stood_ns, ts_ns), ts_ns, self._gap)

    def _hear(self, kind: str, event: Any, ts_ns: int, decide: Callable[[Any], list[Action]]) -> None:
        """Let the core decide on an event, do what it wants, and count how long an order took.

        It is recorded unless it is None: then it was heard elsewhere.
        """
        if event is not None and self._recorder is not None:
            self._recorder.record(ts_ns, kind, encode_input(event))
        if ts_ns > self._late_ns:
            self._stood_still(ts_ns)
        self.ledger.decoded = ticks_ns()
        try:
            actions = decide(event)
        except Exception as error:  # noqa: BLE001  the outermost loop of deciding: halt, say so, stay up
            actions = self._broke_off(kind, error)
        if actions:
            self.perform(actions)
            if self.ledger.has_sent:
                self.ledger.keep(kind, ts_ns)

    def _after(self, later: Later) -> list[Action]:
        """Let the core go on with what was put off."""
        try:
            return self.engine.after(later)
        except Exception as error:  # noqa: BLE001  the same
            return self._broke_off("thing put off", error)

    def _broke_off(self, kind: str, error: Exception) -> list[Action]:
        _log.error("deciding on a %s failed", kind, exc_info=error)
        return self.engine.on_fault(f"{type(error).__name__} on a {kind}", now_ns())

    def perform(self, actions: Sequence[Action]) -> None:
        """Do what was decided: write, send and ask in order; then tell, and let the core go on with what it put off."""
        unsent: list[ApprovedOrder] = []
        for action in actions:
            if isinstance(action, Send):
                if not self._send(action):
                    unsent.append(action.order)
            elif isinstance(action, Write):
                self._pen.write(action.record)
            elif isinstance(action, Cancel) and self.orders is not None:
                self.orders.cancel(action.symbol, action.client_order_id)
            elif isinstance(action, Query) and self.orders is not None:
                self.orders.query(action.symbol, action.client_order_id)
            elif isinstance(action, AskAccount):
                self.is_account_urgent |= action.is_urgent
                self.wants_account.set()
            elif isinstance(action, Replace):
                unsent += self._replace(action)
            elif isinstance(action, Protect):
                unsent += self._protect(action.protection)
        for action in actions:
            if isinstance(action, Later):
                self.perform(self._after(action))
            elif isinstance(action, Publish) and self.control is not None:
                if self.control.watchers:
                    self.control.publish(action.make())
                else:
                    self.control.pass_over()
        for order in unsent:
            self._not_sent(order)

    def _send(self, action: Send) -> bool:
        """Write an order's intent, look once more whether a cause stands behind it (C15), and send it."""
        order = action.order
        is_written = self._pen.write(Intended(order))
        if not is_written or self.orders is None or not self.engine.trading.last_hop.passes(order):
            return False
        journaled = ticks_ns()
        if self.orders.send(order):
            self.ledger.sent(order.client_order_id, action.decided, action.gated, journaled)
        return True

    def _replace(self, action: Replace) -> tuple[ApprovedOrder, ...]:
        """Do the same for a sale that takes the place of a protective order; return what could not leave."""
        if not self._may_leave(action.order) or self.orders is None:
            return (action.order,)
        self.orders.replace(action.order, action.cancelled, action.along)
        return ()

    def _protect(self, protection: ApprovedProtection) -> tuple[ApprovedOrder, ...]:
        """Do the same for a stop and a target; both leave or none."""
        stopped = [leg for leg in protection.orders if not self._may_leave(leg)]
        if stopped or self.orders is None:
            return protection.orders
        self.orders.send_protection(protection)
        return ()

    def _may_leave(self, order: ApprovedOrder) -> bool:
        return self._pen.write(Intended(order)) and self.engine.trading.last_hop.passes(order)

    def _on_trouble(self, why: str, is_gone: bool) -> None:
        """Hear that the journal can't be written (F17): halt; what protects stays where nothing can take its place."""
        _log.critical("the journal can't be written: %s", why)
        self.engine.trading.resting.is_frozen = is_gone
        self.perform(self.engine.on_fault(f"the journal can't be written: {why}", now_ns()))

    def _not_sent(self, order: ApprovedOrder) -> None:
        """Tell the core that an order could not leave: for want of a journal or a line, or of a cause."""
        if self._pen.trouble or self.orders is None:
            reason = "not sent: " + (self._pen.trouble or "there is no line for orders")
            self.on_send_failed(SendFailed(order.client_order_id, False, 0, reason, now_ns()))
            return
        _log.critical("stopped at the last hop, no cause stands behind it: %s", order)
        self.perform(self.engine.on_mismatch(order, now_ns()))


async def beat(live: Live) -> None:
    """Let the engine know ten times a second that time passes."""
    while True:
        live.on_timer()
        live.on_beat()
        live.look_behind()
        await asyncio.sleep(TIMER_S)
