"""What the bot remembers over a restart: which message shows which proposal, order and trade, and what waits."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final, Literal

import msgspec

from bot.delivery import Letter
from bot.render import alarm, alert, approval, digest, drill, foreign, order, story, trade
from bot.render.blocks import Block, Message, message
from engine.wire.digest import DigestView
from engine.wire.events import DrillChanged
from engine.wire.hand_views import ApprovalView, MissedProposalView
from engine.wire.order_phrases import FINISHED
from engine.wire.reconciliation import ForeignOrderView
from engine.wire.safeguard_views import AlarmView
from engine.wire.views import OrderView, ProposalView, StoryView, TradeView

_log = logging.getLogger(__name__)
Occasion = Literal["proposed", "closed", "digest"]
_MOST_CARDS: Final = 300
_MOST_HEADLINES: Final = 200


class Note(Letter, kw_only=True):
    """A message that will not change, until it is in the channel."""

    text: str
    blocks: list[Block]
    is_urgent: bool = False
    kind: str = "desk"
    """What it is about, for those who want not to be named in such."""


class Lines(Letter):
    """Lines for a card's thread that go out as one reply."""

    lines: list[str] = msgspec.field(default_factory=list)


class Card(Letter):
    """One message in the channel and the thread below it: a cause, its order, and the trade that came of it."""

    ts: str = ""
    """Slack's id of the message; empty until it is posted."""
    is_due: bool = False
    """True while the channel doesn't show it as it is."""
    replies: list[Lines] = msgspec.field(default_factory=list)
    """What waits to be told in its thread, oldest first."""
    replied: int = 0
    """How many replies there were, those that wait included."""
    asked: str = ""
    """What the person typed, in words: ``ETH for 250 USDT``."""
    changes: tuple[str, ...] = ()
    """What was different at the click from what the alert had shown."""
    proposal: ProposalView | None = None
    approval: ApprovalView | None = None
    missed: MissedProposalView | None = None
    """Of an alert that nobody took: what it would have made."""
    order: OrderView | None = None
    trade: TradeView | None = None
    market_opened_ns: int = 0
    market_closed_ns: int = 0
    """Of a trade: what the market's own clock said at entry and exit, on a tape not the wall's; 0: unknown."""
    story: StoryView | None = None
    """A story that led to no alert when it began."""
    foreign: ForeignOrderView | None = None
    """An order that somebody else placed on the account."""
    digest: DigestView | None = None
    drill: DrillChanged | None = None
    alarm: AlarmView | None = None
    reminder: int = 0
    """Of an alarm: which repetition this is, 0 for its first message."""
    is_latest: bool = False
    """Of an alarm: nothing later repeats it yet."""
    remind_at_s: float = 0.0
    """Of an alarm: when it is to be repeated, in seconds since the epoch."""
    mentions: tuple[str, ...] = ()
    charts: list[Occasion] = msgspec.field(default_factory=list)
    """What its thread is yet to be shown a chart of."""
    charted: list[Occasion] = msgspec.field(default_factory=list)
    """What it was shown a chart of."""

    def reply(self, line: str) -> None:
        """Put off a line for the thread; lines that wait together are one reply."""
        if not self.replies or self.replies[-1].tried_after:
            self.replies.append(Lines(f"{self.key}:{self.replied}"))
            self.replied += 1
        self.replies[-1].lines.append(line)

    @property
    def trade_id(self) -> str:
        """The trade whose thread this is: of the trade itself or of the order that opened it; else empty."""
        if self.trade is not None:
            return self.trade.trade_id
        return self.order.trade_id if self.order is not None and not self.order.reduce_only else ""

    @property
    def kind(self) -> str:
        """What it is about, for those who want not to be named in such; an alarm is of no kind."""
        if self.alarm is not None:
            return ""
        if self.approval is not None:
            return "approvals"
        return "orders" if self.proposal or self.order or self.trade else "desk"

    @property
    def is_live(self) -> bool:
        """True while what it shows can still change."""
        return (
            (self.proposal is not None and self.proposal.state == "open")
            or (self.approval is not None and self.approval.state == "waiting")
            or (self.order is not None and self.order.state not in FINISHED)
            or (self.trade is not None and self.trade.is_open)
            or (self.alarm is not None and not self.alarm.acknowledged_by)
            or (self.drill is not None and self.drill.report is None and not self.drill.why)
            or (self.foreign is not None and self.foreign.state == "waiting")
        )

    def render(self) -> Message:
        """Show everything it knows, as it is now."""
        if self.alarm is not None:
            return alarm.alarm(self.alarm, self.mentions, self.reminder, is_latest=self.is_latest)
        if self.approval is not None:
            return approval.approval(self.approval)
        if self.proposal is not None:
            return alert.alert(self.proposal, self.order, self.trade, self.changes, self.missed)
        if self.order is not None:
            shown = order.order_message(self.order, self.asked)
            if self.trade is None:
                return shown
            said = f"{shown.text.rstrip('.')}. {trade.summary(self.trade)}"
            return message(said, [*shown.blocks, trade.line(self.trade)])
        if self.trade is not None:
            return trade.root(self.trade)
        if self.foreign is not None:
            return foreign.found(self.foreign)
        if self.story is not None:
            return story.root(self.story)
        if self.drill is not None:
            return drill.drill(self.drill)
        if self.digest is not None:
            return digest.digest(self.digest)
        raise ValueError(f"card {self.key} shows nothing")


class Memory(msgspec.Struct):
    """All that is remembered, and for which channel: message ids mean nothing in another one."""

    channel: str
    engine_started_ns: int = 0
    latest: str = ""
    """Slack's id of the newest message that we posted."""
    notes: list[Note] = msgspec.field(default_factory=list)
    """What waits to be posted, oldest first."""
    cards: list[Card] = msgspec.field(default_factory=list)
    quiet: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    """By user id and kind of message: until when they are not named in such, in ns since the epoch; 0 for no end."""
    names: dict[str, str] = msgspec.field(default_factory=dict)
    """By user id: what stands in the place of their mention."""
    homes: dict[str, float] = msgspec.field(default_factory=dict)
    """By user id: when they last opened their App Home, in seconds since the epoch."""
    digested: dict[str, float] = msgspec.field(default_factory=dict)
    """By period: when the digest was due that was posted last, in seconds since the epoch."""
    headlines: list[str] = msgspec.field(default_factory=list)
    """The names of the headlines that were shown, newest last."""

    def is_first_sight(self, headline: str) -> bool:
        """Tell whether a headline, by its name, was never shown before; from now on it was."""
        if headline in self.headlines:
            return False
        self.headlines = [*self.headlines, headline][-_MOST_HEADLINES:]
        return True

    def card_of_proposal(self, proposal_id: str) -> Card | None:
        """Find the alert of a proposal."""
        return next((card for card in self.cards if card.proposal and card.proposal.proposal_id == proposal_id), None)

    def card_of_order(self, client_order_id: str) -> Card | None:
        """Find the message that shows an order."""
        for card in self.cards:
            if card.order is not None and card.order.client_order_id == client_order_id:
                return card
            if card.proposal is not None and card.proposal.client_order_id == client_order_id != "":
                return card
        return None

    def card_of_foreign(self, client_order_id: str) -> Card | None:
        """Find the message that shows an order of somebody else's."""
        return next((c for c in self.cards if c.foreign and c.foreign.client_order_id == client_order_id), None)

    def card_of_trade(self, trade_id: str) -> Card | None:
        """Find the root of a trade's thread."""
        return next((card for card in self.cards if card.trade_id == trade_id), None)

    def add(self, card: Card) -> Card:
        """Remember a card; where there are too many, forget the oldest that is finished."""
        self.cards.append(card)
        if len(self.cards) > _MOST_CARDS:
            oldest = next((card for card in self.cards if not card.is_live), self.cards[0])
            self.cards.remove(oldest)
        return card

    def forget(self, card: Card) -> None:
        """Forget a card whose message is gone."""
        if card in self.cards:
            self.cards.remove(card)


def load(path: Path, channel: str) -> Memory:
    """Read what was remembered of this channel; a missing, unreadable or other channel's file is an empty memory."""
    try:
        memory = msgspec.json.decode(path.read_bytes(), type=Memory)
    except FileNotFoundError:
        return Memory(channel)
    except (msgspec.MsgspecError, OSError) as error:
        _log.warning("the bot's memory can't be read, starting with an empty one", extra={"why": str(error)})
        return Memory(channel)
    return memory if memory.channel == channel else Memory(channel)


def save(path: Path, memory: Memory) -> None:
    """Write it whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_bytes(msgspec.json.encode(memory))
    os.replace(beside, path)
