"""`/kill [flatten] [SYMBOL]`, its button, and `/kill reset REASON`."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.listeners.answer import tell, tell_reply
from bot.render.kill import question
from engine.wire.commands import Kill, ResetKill
from engine.wire.words import read_kill


async def kill(respond: AsyncRespond, command: dict[str, Any], context: AsyncBoltContext) -> None:
    """Ask with a button before it is thrown; a reset needs none, because it allows nothing by itself."""
    words = read_kill(command.get("text", ""))
    if not words.is_reset:
        status = context["desk"].status
        await tell(respond, question(words, [price.symbol for price in status.prices] if status else ()))
        return
    asked = ResetKill(id=ids.of_command(command), who=context["who"], reason=words.reason)
    await tell_reply(respond, await context["desk"].ask(asked))


async def kill_now(
    respond: AsyncRespond, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext
) -> None:
    """Throw it as the button says; what it did is told to all when the exchange has confirmed it."""
    words = read_kill(action["value"])
    asked = Kill(id=ids.of_click(body, action), who=context["who"], flatten=words.flatten, symbol=words.symbol)
    await tell_reply(respond, await context["desk"].ask(asked))
