"""`/buy SYMBOL AMOUNT|all [STOP%] [TARGET%]`, or with its exits named: `sl= tp= trail= be= time= limit=`."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.listeners.preview import place
from engine.wire.buy_words import read_buy
from engine.wire.commands import Buy


async def buy(respond: AsyncRespond, command: dict[str, Any], context: AsyncBoltContext) -> None:
    """Preview a buy; the order is shown in the channel once it is confirmed, a refusal only to the one who asked."""
    words = read_buy(command.get("text", ""))
    order = Buy(id=ids.of_command(command), who=context["who"], **words._asdict())
    await place(respond, context, order, command)
