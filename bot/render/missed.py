"""What was not done, and what it would have made."""

from __future__ import annotations

from typing import Final

from bot.render.blocks import Message, context, escape, header, message, section
from bot.render.say import gain, price
from engine.wire.figures import in_r, plural, sum_in_r
from engine.wire.hand_views import MissedProposalView, MissedStrategyView, MissedView

_MOST: Final = 10


def missed(view: MissedView) -> Message:
    """Show by strategy what proposals would have made that nobody took, and the last of them."""
    asset = view.quote_asset
    lines = "\n".join(f"• {_sum(each, asset)}" for each in view.strategies[:_MOST])
    last = "\n".join(
        f"• {escape(each.symbol)} ({escape(each.state)}): {would_have(each)}" for each in view.last[:_MOST]
    )
    ended, net_r = sum(each.ended for each in view.strategies), sum(each.net_r for each in view.strategies)
    text = f"{plural(ended, 'proposal')} let go and followed to the end, net {sum_in_r(net_r)}"
    terms = "As if bought when it was let go, at the ask, to its stop, target or horizon; after fees."
    return message(
        text,
        [
            header("What was not done"),
            section(lines or "Nothing was let go so far."),
            *([section(f"*Last*\n{last}")] if last else []),
            context(terms),
        ],
    )


def would_have(view: MissedProposalView) -> str:
    """Say in one line what one of them would have made."""
    made = f"{gain(view.profit_quote, view.quote_asset)} ({in_r(view.r_multiple)})"
    path = f"from {price(view.entry_price)} to {price(view.exit_price)}"
    return f"it would have made {made}: {escape(view.end)}, {path}"


def _sum(each: MissedStrategyView, asset: str) -> str:
    if not each.ended:
        return f"*{escape(each.strategy)}*: {each.followed} still followed"
    rest = f", {each.followed} still followed" if each.followed else ""
    made = f"net {sum_in_r(each.net_r)} ({gain(each.net_quote, asset)})"
    return (
        f"*{escape(each.strategy)}*: {plural(each.ended, 'proposal')} let go, {each.won} would have won, {made}{rest}"
    )
