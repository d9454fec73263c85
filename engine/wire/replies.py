"""How the engine answers a command: one reply, and what it may carry."""

from __future__ import annotations

import msgspec

from engine.wire.answers import (
    BalancesView,
    CandlesView,
    Choices,
    EquityView,
    HeadlinesView,
    PnlView,
    RoundTripsView,
    StrategiesView,
    WatchesView,
    WhyView,
)
from engine.wire.digest import DigestView
from engine.wire.hand_views import ApprovalView, MissedView, PreviewView
from engine.wire.mutes import MutesView, MuteView
from engine.wire.pairs import PairsView
from engine.wire.reconciliation import ReconciliationView
from engine.wire.safeguard_views import AlarmView, KillView, RiskView
from engine.wire.views import LatencyView, OrderView, PositionsView, PriceView, ProposalView, StatusView


class OrdersView(msgspec.Struct, frozen=True, tag="orders"):
    """Open orders, and the last finished ones (newest first, at most 20)."""

    open: tuple[OrderView, ...]
    finished: tuple[OrderView, ...]


class OrderPlaced(msgspec.Struct, frozen=True, tag="order_placed"):
    """The orders that a command led to; their fills come as events with the same ``client_order_id``."""

    orders: tuple[OrderView, ...]


class ProposalTaken(msgspec.Struct, frozen=True, tag="proposal_taken"):
    """What a click became: the proposal as it is now, what changed since it was posted, and the order if any."""

    proposal: ProposalView
    changes: tuple[str, ...]
    """For people: ``alert 41 s old``, ``price +0.31 %``, ``size cut 12 %``, ``still inside the gate``."""
    order: OrderView | None


class Snapshot(msgspec.Struct, frozen=True, tag="snapshot"):
    """Everything a watcher needs: the state after the event with number ``seq``."""

    seq: int
    status: StatusView
    positions: PositionsView
    orders: OrdersView
    proposals: tuple[ProposalView, ...]
    prices: tuple[PriceView, ...]
    alarms: tuple[AlarmView, ...] = ()
    """The open ones, and the last that were acknowledged."""
    approvals: tuple[ApprovalView, ...] = ()
    """Orders that wait for a second person."""
    mutes: tuple[MuteView, ...] = ()
    """What the channel does not want to hear."""


Result = (
    StatusView
    | PositionsView
    | OrdersView
    | OrderPlaced
    | ProposalTaken
    | LatencyView
    | KillView
    | RiskView
    | PreviewView
    | MissedView
    | ApprovalView
    | ReconciliationView
    | Snapshot
    | RoundTripsView
    | PnlView
    | EquityView
    | CandlesView
    | StrategiesView
    | WhyView
    | HeadlinesView
    | BalancesView
    | WatchesView
    | MutesView
    | PairsView
    | Choices
    | DigestView
)


class Reply(msgspec.Struct, frozen=True, tag_field="type", tag="reply"):
    """The engine's one answer to a command."""

    command_id: str
    ok: bool
    code: str
    """``OK``, a gate's reason code (``C4_PRICE_COLLAR``), or one of ``BAD_SYMBOL``, ``BAD_AMOUNT``, ``HALTED``,
    ``NOT_FOUND``, ``EXPIRED``, ``ALREADY_DECIDED``, ``NOT_READY``, ``CHANGED``, ``BAD_REQUEST``."""
    text: str
    """One or two sentences for a person: what was done, or why not and what to do about it."""
    result: Result | None = None

    @property
    def unsaid_code(self) -> str:
        """The code, to stand beside the text; empty where the text says it."""
        return "" if self.code in self.text else self.code
