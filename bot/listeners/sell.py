"""`/sell SYMBOL AMOUNT|all [limit=PRICE]`."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.listeners.preview import place
from engine.wire.commands import Sell
from engine.wire.words import read_sell


async def sell(respond: AsyncRespond, command: dict[str, Any], context: AsyncBoltContext) -> None:
    """Preview a sale from a position; the order is shown in the channel once it is confirmed."""
    words = read_sell(command.get("text", ""))
    order = Sell(id=ids.of_command(command), who=context["who"], **words._asdict())
    await place(respond, context, order, command)
