"""Brings a message into the channel once: before one is posted whose answer was lost, it is looked for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

import aiohttp
import msgspec
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.outbox import may_have_been_taken, reason_of
from bot.render.blocks import Block, Message

_log = logging.getLogger(__name__)
_LOOKED_THROUGH: Final = 200
"""Messages that are read to find one again; between a lost answer and the next try there are a few."""
_NAMED: Final = frozenset({"header", "section", "context", "divider"})
_LONGEST_NAME: Final = 255
_FORBIDDEN: Final = frozenset({"missing_scope", "not_allowed_token_type", "no_permission"})


class Letter(msgspec.Struct):
    """A message on its way out."""

    key: str
    """Its name: no other message in the channel has it."""
    tried_after: str = ""
    """Slack's id of the newest message known when it was tried first: Slack may have it, though no answer came. Empty
    while that can't be."""


class Delivery:
    """Posts to one channel. A message carries its name as the ``block_id`` of its first block.

    Slack gives a ``block_id`` back with the channel's history, so a message that was taken is found by its name.
    Source: Slack, "conversations.history"; "Block Kit: block_id".
    """

    def __init__(self, client: AsyncWebClient, channel: str, keep: Callable[[], None], latest: str) -> None:
        """Post to ``channel`` (an id); ``keep`` writes to disk that a letter may have been taken.

        ``latest`` is Slack's id of the newest message that is known, empty for none.
        """
        self._client = client
        self._channel = channel
        self._keep = keep
        self.latest = latest

    async def post(self, letter: Letter, shown: Message, thread: str = "") -> str:
        """Post a message, to a thread where one is named by its root's id, and return Slack's id of it.

        Raises what the client raises; called again then, it posts only what can't be found in the channel.
        """
        if letter.tried_after and (found := await self._find(letter, thread)):
            _log.info("Slack had it, its answer was lost", extra={"key": letter.key})
            return self._arrived(letter, found)
        letter.tried_after = letter.tried_after or self.latest or "0"
        self._keep()
        where: dict[str, Any] = (
            {"channel": self._channel, "thread_ts": thread} if thread else {"channel": self._channel}
        )
        blocks = _named(shown.blocks, letter.key)
        try:
            answer = await self._client.chat_postMessage(
                text=shown.text, blocks=blocks, unfurl_links=False, unfurl_media=False, **where
            )
        except (SlackApiError, aiohttp.ClientError) as error:
            if not may_have_been_taken(error):
                letter.tried_after = ""
            raise
        return self._arrived(letter, str(answer["ts"]))

    async def edit(self, ts: str, shown: Message) -> bool:
        """Edit a message; False where it is gone, as all are when a throwaway Slack was started anew."""
        try:
            await self._client.chat_update(channel=self._channel, ts=ts, text=shown.text, blocks=shown.blocks)
        except SlackApiError as error:
            if reason_of(error) != "message_not_found":
                raise
            return False
        return True

    def _arrived(self, letter: Letter, ts: str) -> str:
        letter.tried_after = ""
        self.latest = max(self.latest, ts, key=float) if self.latest else ts
        return ts

    async def _find(self, letter: Letter, thread: str) -> str:
        """Look for a letter in the channel or thread; empty where it isn't, or where we may not look."""
        span: dict[str, Any] = {"channel": self._channel, "oldest": letter.tried_after, "limit": _LOOKED_THROUGH}
        try:
            if thread:
                answer = await self._client.conversations_replies(ts=thread, **span)
            else:
                answer = await self._client.conversations_history(**span)
        except SlackApiError as error:
            if reason_of(error) not in _FORBIDDEN:
                raise
            _log.warning("can't see whether Slack has it: posting it again", extra={"why": reason_of(error)})
            return ""
        name, seen = letter.key[:_LONGEST_NAME], answer.get("messages") or []
        return next((str(message["ts"]) for message in seen if _name_of(message) == name), "")


def _named(blocks: list[Block], name: str) -> list[Block]:
    """Name the first block that has no name of its own."""
    named = [*blocks]
    for at, block in enumerate(named):
        if block["type"] in _NAMED:
            named[at] = {"block_id": name[:_LONGEST_NAME], **block}
            break
    return named


def _name_of(message: dict[str, Any]) -> str:
    return next((str(block.get("block_id", "")) for block in message.get("blocks", ()) if block["type"] in _NAMED), "")
