"""`/resume [LIVE]`."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.listeners.answer import tell_unless_public
from engine.wire.commands import Resume
from engine.wire.words import read_resume


async def resume(respond: AsyncRespond, command: dict[str, Any], context: AsyncBoltContext) -> None:
    """Arm trading; a live account wants the word LIVE."""
    confirm = read_resume(command.get("text", ""))
    armed = Resume(id=ids.of_command(command), who=context["who"], confirm=confirm)
    await tell_unless_public(respond, context, await context["desk"].ask(armed))
