"""A source that is a WebSocket feed: one JSON item in each text frame."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from picows import WSCloseCode, WSError, WSFrame, WSListener, WSMsgType, WSProtocolError, WSTransport, ws_connect

from engine.fetch import without_query
from engine.news.source import LONGEST_ITEM, BadItem, Ear, read_item

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0
CONNECT_S: Final = 5.0
PING_S: Final = 5.0
"""A feed may be silent for hours: without a ping a half-open socket would look like no news."""
_TEXT: Final = WSMsgType.TEXT
"""Looked up once: an enumeration's members take their time."""
_NO_CODE: Final = 1006
"""What a connection that broke without a word is said to have ended with. Source: RFC 6455, 7.4.1."""


class StreamSource:
    """Listens to a feed and comes back to it, sooner at first and then every five seconds."""

    def __init__(
        self,
        name: str,
        url: str,
        clock_ns: Callable[[], int],
        *,
        subscribe: str = "",
        token: str = "",
        first_pause_s: float = FIRST_PAUSE_S,
        ping_s: float = PING_S,
    ) -> None:
        """Prepare; ``url`` begins with ``ws://`` or ``wss://``.

        ``subscribe`` is sent once it is connected, with ``{secret}`` in it replaced by the token; where nothing is to
        be sent, a token goes along as ``Authorization: Bearer``. ``clock_ns``: nanoseconds since the Unix epoch, which
        stamp a frame as it arrives.
        """
        self._name = name
        self._url = url
        self._shown = without_query(url)
        self._subscribe = subscribe.replace("{secret}", token)
        self._headers = {"Authorization": f"Bearer {token}"} if token and not subscribe else {}
        self._first_pause_s = first_pause_s
        self._ping_s = ping_s
        self._clock_ns = clock_ns

    @property
    def name(self) -> str:
        """Return what people call it."""
        return self._name

    async def listen(self, ear: Ear) -> None:
        """Listen until cancelled."""
        pause_s = self._first_pause_s
        while True:
            try:
                was_there = await self._listen_once(ear)
            except (WSError, OSError, TimeoutError) as error:
                was_there = False
                ear.on_trouble(f"{self._shown} can't be reached ({error or type(error).__name__}); trying again")
            pause_s = self._first_pause_s if was_there else min(2 * pause_s, LONGEST_PAUSE_S)
            await asyncio.sleep(pause_s)

    async def _listen_once(self, ear: Ear) -> bool:
        """Follow one connection to its end, and say whether it was one worth coming straight back to."""
        heard = FeedListener(ear, self._clock_ns, self._subscribe)
        async with asyncio.timeout(CONNECT_S):
            transport, _ = await ws_connect(
                lambda: heard,
                self._url,
                extra_headers=self._headers,
                max_frame_size=LONGEST_ITEM,
                max_redirects=0,  # whoever it would lead to would be sent the token
                enable_auto_ping=True,
                auto_ping_idle_timeout=self._ping_s,
                auto_ping_reply_timeout=self._ping_s,
                logger_name="news",
            )
        try:
            await transport.wait_disconnected()
        finally:
            transport.disconnect(graceful=False)
        ear.on_trouble(f"{self._shown} ended the connection (code {heard.close_code}); trying again")
        return heard.frames > 0


class FeedListener(WSListener):
    """One connection: stamps each frame and tells its item in the socket's own callback, with nothing queued between.

    A client that queues frames for a task costs an item that task's wake-up, which is dearer the longer it slept.
    """

    def __init__(self, ear: Ear, clock_ns: Callable[[], int], subscribe: str) -> None:
        self.frames = 0
        self.close_code = _NO_CODE
        self._ear = ear
        self._clock_ns = clock_ns
        self._subscribe = subscribe
        self._parts: list[bytes] = []

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Tell that the feed is there, before anything that it says."""
        if self._subscribe:
            transport.send(_TEXT, self._subscribe.encode())
        self._ear.on_contact()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take a frame; one that comes in parts is put together first."""
        ts_recv_ns = self._clock_ns()
        kind = frame.msg_type
        if kind == _TEXT and frame.fin:
            self._take(frame.get_payload_as_bytes(), ts_recv_ns)
        elif kind == WSMsgType.CLOSE:
            self.close_code = int.from_bytes(frame.get_payload_as_bytes()[:2], "big") or _NO_CODE
            transport.disconnect()
        elif kind in (_TEXT, WSMsgType.CONTINUATION):
            self._take_part(frame, ts_recv_ns)
        elif kind == WSMsgType.BINARY:
            self.frames += 1
            self._ear.on_bad_item("it is a BINARY frame, not text")

    def _take_part(self, frame: WSFrame, ts_recv_ns: int) -> None:
        self._parts.append(frame.get_payload_as_bytes())
        if sum(map(len, self._parts)) > LONGEST_ITEM:
            raise WSProtocolError(WSCloseCode.MESSAGE_TOO_BIG, f"an item has more than {LONGEST_ITEM} bytes")
        if frame.fin:
            whole, self._parts = b"".join(self._parts), []
            self._take(whole, ts_recv_ns)

    def _take(self, data: bytes, ts_recv_ns: int) -> None:
        self.frames += 1
        try:
            item = read_item(data)
        except BadItem as error:
            self._ear.on_bad_item(str(error))
            return
        self._ear.on_item(item, ts_recv_ns)
        self._ear.on_contact()
