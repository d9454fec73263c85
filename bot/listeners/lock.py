"""`/lock SYMBOL [for] 1h|off [because REASON]`."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.listeners.answer import tell_reply
from engine.wire.commands import LockSymbol
from engine.wire.words import read_lock


async def lock(respond: AsyncRespond, command: dict[str, Any], context: AsyncBoltContext) -> None:
    """Bar entries of a symbol for a while, or take its lock away."""
    symbol, seconds, reason = read_lock(command.get("text", ""))
    asked = LockSymbol(id=ids.of_command(command), who=context["who"], symbol=symbol, seconds=seconds, reason=reason)
    await tell_reply(respond, await context["desk"].ask(asked))
