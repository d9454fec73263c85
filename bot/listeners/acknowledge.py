"""The Acknowledge button of an alarm."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.listeners.answer import tell_unless_public
from engine.wire.commands import Acknowledge


async def acknowledge(
    respond: AsyncRespond, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext
) -> None:
    """Acknowledge what the button names; the alarm's message says who did."""
    asked = Acknowledge(id=ids.of_click(body, action), who=context["who"], alarm=action["value"])
    await tell_unless_public(respond, context, await context["desk"].ask(asked))
