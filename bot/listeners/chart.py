"""`/chart SYMBOL [1m|5m|15m|1h|4h|1d]`."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.drawing import NotDrawn
from bot.listeners.answer import tell
from bot.render.blocks import escape
from engine.wire.question_words import read_question


async def chart(respond: AsyncRespond, command: dict[str, Any], context: AsyncBoltContext) -> None:
    """Put a chart where it was asked for: a picture can't be shown to one person alone."""
    question = read_question("chart", command.get("text", ""), ids.of_command(command), context["who"])
    try:
        await context["desk"].posts.pictures.answer(command["channel_id"], question)
    except NotDrawn as error:
        await tell(respond, escape(str(error)))
