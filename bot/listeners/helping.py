"""`/help [COMMAND]`, `help` after any command, and the buttons that say which of several was meant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_bolt.response import BoltResponse

from bot import ids
from bot.listeners.answer import tell
from bot.render.help import HELP_WORDS, help_for, help_for_all


class Helper:
    """Knows which commands there are."""

    def __init__(self, commands: dict[str, Callable[..., Awaitable[Any]]]) -> None:
        self._commands = commands

    async def explain(self, respond: AsyncRespond, command: dict[str, Any]) -> None:
        """Explain one command, or list all."""
        word, known = command.get("text", "").strip(), frozenset(self._commands)
        await tell(respond, help_for(word, known) if word else help_for_all(known))

    async def before(
        self, body: dict[str, Any], respond: AsyncRespond, next: Callable[[], Awaitable[BoltResponse]]
    ) -> BoltResponse:
        """Answer ``help`` after a command instead of carrying it out."""
        if str(body.get("text", "")).strip().lower() not in HELP_WORDS or body.get("command") not in self._commands:
            return await next()
        await tell(respond, help_for(str(body["command"]), frozenset(self._commands)))
        return BoltResponse(status=200)

    async def go_on(
        self, respond: AsyncRespond, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext
    ) -> None:
        """Carry on the command that a button bears, as if it had been typed with what was chosen."""
        name, _, text = action["value"].partition(" ")
        clicked = ids.of_click(body, action).removeprefix("slack:")
        typed = {"command": name, "text": text, "trigger_id": clicked}
        await self._commands[name](respond=respond, command=typed, context=context)
