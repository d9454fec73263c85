"""How an order by hand looks before it leaves: its preview, and while it waits for a second person."""

from __future__ import annotations

from typing import Literal

import msgspec

from engine.wire.views import SideName


class PreviewView(msgspec.Struct, frozen=True, tag="preview"):
    """What an order would be if it left now, and what the gate says to it."""

    symbol: str
    base_asset: str
    quote_asset: str
    side: SideName
    qty: str
    """What would be ordered, or what was tried where the gate refuses; ``0`` where it never came to a size."""
    price: str
    """The ask for a buy, the bid for a sale; empty where there is none."""
    limit_price: str
    """The worst that the order may be filled at; empty where the gate refuses."""
    notional_quote: str
    """At ``price``."""
    avg_price: str
    """What the visible book would fill it at on average; empty where that can't be said."""
    slippage_pct: float
    """Of ``avg_price`` against ``price``; above 0 costs."""
    book_part: float
    """How much of it the visible book holds within the limit, 0 to 1."""
    fee_quote: str
    """The venue's, for this order."""
    stop_price: str
    target_price: str
    """Empty for none."""
    worst_loss_quote: str
    """Bought at the limit and sold at the stop, with both fees; empty for a sale. A gap through the stop loses more."""
    code: str
    """``OK``, or what would bar it: the gate's code, or that of what this person may do."""
    detail: str
    """The numbers that decided."""
    advice: str
    needs_second: bool
    """It would wait for a second person."""
    is_one_step: bool
    """So small that it needs no preview."""
    fingerprint: str
    """What a confirmation must carry."""
    ts_ns: int
    ts_expires_ns: int
    plan: str = ""
    """How it would be left besides stop and target, in words; empty for by nothing else."""
    is_resting: bool = False
    """It waits at its limit for the market to come, instead of leaving at once."""
    note: str = ""
    """What else happens by it, in words: to the stop of what is put on sale at a limit."""


class ApprovalView(msgspec.Struct, frozen=True, tag="approval"):
    """An order of one person that waits for a second one, or what became of it."""

    approval_id: str
    fingerprint: str
    symbol: str
    base_asset: str
    quote_asset: str
    side: SideName
    qty: str
    price: str
    notional_quote: str
    worst_loss_quote: str
    asked_by: str
    """``slack:U01ALICE``."""
    proposal_id: str
    """Of the alert that it was clicked on; else empty."""
    limit_quote: str
    """Above which it takes two."""
    state: Literal["waiting", "approved", "declined", "expired", "overtaken"]
    decided_by: str
    outcome: str
    """One sentence for people once it is decided."""
    client_order_id: str
    """Of the order that it became; else empty."""
    ts_opened_ns: int
    ts_expires_ns: int


class MissedProposalView(msgspec.Struct, frozen=True):
    """What one proposal would have made that nobody took, had it been bought when it was let go."""

    proposal_id: str
    strategy: str
    symbol: str
    quote_asset: str
    state: str
    """How it was let go: ``expired``, ``dismissed``, ``refused``."""
    entry_price: str
    exit_price: str
    end: str
    """``its stop first``, ``its target first`` or ``neither in its time``."""
    profit_quote: str
    """After fees."""
    r_multiple: float


class MissedStrategyView(msgspec.Struct, frozen=True):
    """What a strategy's proposals would have made that nobody took."""

    strategy: str
    ended: int
    won: int
    net_quote: str
    net_r: float
    followed: int
    """Still on their way to a stop, a target or their horizon."""


class MissedView(msgspec.Struct, frozen=True, tag="missed"):
    """What was not done, and what it would have made."""

    quote_asset: str
    strategies: tuple[MissedStrategyView, ...]
    last: tuple[MissedProposalView, ...]
    """Newest first, at most 20."""
