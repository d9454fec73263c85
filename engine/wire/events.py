"""What the engine tells whoever watches, each event with the next sequence number and none skipped.

A watcher that sees a gap asks for a ``Snapshot`` and goes on from its ``seq``.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from engine.wire.answers import WatchView
from engine.wire.drill import DrillReport
from engine.wire.hand_views import ApprovalView, MissedProposalView
from engine.wire.mutes import MuteView
from engine.wire.reconciliation import ForeignOrderView, ReconciliationView
from engine.wire.safeguard_views import AlarmView, KillView
from engine.wire.views import OrderView, PriceView, ProposalView, StoryView, TradeView


class Event(msgspec.Struct, frozen=True, tag_field="type", kw_only=True):
    """What every event has. The control room numbers events as they go out; the core leaves 0."""

    seq: int = 0
    ts_ns: int


class PricesMoved(Event, frozen=True, tag="prices"):
    """The market as it stands, about once a second."""

    prices: tuple[PriceView, ...]


class ProposalOpened(Event, frozen=True, tag="proposal_opened"):
    """A signal waits for a person: post it with its buttons."""

    proposal: ProposalView


class ProposalReviewed(Event, frozen=True, tag="proposal_reviewed"):
    """A second opinion came on one that is still open: edit its message."""

    proposal: ProposalView


class ProposalClosed(Event, frozen=True, tag="proposal_closed"):
    """It was decided, or it expired: edit its message, take its buttons away. ``proposal.state`` says which."""

    proposal: ProposalView


class SignalActed(Event, frozen=True, tag="signal_acted"):
    """A signal cleared its *act* threshold in mode *auto*: an order was sent (or refused, see ``proposal.outcome``).

    ``proposal.state`` is ``acted`` or ``refused``. The alert has Close and Halt where others have Buy and Sell.
    """

    proposal: ProposalView
    order: OrderView | None


class OrderChanged(Event, frozen=True, tag="order"):
    """One of our orders is new or changed: edit the message of what caused it."""

    order: OrderView


class TradeChanged(Event, frozen=True, tag="trade"):
    """A round trip opened, grew, shrank, moved its stop or closed: reply in its thread, edit its root message."""

    what: Literal["opened", "filled", "protection", "exit", "closed"]
    trade: TradeView
    text: str
    """One sentence about this change."""


class ModeChanged(Event, frozen=True, tag="mode"):
    """Somebody changed the auto-trade mode."""

    mode: str
    strategy: str
    """Empty for the global mode."""
    previous: str
    by: str


class TradingArmed(Event, frozen=True, tag="armed"):
    """Entries are allowed from now on."""

    by: str


class TradingHalted(Event, frozen=True, tag="halted"):
    """No entries from now on; closes and exits go on."""

    by: str
    """A person, or the control that halted: ``slack:U01ALICE``, ``C6_REPEATS``."""
    reason: str


class KillReported(Event, frozen=True, tag="kill"):
    """What the kill switch did: when the venue has confirmed it, and before that each time that it takes long."""

    kill: KillView


class ApprovalChanged(Event, frozen=True, tag="approval"):
    """An order waits for a second person, or does no more: post it with its buttons, or take them away."""

    approval: ApprovalView


class ForeignOrderChanged(Event, frozen=True, tag="foreign_order"):
    """An open order of somebody else's was found on the account, or something became of it: see its state."""

    order: ForeignOrderView


class Reconciled(Event, frozen=True, tag="reconciled"):
    """The account was compared because somebody asked for it."""

    view: ReconciliationView


class ProposalMissed(Event, frozen=True, tag="missed"):
    """What a proposal would have made that nobody took: say so on its message."""

    missed: MissedProposalView


class NewsHeard(Event, frozen=True, tag="news"):
    """A headline arrived for the first time, and what was made of it."""

    source: str
    news_id: str
    title: str
    url: str
    verdict: str
    """``ignored``, ``asked``, ``acted``, with the reason in words."""
    symbols: tuple[str, ...]
    confidence: float
    story_id: str = ""
    """The story that it belongs to; of several symbols the first one's. Empty where it belongs to none."""


class StoryChanged(Event, frozen=True, tag="story"):
    """A headline, or the market, brought a story further: a reply in its thread."""

    what: Literal["opened", "stronger", "announced", "confirmed", "denied", "repeated"]
    story: StoryView
    source: str
    """Of the headline that did it."""
    title: str
    url: str
    verdict: str
    """What the engine made of it, in words."""


class DrillChanged(Event, frozen=True, tag="drill"):
    """A drill began, or it is done: edit its message."""

    drill_id: str
    by: str
    report: DrillReport | None
    """None while it runs, and where it could not run."""
    why: str
    """Why it could not run; else empty."""


class PriceReached(Event, frozen=True, tag="price_reached"):
    """A symbol traded at a price that somebody wanted to be told of, or beyond it; the watch is over with that."""

    watch: WatchView
    price: str
    """The trade's that did it."""


class MutesChanged(Event, frozen=True, tag="mutes_changed"):
    """Somebody muted something in the channel, or ended mutes: tell all, and go by what is muted now."""

    by: str
    muted: MuteView | None
    ended: tuple[str, ...]
    """By their names."""
    mutes: tuple[MuteView, ...]
    """All that is muted from now on."""


class Notice(Event, frozen=True, tag="notice"):
    """Something a person should know: a refusal worth telling, a lost stream, a restart, a fault."""

    severity: Literal["info", "warning", "critical"]
    code: str
    text: str


class AlarmChanged(Event, frozen=True, tag="alarm"):
    """An alarm was raised, has something new to say, or was acknowledged; its notice is told as well."""

    alarm: AlarmView


AnyEvent = (
    PricesMoved
    | ProposalOpened
    | ProposalReviewed
    | ProposalClosed
    | SignalActed
    | OrderChanged
    | TradeChanged
    | ModeChanged
    | TradingArmed
    | TradingHalted
    | KillReported
    | ApprovalChanged
    | ProposalMissed
    | ForeignOrderChanged
    | Reconciled
    | NewsHeard
    | StoryChanged
    | PriceReached
    | MutesChanged
    | DrillChanged
    | Notice
    | AlarmChanged
)
