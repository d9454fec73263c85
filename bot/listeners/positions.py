"""`/positions`."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.listeners.answer import tell, tell_reply
from bot.render import answers
from engine.wire.commands import GetPositions
from engine.wire.views import PositionsView
from engine.wire.words import read_nothing


async def positions(respond: AsyncRespond, command: dict[str, Any], context: AsyncBoltContext) -> None:
    """Show what is held and what it is worth."""
    read_nothing("positions", command.get("text", ""))
    reply = await context["desk"].ask(GetPositions(id=ids.of_command(command), who=context["who"]))
    if isinstance(reply.result, PositionsView):
        await tell(respond, answers.positions(reply.result))
    else:
        await tell_reply(respond, reply)
