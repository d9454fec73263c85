"""`/halt [REASON]`, and the Halt button of an alert that acted."""

from __future__ import annotations

from typing import Any, Final

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.listeners.answer import tell_unless_public
from bot.render.blocks import clip
from engine.wire.commands import Halt

_REASON: Final = 200


async def halt(respond: AsyncRespond, command: dict[str, Any], context: AsyncBoltContext) -> None:
    """Stop all new entries."""
    reason = clip(" ".join(command.get("text", "").split()), _REASON)
    await _halt(respond, context, Halt(id=ids.of_command(command), who=context["who"], reason=reason))


async def halt_now(
    respond: AsyncRespond, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext
) -> None:
    """Stop all new entries, from an alert's button."""
    reason = f"the Halt button of {action['value']}"
    await _halt(respond, context, Halt(id=ids.of_click(body, action), who=context["who"], reason=reason))


async def _halt(respond: AsyncRespond, context: AsyncBoltContext, command: Halt) -> None:
    await tell_unless_public(respond, context, await context["desk"].ask(command))
