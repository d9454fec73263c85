"""`/orders`."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.listeners.answer import tell, tell_reply
from bot.render import answers
from engine.wire.commands import GetOrders
from engine.wire.replies import OrdersView
from engine.wire.words import read_nothing


async def orders(respond: AsyncRespond, command: dict[str, Any], context: AsyncBoltContext) -> None:
    """Show open orders and the last finished ones."""
    read_nothing("orders", command.get("text", ""))
    reply = await context["desk"].ask(GetOrders(id=ids.of_command(command), who=context["who"]))
    if isinstance(reply.result, OrdersView):
        await tell(respond, answers.orders(reply.result))
    else:
        await tell_reply(respond, reply)
