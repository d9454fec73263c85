"""`/auto off|ask|auto [STRATEGY]`."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.listeners.answer import tell_unless_public
from engine.wire.commands import SetMode
from engine.wire.words import read_auto


async def auto(respond: AsyncRespond, command: dict[str, Any], context: AsyncBoltContext) -> None:
    """Set the auto-trade mode, of everything or of one strategy."""
    words = read_auto(command.get("text", ""))
    set_mode = SetMode(id=ids.of_command(command), who=context["who"], mode=words.mode, strategy=words.strategy)
    await tell_unless_public(respond, context, await context["desk"].ask(set_mode))
