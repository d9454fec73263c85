"""How an order by hand reads in a terminal before it leaves: its preview, and while it waits for a second person."""

from __future__ import annotations

from engine.wire.figures import amount, gain, in_r, money, price, span, sum_in_r
from engine.wire.hand_views import ApprovalView, MissedProposalView, MissedView, PreviewView
from engine.wire.phrases import expected_fill


def preview_text(view: PreviewView) -> str:
    """Write what an order would be, and what the gate says to it."""
    quote = view.quote_asset
    at = (price(view.limit_price) or "its limit") if view.is_resting else price(view.price) or "no price"
    worst = f"at the worst {price(view.limit_price)} {quote}, fee {money(view.fee_quote, quote)}"
    lines = [
        f"{view.side.upper()} {amount(view.qty, view.base_asset)} at {at}: {money(view.notional_quote, quote)}",
        *([f"  the price now is {price(view.price)}"] if view.is_resting else []),
        *([f"  {worst}"] if view.limit_price else []),
        *([f"  expected fill: {fill}"] if (fill := expected_fill(view)) else []),
    ]
    levels = (("stop", view.stop_price), ("target", view.target_price))
    if exits := ", ".join(f"{name} {price(text)}" for name, text in levels if text):
        lines.append(f"  {exits}")
    if view.plan:
        lines.append(f"  {view.plan}")
    if view.worst_loss_quote:
        loss = money(view.worst_loss_quote, quote)
        lines.append(f"  worst loss {loss} (bought at the worst, sold at the stop, both fees)")
    if view.note:
        lines.append(f"  {view.note}")
    if view.needs_second:
        lines.append("  it would wait for a second person's yes")
    said = f"no, {view.code}: {view.detail}. {view.advice}".rstrip()
    return "\n".join([*lines, f"  the gate says: {'yes' if view.code == 'OK' else said}"])


def approval_text(view: ApprovalView) -> str:
    """Write an order that waits for a second person, or what became of it."""
    what = f"{view.side} {amount(view.qty, view.base_asset)} for {money(view.notional_quote, view.quote_asset)}"
    if view.state == "waiting":
        left = span((view.ts_expires_ns - view.ts_opened_ns) / 1e9)
        return (
            f"WAITS for a second person ({left}): {what}, asked for by {view.asked_by}\n"
            f"  the second person types: approve {view.approval_id} or decline {view.approval_id}"
        )
    return f"{view.state}: {what}, asked for by {view.asked_by}. {view.outcome}"


def missed_text(view: MissedView) -> str:
    """Write what the proposals would have made that nobody took, by strategy, and the last of them."""
    sums = [
        f"{each.strategy}: {each.ended} let go, {each.won} would have won, net {sum_in_r(each.net_r)} "
        f"({gain(each.net_quote, view.quote_asset)}), {each.followed} still followed"
        for each in view.strategies
    ]
    return "\n".join([*sums, *(f"  {missed_line(each)}" for each in view.last)]) or "nothing was let go so far"


def missed_line(view: MissedProposalView) -> str:
    """Write what one of them would have made."""
    made = f"{gain(view.profit_quote, view.quote_asset)} ({in_r(view.r_multiple)})"
    return f"{view.proposal_id} {view.symbol} {view.state}: bought then, {made}, {view.end}"
