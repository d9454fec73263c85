"""`/close SYMBOL|all [PERCENT%]`, and the Close button of an alert that acted."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.listeners.answer import tell_refusal, tell_reply
from bot.listeners.placed import show_placed
from engine.wire.commands import Close
from engine.wire.words import read_close


async def close(respond: AsyncRespond, command: dict[str, Any], context: AsyncBoltContext) -> None:
    """Close a position or all of them, also while halted."""
    words = read_close(command.get("text", ""))
    asked = Close(id=ids.of_command(command), who=context["who"], symbol=words.symbol, percent=words.percent)
    reply = await context["desk"].ask(asked)
    if not show_placed(context, reply):
        await tell_refusal(respond, command, reply)


async def close_position(
    respond: AsyncRespond, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext
) -> None:
    """Close what the button names, whole."""
    asked = Close(id=ids.of_click(body, action), who=context["who"], symbol=action["value"])
    reply = await context["desk"].ask(asked)
    if not show_placed(context, reply):
        await tell_reply(respond, reply)
