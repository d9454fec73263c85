"""Keeps a picture of the account's worth for App Home, drawn now and then while somebody looks.

A page is never kept waiting for it: until there is one, and wherever Slack won't have it, the curve is text.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.charts import ThemeName
from bot.charts.asked import draw_equity
from bot.charts.words import equity_words
from bot.drawing import Drawing, NotDrawn
from bot.outbox import reason_of
from bot.render.home import Picture
from bot.upload import upload
from engine.wire.answers import EquityView

_log: Final = logging.getLogger(__name__)
_PATIENCE: Final = 3
"""Slack goes on working at a file after its upload, and refuses it in a view until then; after so many refusals it is
given up. Source: github.com/slackapi/python-slack-sdk/issues/1521 and slackapi/slack-github-action/issues/413."""
_KEPT: Final = 2
"""The picture that pages show, and the one before it, which some may still show."""


class Curve:
    """The picture there is, and the next one, which is drawn meanwhile.

    The file is shared in no channel, where each one would be a message. Slack asks that whoever sends the block may see
    the file, which the bot that uploaded it may. Source: docs.slack.dev, "Slack file object"; images that only the bot
    may see are shown to people in what it posts (github.com/metabase/metabase/pull/54276).
    """

    def __init__(
        self,
        client: AsyncWebClient,
        drawing: Drawing,
        theme: ThemeName,
        gap_s: float,
        *,
        by_address: bool,
    ) -> None:
        """Draw at most once each ``gap_s`` seconds; ``by_address`` for a Slack that knows pictures by address alone."""
        self._client = client
        self._drawing = drawing
        self._theme = theme
        self._gap_s = gap_s
        self._by_address = by_address
        self._wanted: EquityView | None = None
        self._due = asyncio.Event()
        self._files: list[str] = []
        self._refusals = 0
        self.picture: Picture | None = None
        """What a page may show now."""
        self.on_new: Callable[[], None] = lambda: None
        """Called when there is another picture."""

    def want(self, view: EquityView) -> None:
        """Take how the account did, for the next picture."""
        if view != self._wanted:
            self._wanted = view
            self._due.set()

    def refused(self) -> None:
        """Take that Slack would not have the picture in a page."""
        self._refusals += 1
        if self._refusals >= _PATIENCE:
            self.picture = None

    async def run(self) -> None:
        """Draw what is wanted, for ever."""
        while True:
            await self._due.wait()
            self._due.clear()
            if self._wanted is not None:
                await self._renew(self._wanted)
            await asyncio.sleep(self._gap_s)

    async def _renew(self, view: EquityView) -> None:
        try:
            png = await self._drawing.draw(draw_equity, view, self._theme)
            self.picture = await self._upload(png, equity_words(view))
        except (NotDrawn, SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            why = reason_of(error) if isinstance(error, SlackApiError) else repr(error)
            _log.warning("the curve of the homes was not renewed", extra={"why": why})
            return
        self._refusals = 0
        self.on_new()
        await self._forget_old()

    async def _upload(self, png: bytes, words: str) -> Picture:
        file = await upload(self._client, png, "equity", "Equity, 7 days", words)
        self._files.append(file["id"])
        source = {"image_url": file["permalink"]} if self._by_address else {"slack_file": {"id": file["id"]}}
        return Picture(source, words)

    async def _forget_old(self) -> None:
        while len(self._files) > _KEPT:
            try:
                await self._client.files_delete(file=self._files.pop(0))
            except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
                _log.info("an old curve was left in Slack", extra={"why": repr(error)})
