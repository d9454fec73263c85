"""Approve and Decline on an order that waits for a second person."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.listeners.answer import tell_unless_public
from bot.listeners.placed import show_placed
from bot.render.approval import APPROVE
from engine.wire.commands import Approve
from engine.wire.replies import ProposalTaken


async def approve(
    respond: AsyncRespond, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext
) -> None:
    """Put the second person's answer to the engine; what it became is shown to all, a refusal in private."""
    approval_id, fingerprint = action["value"].split("|")
    reply = await context["desk"].ask(
        Approve(
            id=ids.of_click(body, action),
            who=context["who"],
            approval_id=approval_id,
            fingerprint=fingerprint,
            is_yes=action["action_id"] == APPROVE,
        )
    )
    if reply.ok and isinstance(reply.result, ProposalTaken):
        context["desk"].posts.on_taken(reply.result)
    show_placed(context, reply)
    await tell_unless_public(respond, context, reply)
