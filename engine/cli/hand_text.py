"""How an order by hand reads in a terminal before it leaves: its preview, and while it waits for a second person."""

from __future__ import annotations

from engine.wire.hand_views import ApprovalView, MissedProposalView, MissedView, PreviewView


def preview_text(view: PreviewView) -> str:
    """Write what an order would be, and what the gate says to it."""
    quote = view.quote_asset
    price = (view.limit_price or "its limit") if view.is_resting else view.price or "no price"
    lines = [
        f"{view.side.upper()} {view.qty} {view.base_asset} at {price}: {view.notional_quote} {quote}",
        *([f"  the price now is {view.price}"] if view.is_resting else []),
        *([f"  at the worst {view.limit_price} {quote}, fee {view.fee_quote} {quote}"] if view.limit_price else []),
        f"  {slippage_text(view)}",
    ]
    exits = [f"{name} {text}" for name, text in (("stop", view.stop_price), ("target", view.target_price)) if text]
    if exits:
        lines.append(f"  {', '.join(exits)}")
    if view.plan:
        lines.append(f"  {view.plan}")
    if view.worst_loss_quote:
        lines.append(f"  worst loss {view.worst_loss_quote} {quote} (bought at the worst, sold at the stop, both fees)")
    if view.note:
        lines.append(f"  {view.note}")
    if view.needs_second:
        lines.append("  it would wait for a second person's yes")
    said = f"no, {view.code}: {view.detail}. {view.advice}".rstrip()
    return "\n".join([*lines, f"  the gate says: {'yes' if view.code == 'OK' else said}"])


def slippage_text(view: PreviewView) -> str:
    """Say what the visible book would do to it."""
    if view.is_resting:
        return "it rests at its limit: it may fill late, in part, or never"
    if not view.avg_price:
        return "the visible book says nothing about its price"
    part = "" if view.book_part >= 1.0 else f", of which the visible book holds {100 * view.book_part:.0f} %"
    return f"expected at {view.avg_price} on average ({view.slippage_pct:+.3f} % slippage){part}"


def approval_text(view: ApprovalView) -> str:
    """Write an order that waits for a second person, or what became of it."""
    what = f"{view.side} {view.qty} {view.base_asset} for {view.notional_quote} {view.quote_asset}"
    if view.state == "waiting":
        left_s = max(0, view.ts_expires_ns - view.ts_opened_ns) // 1_000_000_000
        return (
            f"WAITS for a second person ({left_s} s): {what}, asked for by {view.asked_by}\n"
            f"  the second person types: approve {view.approval_id} or decline {view.approval_id}"
        )
    return f"{view.state}: {what}, asked for by {view.asked_by}. {view.outcome}"


def missed_text(view: MissedView) -> str:
    """Write what the proposals would have made that nobody took, by strategy, and the last of them."""
    sums = [
        f"{each.strategy}: {each.ended} let go, {each.won} would have won, net {each.net_r:+.1f} R "
        f"({each.net_quote} {view.quote_asset}), {each.followed} still followed"
        for each in view.strategies
    ]
    return "\n".join([*sums, *(f"  {missed_line(each)}" for each in view.last)]) or "nothing was let go so far"


def missed_line(view: MissedProposalView) -> str:
    """Write what one of them would have made."""
    made = f"{view.profit_quote} {view.quote_asset} ({view.r_multiple:+.1f} R)"
    return f"{view.proposal_id} {view.symbol} {view.state}: bought then, {made}, {view.end}"
