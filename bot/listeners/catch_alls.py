"""What nobody else listens to: taken, so that Slack doesn't send it again, and where useful answered."""

from __future__ import annotations

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.listeners.answer import tell
from bot.render.answers import usage


async def unknown_command(respond: AsyncRespond, context: AsyncBoltContext) -> None:
    """Say which commands there are."""
    await tell(respond, f"I don't know that command. {usage(context['desk'].status)}")


async def nothing_to_do() -> None:
    """Take a link's click, or a message."""


async def old_modal(ack: AsyncAck) -> None:
    """Close a modal of an older version."""
    await ack()
