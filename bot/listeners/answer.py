"""How a listener answers the one who asked: always in private, always saying so, and nothing that all are told."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.render.blocks import Message, clip, message
from bot.render.help import choices
from bot.render.say import names
from engine.wire.answers import Choices
from engine.wire.replies import Reply

_TEXT = 3_000


async def tell(respond: AsyncRespond, shown: Message | str) -> None:
    """Answer so that only the one who asked sees it, and no button's message is replaced by it."""
    if isinstance(shown, str):
        shown = message(clip(shown, _TEXT), [])
    # Without a response type Slack would take ephemeral, but others take public: always say it.
    await respond(text=shown.text, blocks=shown.blocks or None, response_type="ephemeral", replace_original=False)


async def replace(respond: AsyncRespond, shown: Message) -> None:
    """Put something else where a private answer with buttons stood."""
    await respond(text=shown.text, blocks=shown.blocks, response_type="ephemeral", replace_original=True)


def is_told_to_all(context: AsyncBoltContext) -> bool:
    """Tell whether the one who asked will read in the channel what was done: anywhere but in a direct message."""
    return not (context.channel_id or "").startswith("D")


async def tell_unless_public(respond: AsyncRespond, context: AsyncBoltContext, reply: Reply) -> None:
    """Pass on what the engine said, unless the message that it leads to in the channel says the same."""
    if not (reply.ok and is_told_to_all(context)):
        await tell_reply(respond, reply)


async def tell_refusal(respond: AsyncRespond, command: dict[str, Any], reply: Reply) -> None:
    """Pass on a refusal; where a word could mean several things, with a button for each that carries on."""
    if isinstance(reply.result, Choices):
        text = command.get("text", "")
        await tell(respond, choices(command["command"], text, reply.text, reply.result))
    else:
        await tell_reply(respond, reply)


async def tell_reply(respond: AsyncRespond, reply: Reply) -> None:
    """Pass on what the engine said, with the reason code where it refused."""
    await tell(respond, worded(reply))


def worded(reply: Reply) -> str:
    """Word what the engine said, with the reason code where it refused."""
    if reply.ok:
        return f":white_check_mark: {names(reply.text)}"
    code = f" (`{reply.unsaid_code}`)" if reply.unsaid_code else ""
    return f":no_entry: *Nothing was done.* {names(reply.text)}{code}"
