"""One connection is kept up: whole frames only, opened again when it breaks, replaced before it is too old."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from engine.venues.binance.errors import Unreachable
from engine.venues.binance.websocket import Connection, KeptSocket


class Server(WSListener):
    """A WebSocket server that does what a test says."""

    lines: list[WSTransport]

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.lines.append(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()


@asynccontextmanager
async def listening(port: int = 0) -> AsyncIterator[tuple[int, list[WSTransport]]]:
    """Run a server; yield its port and the connections it took."""
    lines: list[WSTransport] = []

    def accept(request: WSUpgradeRequest) -> WSListener:
        server = Server()
        server.lines = lines
        return server

    server = await ws_create_server(accept, "127.0.0.1", port)
    try:
        yield server.sockets[0].getsockname()[1], lines
    finally:
        server.close()
        for line in lines:
            line.disconnect(graceful=False)


class Heard:
    """What a kept socket told."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.opened = self.lost = 0
        self.refuse = 0
        self._changed = asyncio.Event()

    def on_frame(self, frame: bytes, ts_recv_ns: int) -> None:
        self.frames.append(frame)
        self._changed.set()

    async def on_opened(self, connection: Connection) -> None:
        self.opened += 1
        self._changed.set()
        if self.refuse:
            self.refuse -= 1
            raise Unreachable("not this time")

    def on_lost(self) -> None:
        self.lost += 1
        self._changed.set()

    async def until(self, is_so: Callable[[], Any]) -> None:
        async with asyncio.timeout(30.0):
            while not is_so():
                self._changed.clear()
                await self._changed.wait()

    def socket(self, port: int, **more: Any) -> KeptSocket:
        url = f"ws://127.0.0.1:{port}/"
        return KeptSocket(url, self.on_frame, lambda: 7, self.on_opened, self.on_lost, **more)


@asynccontextmanager
async def kept(socket: KeptSocket) -> AsyncIterator[KeptSocket]:
    """Start a socket and close it again."""
    socket.start()
    try:
        yield socket
    finally:
        await socket.close()


async def test_a_frame_in_parts_is_put_together() -> None:
    heard = Heard()
    async with listening() as (port, lines), kept(heard.socket(port)) as socket:
        await socket.wait_ready()
        lines[0].send(WSMsgType.TEXT, b'{"a"', fin=False)
        lines[0].send(WSMsgType.CONTINUATION, b":", fin=False)
        lines[0].send(WSMsgType.CONTINUATION, b"1}")
        lines[0].send(WSMsgType.TEXT, b"whole")
        await heard.until(lambda: len(heard.frames) == 2)
        assert heard.frames == [b'{"a":1}', b"whole"]


async def test_a_connection_that_breaks_is_told_once_and_opened_again() -> None:
    heard = Heard()
    async with listening() as (port, lines), kept(heard.socket(port)) as socket:
        await socket.wait_ready()
        lines[0].disconnect(graceful=False)
        await heard.until(lambda: heard.lost == 1 and heard.opened == 2)
        await socket.wait_ready()
        assert socket.connects == 2
        assert socket.current is not None
        assert socket.current.send(b"hello")


async def test_a_connection_that_grows_old_is_replaced_and_nothing_is_lost() -> None:
    heard = Heard()
    async with listening() as (port, lines), kept(heard.socket(port, life_s=0.05)) as socket:
        await heard.until(lambda: heard.opened == 3)
        assert socket.is_ready
        assert heard.lost == 0
        lines[0].send(WSMsgType.TEXT, b"a late reply on the old one")
        await heard.until(lambda: heard.frames)


async def test_a_server_that_comes_later_and_a_logon_that_fails_are_tried_again() -> None:
    async with listening() as (port, _):
        pass
    heard = Heard()
    heard.refuse = 1
    async with kept(heard.socket(port)) as socket:
        assert not socket.is_ready
        async with listening(port):
            await heard.until(lambda: heard.opened == 2)
            await socket.wait_ready()
            assert (socket.connects, heard.lost) == (1, 0)


async def test_closing_it_is_no_loss() -> None:
    heard = Heard()
    async with listening() as (port, _):
        socket = heard.socket(port)
        socket.start()
        await socket.wait_ready()
        await socket.close()
        assert heard.lost == 0
        assert not socket.is_ready
