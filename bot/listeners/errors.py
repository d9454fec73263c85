"""The one error handler: what was expected becomes a kind sentence, what wasn't an id that is also in the log."""

from __future__ import annotations

import logging
import uuid
from typing import Any, Final

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.listeners.answer import tell
from bot.render.blocks import escape
from engine.wire.line import LineDown
from engine.wire.words import BadWords

_log = logging.getLogger(__name__)


_EXAMPLE: Final = "   for example: "
"""Where the words' example begins: in a terminal it stands apart."""


async def on_error(error: Exception, body: dict[str, Any], context: AsyncBoltContext, respond: AsyncRespond) -> None:
    """Answer in private, whatever a listener raised."""
    if isinstance(error, BadWords):
        sentence = f"{_kindly(escape(str(error)))} Nothing was done."
    elif isinstance(error, LineDown):
        sentence = f":rotating_light: {error}"
    else:
        error_id = uuid.uuid4().hex[:8]
        what = body.get("command") or [action.get("action_id") for action in body.get("actions", [])]
        _log.error("a listener failed", exc_info=error, extra={"error_id": error_id, "what": what})
        sentence = (
            f"Something broke here, and it isn't known whether this was done. Look at `/status` and `/orders` before "
            f"you try again. Error `{error_id}`, which is also in the log."
        )
    if context.response_url:
        await tell(respond, sentence)


def _kindly(words: str) -> str:
    """Show the form and the example of a command as something that can be typed here."""
    said, _, example = words.partition(_EXAMPLE)
    what, _, form = said.rpartition(": ")
    return f"{what}: `/{form}`, for example `/{example}`." if example and what else words
