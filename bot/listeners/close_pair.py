"""The button of an alarm that closes a pair beyond its loss limit."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.listeners.answer import tell_unless_public
from engine.wire.pairs import ClosePair


async def close_pair(
    respond: AsyncRespond, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext
) -> None:
    """Close what the button names, if it costs no more than about what it says."""
    pair, _, loss = action["value"].partition("|")
    asked = ClosePair(id=ids.of_click(body, action), who=context["who"], pair=pair, most_loss=loss)
    await tell_unless_public(respond, context, await context["desk"].ask(asked))
