"""`/health`: whether every process is well, part by part, and what to do about one that is dead or silent."""

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
from engine.wire.words import read_nothing


async def health(respond: AsyncRespond, command: dict[str, Any], context: AsyncBoltContext) -> None:
    """Show every part of every process of this home; also while the engine is away."""
    read_nothing("health", command.get("text", ""))
    desk = context["desk"]
    try:
        reply = await desk.ask(GetStatus(id=ids.of_command(command), who=context["who"]))
        engine = reply.result.health if isinstance(reply.result, StatusView) else ()
    except LineDown as error:
        engine = (HealthView("engine", False, str(error)),)
    processes = {"engine": engine, "bot": desk.health(), **await desk.others()}
    await tell(respond, shown(processes, desk.posts.alarms.open()))
