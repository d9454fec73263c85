"""What nobody else listens to: taken, so that Slack doesn't send it again, and where useful answered."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.listeners.answer import tell
from bot.render.answers import usage
from engine.wire.helps import nearest


async def unknown_command(respond: AsyncRespond, command: dict[str, Any], context: AsyncBoltContext) -> None:
    """Say which command was meant, or which there are."""
    near = nearest(command["command"])
    meant = f"Did you mean `/{near}`?" if near else usage(context["desk"].status)
    await tell(respond, f"I don't know that command. {meant}")


async def nothing_to_do() -> None:
    """Take a link's click, or a message."""


async def old_modal(ack: AsyncAck) -> None:
    """Close a modal of an older version."""
    await ack()
