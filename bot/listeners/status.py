"""`/status`."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.listeners.answer import tell, tell_reply
from bot.render import answers
from engine.wire.commands import GetStatus
from engine.wire.views import StatusView
from engine.wire.words import read_nothing


async def status(respond: AsyncRespond, command: dict[str, Any], context: AsyncBoltContext) -> None:
    """Show mode, health, prices and counts."""
    read_nothing("status", command.get("text", ""))
    reply = await context["desk"].ask(GetStatus(id=ids.of_command(command), who=context["who"]))
    if isinstance(reply.result, StatusView):
        await tell(respond, answers.status(reply.result))
    else:
        await tell_reply(respond, reply)
