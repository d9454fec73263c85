"""Orders above an amount wait for a second person, who can't be the first; waiting too long means no."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final, Literal

import msgspec

from engine.core.amounts import Unclear
from engine.core.authority import origin_of
from engine.core.instrument import money_text
from engine.core.preview import fingerprint, worst_loss_e8
from engine.core.trading import Trading
from engine.core.types import ApprovedOrder
from engine.core.views import side_name
from engine.core.wishes import Wish, cause_of
from engine.wire import events
from engine.wire.commands import ByHand, Shown
from engine.wire.hand_views import ApprovalView

State = Literal["waiting", "approved", "declined", "expired", "overtaken"]
_KEPT: Final = 200
_UNKNOWN: Final = "This order is too old to be known here, or the engine was restarted since: nothing was done."


class Approval:
    """One order of a first person's, as it was when it began to wait."""

    __slots__ = ("approval_id", "by", "client_order_id", "expires_ns", "order", "outcome", "shown", "state", "view")

    def __init__(self, approval_id: str, order: ByHand, shown: Shown, expires_ns: int, view: ApprovalView) -> None:
        self.approval_id, self.order, self.shown, self.expires_ns = approval_id, order, shown, expires_ns
        self.view = view
        self.state: State = "waiting"
        self.by = self.outcome = self.client_order_id = ""


class Approvals:
    """The orders that wait, and the last that did; an engine's restart forgets them, which means no."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._all: dict[str, Approval] = {}

    def open(self, order: ByHand, wish: Wish, tried: ApprovedOrder) -> Approval:
        """Let an order wait, and tell; the same one that waits already is handed out again."""
        approval_id = "a-" + blake2b(cause_of(order).encode(), digest_size=6).hexdigest()
        known = self._all.get(approval_id)
        if known is not None and known.state == "waiting":
            return known
        trading, market = self._trading, self._trading.markets[tried.symbol]
        it, now_ns = market.instrument, trading.now_ns
        expires_ns = now_ns + int(trading.config.people.two_person_s * 1e9)
        if wish.proposal is not None:
            expires_ns = min(expires_ns, wish.proposal.expires_ns)
        shown = Shown(it.qty_text(tried.qty_lots), it.price_text(market.ask_ticks), now_ns)
        fee_pct = trading.config.people.fee_pct
        view = ApprovalView(
            approval_id=approval_id,
            fingerprint=fingerprint(order, shown),
            symbol=it.symbol,
            base_asset=it.base_asset,
            quote_asset=it.quote_asset,
            side=side_name(tried.side),
            qty=shown.qty,
            price=shown.price,
            notional_quote=money_text(it.notional_e8(market.ask_ticks, tried.qty_lots)),
            worst_loss_quote=money_text(worst_loss_e8(tried, tried.price_ticks, tried.qty_lots, market, fee_pct)),
            asked_by=origin_of(order.who),
            proposal_id=wish.proposal.proposal_id if wish.proposal else "",
            limit_quote=f"{trading.config.people.two_person_quote:g}",
            state="waiting",
            decided_by="",
            outcome="",
            client_order_id="",
            ts_opened_ns=now_ns,
            ts_expires_ns=expires_ns,
        )
        approval = self._all[approval_id] = Approval(approval_id, order, shown, expires_ns, view)
        if len(self._all) > _KEPT:
            del self._all[next(iter(self._all))]
        self._tell(approval)
        return approval

    def waiting(self, approval_id: str, seen: str) -> Approval:
        """Find one that still waits, as the person saw it; raises Unclear for any other."""
        approval = self._all.get(approval_id)
        if approval is None:
            raise Unclear("EXPIRED", _UNKNOWN)
        if approval.state in ("expired", "overtaken") or self._trading.now_ns >= approval.expires_ns:
            raise Unclear("EXPIRED", "Nobody said yes in time, and that means no: nothing was done.")
        if approval.state != "waiting":
            raise Unclear("ALREADY_DECIDED", f"Already decided: {approval.outcome}. Nothing more was done.")
        if approval.view.fingerprint != seen:
            raise Unclear("CHANGED", "What waits is not what this message showed: look at the newest one.")
        return approval

    def end(self, approval: Approval, state: State, by: str, outcome: str, client_order_id: str = "") -> None:
        """Settle one, and tell."""
        approval.state, approval.by, approval.outcome = state, by, outcome
        approval.client_order_id = client_order_id
        self._tell(approval)

    def on_timer(self) -> None:
        """Settle those whose time is over, and those on alerts that were decided otherwise."""
        if not self._all:
            return
        now_ns = self._trading.now_ns
        for approval in [a for a in self._all.values() if a.state == "waiting"]:
            proposal = self._trading.proposals.get(approval.view.proposal_id)
            if now_ns >= approval.expires_ns:
                self.end(approval, "expired", "", "nobody else said yes in time, and that means no")
            elif proposal is not None and not proposal.is_open:
                self.end(approval, "overtaken", proposal.decided_by, f"the alert was decided: {proposal.outcome}")

    def is_waiting_on(self, proposal_id: str) -> bool:
        """Say whether somebody wants to buy on an alert, and waits for a second person."""
        return any(it.state == "waiting" and it.view.proposal_id == proposal_id for it in self._all.values())

    def views(self) -> tuple[ApprovalView, ...]:
        """Show what is remembered, oldest first."""
        return tuple(shown_now(approval) for approval in self._all.values())

    def _tell(self, approval: Approval) -> None:
        view, now_ns = shown_now(approval), self._trading.now_ns
        self._trading.publish(lambda: events.ApprovalChanged(ts_ns=now_ns, approval=view))


def shown_now(approval: Approval) -> ApprovalView:
    """Show an order that waits, as it is now."""
    return msgspec.structs.replace(
        approval.view,
        state=approval.state,
        decided_by=approval.by,
        outcome=approval.outcome,
        client_order_id=approval.client_order_id,
    )
