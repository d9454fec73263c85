"""What a command that led to orders shows in the channel."""

from __future__ import annotations

from slack_bolt.context.async_context import AsyncBoltContext

from bot.render.say import number
from engine.wire.commands import Amount, OrderPlaced, Reply


def show_placed(context: AsyncBoltContext, reply: Reply, amount: Amount | None = None) -> bool:
    """Show the reply's orders in the channel; False where there are none, or where the channel is elsewhere."""
    if not reply.ok or not isinstance(reply.result, OrderPlaced) or not reply.result.orders:
        return False
    for order in reply.result.orders:
        context["desk"].posts.on_order(order, _asked(amount, order.symbol) if amount is not None else "")
    return not (context.channel_id or "").startswith("D")


def _asked(amount: Amount, symbol: str) -> str:
    match amount.unit:
        case "all":
            return f"all there is of {symbol}"
        case "percent":
            return f"{number(amount.value)} % of {symbol}"
        case "base":
            return f"{number(amount.value)} {symbol}"
        case "quote":
            return f"{symbol} for {number(amount.value)}"
