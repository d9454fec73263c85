"""What a command that led to orders shows in the channel."""

from __future__ import annotations

from slack_bolt.context.async_context import AsyncBoltContext

from bot.listeners.answer import is_told_to_all
from bot.render.say import number
from engine.wire.commands import Amount
from engine.wire.replies import OrderPlaced, Reply
from engine.wire.views import OrderView


def show_placed(context: AsyncBoltContext, reply: Reply, amount: Amount | None = None) -> bool:
    """Show the reply's orders in the channel; False where there are none, or where the channel is elsewhere."""
    if not reply.ok or not isinstance(reply.result, OrderPlaced) or not reply.result.orders:
        return False
    for order in reply.result.orders:
        context["desk"].posts.on_order(order, _asked(amount, order) if amount is not None else "")
    return is_told_to_all(context)


def _asked(amount: Amount, order: OrderView) -> str:
    """Say in words what a person wanted to trade, which the order's own size then shows in numbers."""
    base, quote, is_buy = order.base_asset, order.quote_asset, order.side == "buy"
    match amount.unit:
        case "all":
            return f"as much {base} as the limits allow" if is_buy else f"all {base} that is held"
        case "percent":
            share = f"{number(amount.value)} %"
            return f"{base} for {share} of the free {quote}" if is_buy else f"{share} of the {base} that is held"
        case "base":
            return f"{number(amount.value)} {base}"
        case "quote":
            return f"{base} for {number(amount.value)} {quote}"
