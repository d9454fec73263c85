"""Brings notes and cards into the channel and lines into their threads; what waits is kept over a restart."""

from __future__ import annotations

import asyncio
import logging
import uuid
from functools import partial
from pathlib import Path
from typing import Final

from slack_sdk.web.async_client import AsyncWebClient

from bot import memory
from bot.delivery import Delivery
from bot.memory import Card, Memory, Note
from bot.outbox import Outbox
from bot.quiet import Quiet
from bot.render.blocks import SECTION_TEXT, Message, clip, message, section

_log: Final = logging.getLogger(__name__)


class Mail:
    """What goes to one channel. Everything here is synchronous but the sending."""

    def __init__(self, client: AsyncWebClient, outbox: Outbox, channel: str, file: Path) -> None:
        """Post to ``channel`` (an id), and remember in ``file`` what was posted and what waits."""
        self.channel = channel
        self.memory: Memory = memory.load(file, channel)
        self.quiet = Quiet(self.memory.quiet, self.memory.names)
        self._outbox = outbox
        self._file = file
        self._delivery = Delivery(client, channel, self._save, self.memory.latest)
        self._is_saving = False

    def post(self, note: Message, *, is_urgent: bool = False, kind: str = "desk") -> None:
        """Post a message that will not change; an urgent one, which somebody waits for, before all that waits."""
        kept = Note(f"note:{uuid.uuid4().hex}", text=note.text, blocks=note.blocks, is_urgent=is_urgent, kind=kind)
        self.memory.notes.append(kept)
        self._put_note(kept)

    def show(self, card: Card) -> None:
        """Post a card, or edit its message to what it shows when its turn comes."""
        card.is_due = True
        send, dropped = partial(self._send_card, card), partial(self._give_up, card)
        self._outbox.put(card.key, send, dropped=dropped, is_urgent=card.alarm is not None)
        self.save_soon()

    def reply(self, card: Card, line: str) -> None:
        """Tell something in a card's thread."""
        card.reply(line)
        self.show(card)
        self._put_replies(card)

    def go_on(self) -> None:
        """Queue again what waited when the last bot ended, whatever ended it."""
        for note in self.memory.notes:
            self._put_note(note)
        for card in self.memory.cards:
            if card.is_due:
                self.show(card)
            if card.replies:
                self._put_replies(card)

    def save_soon(self) -> None:
        """Save when what happens now has happened whole: once, however much of it there is."""
        if not self._is_saving:
            self._is_saving = True
            asyncio.get_running_loop().call_soon(self._save)

    def _put_note(self, note: Note) -> None:
        gone = partial(self._forget_note, note)
        self._outbox.put(note.key, partial(self._send_note, note), is_urgent=note.is_urgent, dropped=gone)
        self.save_soon()

    def _put_replies(self, card: Card) -> None:
        self._outbox.put(f"reply:{card.key}", partial(self._send_replies, card), dropped=card.replies.clear)

    async def _send_note(self, note: Note) -> None:
        await self._delivery.post(note, self.quiet.hush(Message(note.text, note.blocks), note.kind))
        self._forget_note(note)

    async def _send_card(self, card: Card) -> None:
        shown = card.render()
        hushed = self.quiet.hush(shown, card.kind)
        if not card.ts or not await self._delivery.edit(card.ts, hushed):
            if card.ts and not card.is_live:
                _log.info("a finished message is gone from the channel", extra={"card": card.key})
                return self.memory.forget(card)
            card.ts = await self._delivery.post(card, hushed)
        card.is_due = card.render() != shown
        return self._save()

    async def _send_replies(self, card: Card) -> None:
        while card.replies:
            reply = card.replies[0]
            if card.ts:
                text = clip("\n".join(reply.lines), SECTION_TEXT)
                hushed = self.quiet.hush(message(text, [section(text)]), card.kind)
                await self._delivery.post(reply, hushed, card.ts)
            card.replies.remove(reply)
            self._save()

    def _forget_note(self, note: Note) -> None:
        self.memory.notes.remove(note)
        self._save()

    def _give_up(self, card: Card) -> None:
        card.is_due = False
        self._save()

    def _save(self) -> None:
        self._is_saving = False
        self.memory.latest = self._delivery.latest
        memory.save(self._file, self.memory)
