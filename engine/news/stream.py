"""A source that is a WebSocket feed: one JSON item in each text frame."""

from __future__ import annotations

import asyncio
from typing import Final

import aiohttp

from engine.news.fetch import without_query
from engine.news.source import LONGEST_ITEM, BadItem, Ear, read_item

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0
CONNECT_S: Final = 5.0
PING_S: Final = 5.0
"""A feed may be silent for hours: without a ping a half-open socket would look like no news."""


class StreamSource:
    """Listens to a feed and comes back to it, sooner at first and then every five seconds."""

    def __init__(
        self,
        name: str,
        url: str,
        *,
        subscribe: str = "",
        token: str = "",
        first_pause_s: float = FIRST_PAUSE_S,
        ping_s: float = PING_S,
    ) -> None:
        """Prepare; ``url`` begins with ``ws://`` or ``wss://``.

        ``subscribe`` is sent once it is connected, with ``{secret}`` in it replaced by the token; where nothing is to
        be sent, a token goes along as ``Authorization: Bearer``.
        """
        self._name = name
        self._url = url
        self._shown = without_query(url)
        self._subscribe = subscribe.replace("{secret}", token)
        self._headers = {"Authorization": f"Bearer {token}"} if token and not subscribe else {}
        self._first_pause_s = first_pause_s
        self._ping_s = ping_s

    @property
    def name(self) -> str:
        """Return what people call it."""
        return self._name

    async def listen(self, ear: Ear) -> None:
        """Listen until cancelled."""
        pause_s = self._first_pause_s
        async with aiohttp.ClientSession() as session:
            while True:
                try:
                    was_there = await self._listen_once(session, ear)
                except (aiohttp.ClientError, OSError, TimeoutError) as error:
                    was_there = False
                    ear.on_trouble(f"{self._shown} can't be reached ({error}); trying again")
                pause_s = self._first_pause_s if was_there else min(2 * pause_s, LONGEST_PAUSE_S)
                await asyncio.sleep(pause_s)

    async def _listen_once(self, session: aiohttp.ClientSession, ear: Ear) -> bool:
        """Follow one connection to its end, and say whether it was one worth coming straight back to."""
        async with asyncio.timeout(CONNECT_S):
            feed = await session.ws_connect(
                self._url, heartbeat=self._ping_s, max_msg_size=LONGEST_ITEM, headers=self._headers
            )
        async with feed:
            if self._subscribe:
                await feed.send_str(self._subscribe)
            ear.on_contact()
            count = 0
            async for frame in feed:
                count += 1
                _tell(ear, frame)
            ear.on_trouble(f"{self._shown} ended the connection (code {feed.close_code}); trying again")
            return count > 0


def _tell(ear: Ear, frame: aiohttp.WSMessage) -> None:
    try:
        if frame.type is not aiohttp.WSMsgType.TEXT:
            raise BadItem(f"it is a {frame.type.name} frame, not text")
        item = read_item(frame.data)
    except BadItem as error:
        ear.on_bad_item(str(error))
        return
    ear.on_contact()
    ear.on_item(item)
