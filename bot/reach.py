"""Tells the engine whether people can be reached over Slack: where they can't, *auto* falls back to *ask* (C12)."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from typing import Final

from bot.ears import Ears
from engine.wire.commands import Reach, Who
from engine.wire.line import EngineLine, LineDown

EVERY_S: Final = 5.0
"""The engine counts 60 s without a good word as out of reach, unless it was told another time."""
_BOT: Final = Who("bot", "bot", "slack")


async def tell_reach(line: EngineLine, ears: Ears, every_s: float = EVERY_S) -> None:
    """Tell it again and again; an engine that is away is told when it is back."""
    while True:
        detail = "" if ears.is_connected else "the bot has no connection to Slack"
        word = Reach(id=uuid.uuid4().hex, who=_BOT, is_reachable=not detail, detail=detail)
        with contextlib.suppress(LineDown):
            await line.ask(word)
        await asyncio.sleep(every_s)
