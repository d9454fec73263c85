"""What the engine tells becomes a new message or an edit: proposals, approvals, news, notes; trades have `threads`."""

from __future__ import annotations

from pathlib import Path

import msgspec
from slack_sdk.web.async_client import AsyncWebClient

from bot.alarms import Alarms
from bot.mail import Mail
from bot.memory import Card, Occasion
from bot.mutes import Mutes
from bot.outbox import Outbox
from bot.pictures import Pictures
from bot.render import foreign, kill, mutes, notes, past
from bot.render.blocks import Message
from bot.stories import Stories
from bot.threads import Threads
from engine.wire.digest import DigestView
from engine.wire.events import (
    AlarmChanged,
    AnyEvent,
    ApprovalChanged,
    DrillChanged,
    ForeignOrderChanged,
    KillReported,
    ModeChanged,
    MutesChanged,
    NewsHeard,
    Notice,
    OrderChanged,
    PriceReached,
    PricesMoved,
    ProposalClosed,
    ProposalMissed,
    ProposalOpened,
    ProposalReviewed,
    Reconciled,
    SignalActed,
    StoryChanged,
    TradeChanged,
    TradingArmed,
    TradingHalted,
)
from engine.wire.hand_views import ApprovalView, MissedProposalView
from engine.wire.reconciliation import ForeignOrderView
from engine.wire.replies import ProposalTaken, Snapshot
from engine.wire.views import OrderView, ProposalView, StatusView


class Posts:
    """The channel's messages, kept in step with the engine. Everything here is synchronous but the sending."""

    def __init__(
        self,
        client: AsyncWebClient,
        outbox: Outbox,
        channel: str,
        file: Path,
        mentions: tuple[str, ...] = (),
        pictures: Pictures | None = None,
    ) -> None:
        """Post to ``channel`` (an id), and remember in ``file`` which message shows what.

        ``mentions`` are the user ids of those whom an alarm calls; without ``pictures`` no thread has charts.
        """
        self.pictures = pictures
        self._mail = Mail(client, outbox, channel, file)
        self._memory = self._mail.memory
        self.mutes = Mutes()
        self.quiet = self._mail.quiet
        self.alarms = Alarms(self._memory, self._mail.show, mentions)
        self._stories = Stories(self._memory, self._mail.show, self._mail.reply)
        self._threads = Threads(self._mail, self._picture)
        self._go_on()

    def on_event(self, event: AnyEvent) -> None:
        """Take the next event."""
        match event:
            case (
                ProposalOpened(proposal=proposal)
                | ProposalReviewed(proposal=proposal)
                | ProposalClosed(proposal=proposal)
            ):
                self._on_proposal(proposal)
            case SignalActed(proposal=proposal, order=order):
                self._on_proposal(proposal)
                if order is not None:
                    self.on_order(order)
            case ApprovalChanged(approval=approval):
                self._on_approval(approval)
            case ProposalMissed(missed=missed):
                self._on_missed(missed)
            case OrderChanged(order=order):
                self.on_order(order)
            case TradeChanged():
                self._threads.on_trade(event)
            case ModeChanged():
                self.post(notes.mode_changed(event), is_urgent=True)
            case TradingArmed():
                self.post(notes.armed(event), is_urgent=True)
            case TradingHalted():
                self.post(notes.halted(event), is_urgent=True)
            case KillReported():
                self.post(kill.report(event.kill), is_urgent=True)
            case AlarmChanged(alarm=alarm):
                self.alarms.on_alarm(alarm)
            case ForeignOrderChanged(order=found):
                self._on_foreign(found)
            case Reconciled():
                self.post(foreign.compared(event.view), is_urgent=True)
            case Notice() if event.severity != "critical" and not self.mutes.hides_notices():
                self.post(notes.notice(event))
            case PriceReached(watch=watch, price=price):
                self._mail.post(past.price_reached(watch, price), is_urgent=True, kind="prices")
            case MutesChanged():
                self.mutes.take(event.mutes)
                self.post(mutes.changed(event), is_urgent=True)
            case StoryChanged():
                self._stories.on_story(event)
            case NewsHeard():
                self._on_news(event)
            case DrillChanged():
                self._on_drill(event)
            case PricesMoved(prices=prices):
                self._threads.on_prices(prices)
            case _:
                pass

    def on_snapshot(self, snapshot: Snapshot) -> None:
        """Bring every message in step with the engine's state, whatever was missed."""
        self.mutes.take(snapshot.mutes)
        self._greet(snapshot.status)
        self._threads.on_prices(snapshot.prices)
        for proposal in snapshot.proposals:
            if not self._is_past(proposal, snapshot.status):
                self._on_proposal(proposal)
        known = {proposal.proposal_id for proposal in snapshot.proposals}
        for order in (*snapshot.orders.finished, *snapshot.orders.open):
            if self._memory.card_of_order(order.client_order_id) is not None:
                self.on_order(order)
        for card in self._memory.cards:
            if card.proposal is not None and card.proposal.state == "open" and card.proposal.proposal_id not in known:
                self._close_missed(card, card.proposal)
        for alarm in snapshot.alarms:
            self.alarms.on_alarm(alarm)
        self._catch_up_approvals(snapshot.approvals)
        self._threads.catch_up(snapshot.positions.positions)

    def unknown_ends(self, snapshot: Snapshot) -> set[str]:
        """Return the trades that ended while no bot was there to be told."""
        return self._threads.unknown_ends(snapshot.positions.positions)

    def on_order(self, order: OrderView, asked: str = "") -> None:
        """Show an order; ``asked`` is what the person typed, in words."""
        self._threads.on_order(order, asked)

    @property
    def opened_homes(self) -> dict[str, float]:
        """By user id: when they last opened their App Home; kept with the rest."""
        return self._memory.homes

    @property
    def digested(self) -> dict[str, float]:
        """By period: when the digest was due that was posted last; kept with the rest."""
        return self._memory.digested

    def digest(self, view: DigestView, due_s: float) -> None:
        """Post a digest with the equity's chart in its thread; with that it is remembered as posted, in one write."""
        card = self._memory.add(Card(f"digest:{view.period}:{due_s:.0f}", digest=view))
        self._memory.digested[view.period] = due_s
        self._mail.show(card)
        self._picture(card, "digest")

    def on_taken(self, taken: ProposalTaken) -> None:
        """Show on an alert what a click made of it; the reply and the events may come in any order."""
        card = self._memory.card_of_proposal(taken.proposal.proposal_id)
        if card is None:
            return
        card.changes = taken.changes
        if card.proposal is None or card.proposal.state == "open":
            card.proposal = taken.proposal
        if taken.order is not None:
            self.on_order(taken.order)
        self._mail.show(card)

    def post(self, note: Message, *, is_urgent: bool = False) -> None:
        """Post a message that will not change; an urgent one, which somebody waits for, before all that waits."""
        self._mail.post(note, is_urgent=is_urgent)

    def keep(self) -> None:
        """Remember over a restart what somebody has just set."""
        self._mail.save_soon()

    def _greet(self, status: StatusView) -> None:
        if self._memory.engine_started_ns != status.ts_started_ns:
            self._memory.engine_started_ns = status.ts_started_ns
            self.post(notes.welcome(status))

    def _on_proposal(self, proposal: ProposalView) -> None:
        card = self._memory.card_of_proposal(proposal.proposal_id)
        if card is None:
            if self.mutes.hides(proposal):
                return
            card = self._memory.add(Card(f"proposal:{proposal.proposal_id}"))
        elif card.proposal == proposal:
            return
        card.proposal = proposal
        self._mail.show(card)
        if proposal.state in ("open", "acted"):
            self._picture(card, "proposed")

    def _on_drill(self, event: DrillChanged) -> None:
        """Show that a drill runs, and edit the same message to its report."""
        key = f"drill:{event.drill_id}"
        card = next((card for card in self._memory.cards if card.key == key), None) or self._memory.add(Card(key))
        card.drill = event
        self._mail.show(card)

    def _on_foreign(self, order: ForeignOrderView) -> None:
        """Show an order of somebody else's with its two buttons, and then what became of it."""
        card = self._memory.card_of_foreign(order.client_order_id)
        if card is None:
            card = self._memory.add(Card(f"foreign:{order.client_order_id}"))
        if card.foreign != order:
            card.foreign = order
            self._mail.show(card)

    def proposal(self, proposal_id: str) -> ProposalView | None:
        """Return what an alert shows; None where it is forgotten."""
        card = self._memory.card_of_proposal(proposal_id)
        return card.proposal if card is not None else None

    def _on_approval(self, approval: ApprovalView) -> None:
        key = f"approval:{approval.approval_id}"
        card = next((card for card in self._memory.cards if card.key == key), None) or self._memory.add(Card(key))
        if card.approval != approval:
            card.approval = approval
            self._mail.show(card)

    def _on_missed(self, missed: MissedProposalView) -> None:
        card = self._memory.card_of_proposal(missed.proposal_id)
        if card is not None:
            card.missed = missed
            self._mail.show(card)

    def _catch_up_approvals(self, approvals: tuple[ApprovalView, ...]) -> None:
        """Show what waits now, and let go of what an engine waited for that has gone."""
        known = {approval.approval_id: approval for approval in approvals}
        for card in self._memory.cards:
            if card.approval is not None and card.approval.state == "waiting":
                gone = msgspec.structs.replace(card.approval, state="expired", outcome="the engine was restarted")
                self._on_approval(known.get(card.approval.approval_id, gone))
        for approval in approvals:
            if approval.state == "waiting":
                self._on_approval(approval)

    def _is_past(self, proposal: ProposalView, status: StatusView) -> bool:
        """Tell whether a proposal is one of an earlier run that is over and was not shown here: it stays so."""
        is_over = proposal.state != "open" and proposal.ts_opened_ns < status.ts_started_ns
        return is_over and self._memory.card_of_proposal(proposal.proposal_id) is None

    def _on_news(self, event: NewsHeard) -> None:
        """Show a headline once, and only one about what we trade; where its story or an alert shows it, that does."""
        if self._stories.root(event.story_id) is not None:
            return
        has_alert = any(
            card.proposal is not None and (card.proposal.source, card.proposal.headline) == (event.source, event.title)
            for card in self._memory.cards
        )
        is_wanted = bool(event.symbols) and not self.mutes.hides_news(event.symbols)
        if is_wanted and not has_alert and self._memory.is_first_sight(f"{event.source}:{event.news_id}"):
            self.post(notes.news(event))

    def _close_missed(self, card: Card, proposal: ProposalView) -> None:
        missed = "It was decided or expired while the bot was away; `/orders` shows what was done."
        card.proposal = msgspec.structs.replace(proposal, state="expired", outcome=missed)
        self._mail.show(card)

    def _picture(self, card: Card, occasion: Occasion) -> None:
        if self.pictures is not None:
            self.pictures.want(self._mail.channel, card, occasion, self._mail.save_soon)

    def _go_on(self) -> None:
        self._mail.go_on()
        if self.pictures is not None:
            for card in self._memory.cards:
                self.pictures.go_on(self._mail.channel, card, self._mail.save_soon)
