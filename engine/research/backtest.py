"""The wiring for the market as it was: recorded events in, the same engine, an exchange in this process.

Lay it beside ``live.py``: the two differ in who supplies the events and who performs the actions, and in nothing
else. Time is what the events say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from engine.core.actions import Action, Cancel, Later, Protect, Publish, Query, Replace, Send, Write
from engine.core.engine import Engine
from engine.core.record_codec import AnyRecord
from engine.core.records import Intended
from engine.core.tidings import Headline
from engine.core.types import (
    ApprovedOrder,
    ApprovedProtection,
    BookUpdate,
    ExecutionReport,
    Quote,
    ReplaceMode,
    Symbol,
    Trade,
)
from engine.venues.paper.local import LocalExchange
from engine.wire.commands import AnyCommand
from engine.wire.events import AnyEvent
from engine.wire.replies import Reply

TIMER_NS: Final = 100_000_000
ACCOUNT_NS: Final = 30_000_000_000


class Backtest:
    """Takes market events in order of receipt; the exchange hears them first, then the engine."""

    def __init__(self, engine: Engine, exchange: LocalExchange, on_event: Callable[[AnyEvent], None]) -> None:
        self.engine = engine
        self.exchange = exchange
        self.sent: list[ApprovedOrder] = []
        self.protective: list[ApprovedOrder] = []
        """The stops and targets that were sent to wait at the exchange."""
        self.journal: list[AnyRecord] = []
        self.bad_frames = 0
        self._on_event = on_event
        self._now_ns = 0
        self._timer_ns = 0
        self._account_ns = 0
        self._perform(engine.on_clock(0))  # the tape's time is the only one here

    def on_trade(self, trade: Trade) -> None:
        """Take one public trade."""
        self._until(trade.ts_recv_ns)
        self.exchange.on_trade(trade)
        self._perform(self.engine.on_trade(trade))

    def on_quote(self, quote: Quote) -> None:
        """Take a new best bid and ask."""
        self._until(quote.ts_recv_ns)
        self.exchange.on_quote(quote)
        self._perform(self.engine.on_quote(quote))

    def on_book(self, update: BookUpdate) -> None:
        """Take a snapshot of a book or its next change."""
        self._until(update.ts_recv_ns)
        self.exchange.on_book(update)
        self._perform(self.engine.on_book(update))

    def on_book_lost(self, symbol: Symbol, reason: str, ts_recv_ns: int) -> None:
        """Hear that a book is out of sequence."""
        self._until(ts_recv_ns)
        self._perform(self.engine.on_book_lost(symbol, reason, ts_recv_ns))

    def on_bad_frame(self, reason: str, ts_recv_ns: int) -> None:
        """Count a frame that made no sense."""
        self.bad_frames += 1

    def on_headline(self, headline: Headline) -> None:
        """Take a classified headline."""
        self._until(headline.item.ts_recv_ns)
        self._perform(self.engine.on_headline(headline))

    def on_command(self, command: AnyCommand) -> Reply:
        """Carry out a person's command at the present moment of the tape."""
        reply, actions = self.engine.on_command(command, self._now_ns)
        self._perform(actions)
        return reply

    def _until(self, ts_ns: int) -> None:
        """Let everything happen that is due before an event: the venue's answers, the timer, the account."""
        for answer in self.exchange.due(ts_ns):
            is_report = isinstance(answer, ExecutionReport)
            self._perform(
                self.engine.on_execution(answer) if is_report else self.engine.on_send_failed(answer)  # type: ignore[arg-type]
            )
        self._now_ns = ts_ns
        if ts_ns - self._account_ns >= ACCOUNT_NS:
            self._account_ns = ts_ns
            self._perform(self.engine.on_account(self.exchange.account(ts_ns)))
        if ts_ns - self._timer_ns >= TIMER_NS:
            self._timer_ns = ts_ns
            self._perform(self.engine.on_timer(ts_ns))

    def _perform(self, actions: Sequence[Action]) -> None:
        """Do what was decided, in order; what is to be told comes last."""
        for action in actions:
            if isinstance(action, Send):
                self._send(action.order)
            elif isinstance(action, Write):
                self.journal.append(action.record)
            elif isinstance(action, Cancel):
                self.exchange.cancel(action.symbol, action.client_order_id, self._now_ns)
            elif isinstance(action, Query):
                self.exchange.query(action.symbol, action.client_order_id, self._now_ns)
            elif isinstance(action, Replace):
                self._replace(action)
            elif isinstance(action, Protect):
                self._protect(action.protection)
        for action in actions:
            if isinstance(action, Publish):
                self._on_event(action.make())
            elif isinstance(action, Later):
                self._perform(self.engine.after(action))

    def _send(self, order: ApprovedOrder) -> None:
        if self._may_leave(order):
            self._keep(order)
            self.exchange.send(order, order.ts_ns)

    def _keep(self, order: ApprovedOrder) -> None:
        (self.protective if order.client_order_id in self.engine.trading.resting else self.sent).append(order)

    def _replace(self, action: Replace) -> None:
        order, mode = action.order, ReplaceMode.STOP_ON_FAILURE
        if self._may_leave(order):
            self._keep(order)
            self.exchange.replace(order, action.cancelled, action.along, mode, order.ts_ns)

    def _protect(self, protection: ApprovedProtection) -> None:
        stopped = [leg for leg in protection.orders if not self._may_leave(leg)]
        if not stopped:
            self.protective += protection.orders
            self.exchange.send_protection(protection, protection.ts_ns)

    def _may_leave(self, order: ApprovedOrder) -> bool:
        self.journal.append(Intended(order))
        if self.engine.trading.last_hop.passes(order):
            return True
        self._perform(self.engine.on_mismatch(order, self._now_ns))
        return False
