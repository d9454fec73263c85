"""`/drill`: rehearse the desk's bad days, on paper and on a desk of its own."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.listeners.answer import tell, tell_unless_public
from engine.wire.drill import StartDrill
from engine.wire.words import read_nothing


async def drill(respond: AsyncRespond, command: dict[str, Any], context: AsyncBoltContext) -> None:
    """Have the engine run a drill; that it runs, and its report, are told to all in one message."""
    read_nothing("drill", command.get("text", ""))
    desk = context["desk"]
    if not desk.is_paper:
        await tell(respond, ":no_entry: *Nothing was done.* A drill is for a paper account.")
        return
    reply = await desk.ask(StartDrill(id=ids.of_command(command), who=context["who"]))
    await tell_unless_public(respond, context, reply)
