"""`/risk`: shows the limits; `/risk set`, `unset` and `reset` change them, which is for admins."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.listeners.answer import tell, tell_reply
from bot.render.risk import limits
from engine.wire.risk_words import read_risk, risk_command
from engine.wire.safeguard_views import RiskView


async def risk(respond: AsyncRespond, command: dict[str, Any], context: AsyncBoltContext) -> None:
    """Show or change the limits; ``access`` lets only admins say anything after it."""
    asked = risk_command(read_risk(command.get("text", "")), ids.of_command(command), context["who"])
    reply = await context["desk"].ask(asked)
    if isinstance(reply.result, RiskView):
        await tell(respond, limits(reply.result))
    else:
        await tell_reply(respond, reply)
