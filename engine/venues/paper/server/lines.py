"""One client's WebSocket, written to synchronously: a frame is rendered once and handed to every transport."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from aiohttp import WSCloseCode, WSMsgType, web

MOST_BUFFERED: Final = 32 * 1024 * 1024
"""Bytes a client may leave unread before it is cut off, so that one sleeper can't fill our memory."""
PING_EVERY_S: Final = 20.0
PONG_WITHIN_S: Final = 60.0
"""Source: Binance spot, "WebSocket Streams", General Information."""


def text_frame(payload: bytes) -> bytes:
    """Render an unmasked text message, whole. Source: RFC 6455, section 5.2."""
    length = len(payload)
    if length < 126:
        return bytes((0x81, length)) + payload
    if length < 65_536:
        return b"\x81\x7e" + length.to_bytes(2, "big") + payload
    return b"\x81\x7f" + length.to_bytes(8, "big") + payload


class DelayLine:
    """Hands things on some time later, in their order, however many are on their way."""

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self._waiting: deque[tuple[float, Callable[[], None]]] = deque()
        self._loop = asyncio.get_running_loop()

    def after_delay(self, act: Callable[[], None]) -> None:
        """Do something after the delay; at once where there is none."""
        if not self._delay_s:
            act()
            return
        due = self._loop.time() + self._delay_s
        self._waiting.append((due, act))
        if len(self._waiting) == 1:
            self._loop.call_at(due, self._release)

    def _release(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._loop.time():
            self._waiting.popleft()[1]()
        if self._waiting:
            self._loop.call_at(self._waiting[0][0], self._release)


class Line:
    """One client's connection."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport, delay_s: float) -> None:
        self.socket = socket
        self.is_mute = False
        """Half-open: nothing is sent any more, not even a pong, and the client isn't told."""
        self.heard = asyncio.get_running_loop().time()
        """When the client last gave a sign of life, on the loop's clock."""
        self._transport = transport
        self._delays = DelayLine(delay_s)

    @classmethod
    async def open(cls, request: web.Request, delay_s: float) -> Line:
        """Accept a connection; raises ConnectionResetError where it is gone already."""
        socket = web.WebSocketResponse(autoping=False, compress=False, max_msg_size=1024 * 1024)
        await socket.prepare(request)
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client left during the handshake")
        return cls(socket, transport, delay_s)

    @property
    def is_closed(self) -> bool:
        """True when nothing can be sent any more."""
        return self.socket.closed or self._transport.is_closing()

    def send(self, payload: bytes) -> None:
        """Send a text message."""
        self.send_frame(text_frame(payload))

    def send_frame(self, frame: bytes) -> None:
        """Send a frame that is rendered already."""
        self._delays.after_delay(lambda: self._write(frame))

    async def receive(self, take: Callable[[bytes], None]) -> None:
        """Hand over every message until the client leaves."""
        async for message in self.socket:
            self.heard = asyncio.get_running_loop().time()
            if message.type is WSMsgType.TEXT:
                take(message.data.encode())
            elif message.type is WSMsgType.BINARY:
                take(message.data)
            elif message.type is WSMsgType.PING and not self.is_mute:
                await self.socket.pong(message.data)

    async def ping(self) -> None:
        """Ask for a sign of life, and cut off who gave none for too long."""
        if asyncio.get_running_loop().time() - self.heard > PONG_WITHIN_S:
            self.cut()
        elif not self.is_mute and not self.is_closed:
            await self.socket.ping()

    async def close(self, code: int = WSCloseCode.GOING_AWAY) -> None:
        """Say good-bye properly."""
        await self.socket.close(code=code)

    def cut(self) -> None:
        """Drop the connection without a word."""
        self._transport.abort()

    def _write(self, frame: bytes) -> None:
        if self.is_mute or self.is_closed:
            return
        if self._transport.get_write_buffer_size() > MOST_BUFFERED:
            self.cut()
            return
        self._transport.write(frame)
