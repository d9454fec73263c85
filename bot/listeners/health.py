"""`/health`: whether the engine and what it stands on are well, and the bot itself."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.listeners.answer import tell
from bot.render.health import health as shown
from engine.wire.commands import GetStatus
from engine.wire.line import LineDown
from engine.wire.views import HealthView, StatusView


async def health(respond: AsyncRespond, command: dict[str, Any], context: AsyncBoltContext) -> None:
    """Show every part of the engine and of the bot; also while the engine is away."""
    desk = context["desk"]
    try:
        reply = await desk.ask(GetStatus(id=ids.of_command(command), who=context["who"]))
        engine = reply.result.health if isinstance(reply.result, StatusView) else ()
    except LineDown as error:
        engine = (HealthView("engine", False, str(error)),)
    await tell(respond, shown({"engine": engine, "bot": desk.health()}, desk.posts.alarms.open()))
