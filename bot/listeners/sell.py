"""`/sell SYMBOL AMOUNT|all`."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.listeners.answer import tell_reply
from bot.listeners.placed import show_placed
from engine.wire.commands import Sell
from engine.wire.words import read_sell


async def sell(respond: AsyncRespond, command: dict[str, Any], context: AsyncBoltContext) -> None:
    """Sell from a position; the order is shown in the channel, a refusal only to the one who asked."""
    words = read_sell(command.get("text", ""))
    reply = await context["desk"].ask(
        Sell(id=ids.of_command(command), who=context["who"], symbol=words.symbol, amount=words.amount)
    )
    if not show_placed(context, reply, words.amount):
        await tell_reply(respond, reply)
