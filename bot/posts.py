"""What the engine tells becomes a new message, an edit, or a reply in a trade's thread."""

from __future__ import annotations

import asyncio
import logging
import uuid
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
from slack_sdk.web.async_client import AsyncWebClient

from bot import memory
from bot.alarms import Alarms
from bot.delivery import Delivery
from bot.memory import Card, Note, Occasion
from bot.mutes import Mutes
from bot.outbox import Outbox
from bot.pictures import Pictures
from bot.render import foreign, kill, notes, past, trade
from bot.render.blocks import SECTION_TEXT, Message, clip, message, section
from bot.render.order import FINISHED, fill_reply, has_fill
from bot.stories import Stories
from engine.wire.commands import ProposalTaken, Snapshot
from engine.wire.events import (
    AlarmChanged,
    AnyEvent,
    ApprovalChanged,
    ForeignOrderChanged,
    KillReported,
    ModeChanged,
    NewsHeard,
    Notice,
    OrderChanged,
    PriceReached,
    ProposalClosed,
    ProposalMissed,
    ProposalOpened,
    Reconciled,
    SignalActed,
    StoryChanged,
    TradeChanged,
    TradingArmed,
    TradingHalted,
)
from engine.wire.hand_views import ApprovalView, MissedProposalView
from engine.wire.reconciliation import ForeignOrderView
from engine.wire.views import OrderView, ProposalView, StatusView, TradeView

_log = logging.getLogger(__name__)
_CLICKED: Final = "proposal:"
"""How the cause of an order begins that a click on an alert led to."""
_DOORS: Final = ("slack:", "cli:", "desk:")
"""Orders of people get a message of their own; a strategy's is shown on its alert, an exit's in its trade's thread."""
_MUTED_S: Final = 3_600.0


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
        self._channel = channel
        self.pictures = pictures
        self._outbox = outbox
        self._file = file
        self._memory = memory.load(file, channel)
        self._delivery = Delivery(client, channel, self._save, self._memory.latest)
        self.mutes = Mutes(self._memory.muted)
        self.alarms = Alarms(self._memory, self._show, mentions)
        self._stories = Stories(self._memory, self._show, self._reply)
        self._asked: dict[str, str] = {}
        self._is_saving = False
        self._go_on()

    def on_event(self, event: AnyEvent) -> None:
        """Take the next event."""
        match event:
            case ProposalOpened(proposal=proposal) | ProposalClosed(proposal=proposal):
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
                self._on_trade(event)
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
                self.post(past.price_reached(watch, price), is_urgent=True)
            case StoryChanged():
                self._stories.on_story(event)
            case NewsHeard():
                self._on_news(event)
            case _:
                pass

    def on_snapshot(self, snapshot: Snapshot) -> None:
        """Bring every message in step with the engine's state, whatever was missed."""
        self._greet(snapshot.status)
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
        self._catch_up({held.trade_id: held for held in snapshot.positions.positions})

    def on_order(self, order: OrderView, asked: str = "") -> None:
        """Show an order where its cause is shown, or in a message of its own if a person gave it.

        ``asked`` is what the person typed, in words; the reply that has it and the events may come in any order.
        """
        if asked:
            self._asked[order.client_order_id] = asked
        card = self._card_for(order)
        if card is None:
            return
        card.asked = self._asked.pop(order.client_order_id, card.asked)
        before, card.order = card.order, _newer(card.order, order)
        if card.order is order and _is_news(before, order):
            self._reply(card, fill_reply(order))
            if card.trade is not None and card.trade.is_open and order.state in FINISHED:
                self._reply(card, trade.summary(card.trade))
        self._show(card)

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
        self._show(card)

    def post(self, note: Message, *, is_urgent: bool = False) -> None:
        """Post a message that will not change; an urgent one, which somebody waits for, before all that waits."""
        kept = Note(f"note:{uuid.uuid4().hex}", text=note.text, blocks=note.blocks, is_urgent=is_urgent)
        self._memory.notes.append(kept)
        self._put_note(kept)

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
        self._show(card)
        if proposal.state in ("open", "acted"):
            self._picture(card, "proposed")

    def _on_foreign(self, order: ForeignOrderView) -> None:
        """Show an order of somebody else's with its two buttons, and then what became of it."""
        card = self._memory.card_of_foreign(order.client_order_id)
        if card is None:
            card = self._memory.add(Card(f"foreign:{order.client_order_id}"))
        if card.foreign != order:
            card.foreign = order
            self._show(card)

    def mute(self, proposal_id: str) -> str:
        """Post no question like this one for an hour; say in words what is muted, nothing where it isn't known."""
        card = self._memory.card_of_proposal(proposal_id)
        if card is None or card.proposal is None:
            return ""
        strategy, symbol = card.proposal.strategy, card.proposal.symbol
        self.mutes.set(f"{strategy}|{symbol}", _MUTED_S)
        self._save_soon()
        return f"{strategy} asks nothing about {symbol}"

    def _on_approval(self, approval: ApprovalView) -> None:
        key = f"approval:{approval.approval_id}"
        card = next((card for card in self._memory.cards if card.key == key), None) or self._memory.add(Card(key))
        if card.approval != approval:
            card.approval = approval
            self._show(card)

    def _on_missed(self, missed: MissedProposalView) -> None:
        card = self._memory.card_of_proposal(missed.proposal_id)
        if card is not None:
            card.missed = missed
            self._show(card)

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
        self._show(card)

    def _catch_up(self, held: dict[str, TradeView]) -> None:
        for trade_id, now in held.items():
            card = self._memory.card_of_trade(trade_id) or self._memory.add(Card(f"trade:{trade_id}"))
            if card.trade != now:
                card.trade = now
                self._show(card)
        for card in self._memory.cards:
            if card.trade is not None and card.trade.is_open and card.trade.trade_id not in held:
                card.trade = msgspec.structs.replace(card.trade, is_open=False, qty="0")
                self._show(card)

    def _card_for(self, order: OrderView) -> Card | None:
        card = self._memory.card_of_order(order.client_order_id)
        if card is None and order.cause_id.startswith(_CLICKED):
            card = self._memory.card_of_proposal(order.cause_id.removeprefix(_CLICKED))
        if card is None and not order.reduce_only:
            card = self._memory.card_of_trade(order.trade_id) if order.trade_id else None
            card = card if card is not None and card.order is None else None
        if card is None and order.origin.startswith(_DOORS):
            card = self._memory.add(Card(f"order:{order.client_order_id}"))
        return card

    def _on_trade(self, event: TradeChanged) -> None:
        card = self._memory.card_of_trade(event.trade.trade_id)
        if card is None:
            card = self._memory.add(Card(f"trade:{event.trade.trade_id}"))
        card.trade = event.trade
        # The fills of the order that opened it are told as the order's; all that comes after it is told here.
        is_own = card.order is not None and (event.what == "opened" or card.order.state not in FINISHED)
        if not is_own or event.what not in {"opened", "filled"}:
            self._reply(card, trade.told(event.what, event.text, event.trade))
        if event.what == "closed" and ":" not in event.trade.exit_reason:
            # By a stop or a target: what a person or a strategy closed has a message of its own.
            self.post(notes.closed(event.trade))
        self._show(card)
        if event.what == "closed":
            self._picture(card, "closed")

    def _picture(self, card: Card, occasion: Occasion) -> None:
        if self.pictures is not None:
            self.pictures.want(self._channel, card, occasion, self._save_soon)

    def _go_on(self) -> None:
        """Queue again what waited when the last bot ended, whatever ended it."""
        for note in self._memory.notes:
            self._put_note(note)
        for card in self._memory.cards:
            if card.is_due:
                self._show(card)
            if card.replies:
                self._put_replies(card)
            if self.pictures is not None:
                self.pictures.go_on(self._channel, card, self._save_soon)

    def _put_note(self, note: Note) -> None:
        gone = partial(self._forget_note, note)
        self._outbox.put(note.key, partial(self._send_note, note), is_urgent=note.is_urgent, dropped=gone)
        self._save_soon()

    def _show(self, card: Card) -> None:
        card.is_due = True
        send, dropped = partial(self._send_card, card), partial(self._give_up, card)
        self._outbox.put(card.key, send, dropped=dropped, is_urgent=card.alarm is not None)
        self._save_soon()

    def _reply(self, card: Card, line: str) -> None:
        card.reply(line)
        self._show(card)
        self._put_replies(card)

    def _put_replies(self, card: Card) -> None:
        self._outbox.put(f"reply:{card.key}", partial(self._send_replies, card), dropped=card.replies.clear)

    async def _send_note(self, note: Note) -> None:
        await self._delivery.post(note, Message(note.text, note.blocks))
        self._forget_note(note)

    async def _send_card(self, card: Card) -> None:
        shown = card.render()
        if not card.ts or not await self._delivery.edit(card.ts, shown):
            if card.ts and not card.is_live:
                _log.info("a finished message is gone from the channel", extra={"card": card.key})
                return self._memory.forget(card)
            card.ts = await self._delivery.post(card, shown)
        card.is_due = card.render() != shown
        return self._save()

    async def _send_replies(self, card: Card) -> None:
        while card.replies:
            reply = card.replies[0]
            if card.ts:
                text = clip("\n".join(reply.lines), SECTION_TEXT)
                await self._delivery.post(reply, message(text, [section(text)]), card.ts)
            card.replies.remove(reply)
            self._save()

    def _forget_note(self, note: Note) -> None:
        self._memory.notes.remove(note)
        self._save()

    def _give_up(self, card: Card) -> None:
        card.is_due = False
        self._save()

    def _save_soon(self) -> None:
        """Save when what happens now has happened whole: once, however much of it there is."""
        if not self._is_saving:
            self._is_saving = True
            asyncio.get_running_loop().call_soon(self._save)

    def _save(self) -> None:
        self._is_saving = False
        self._memory.latest = self._delivery.latest
        memory.save(self._file, self._memory)


def _newer(known: OrderView | None, order: OrderView) -> OrderView:
    """Choose the later of two views: a reply and an event about the same order may overtake each other."""
    return order if known is None or _progress(order) >= _progress(known) else known


def _progress(order: OrderView) -> tuple[bool, Decimal, int]:
    return order.state in FINISHED, Decimal(order.filled_qty or "0"), order.ts_changed_ns


def _is_news(before: OrderView | None, order: OrderView) -> bool:
    """Tell whether the thread should hear of it: something was filled, or it ended without."""
    if before is not None and before.filled_qty == order.filled_qty:
        return order.state in FINISHED and before.state not in FINISHED and order.state != "filled"
    return has_fill(order) or order.state in FINISHED
