"""The load server: Binance's sockets for one client, written and read raw, so that little of it is in a measurement."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable
from typing import Final, Literal, cast

from benchmarks.lab import answers, frames
from benchmarks.lab.answers import Order
from benchmarks.lab.headlines import PATH
from benchmarks.lab.market import Market, read_ticks

ECHO_BYTES: Final = 460
"""What a bare echo answers: as long as our order over the WebSocket API (measured), with its frame."""

Role = Literal["rest", "market", "news", "orders", "echo"]
OnOrder = Callable[[int, int], None]
"""Called with the price of a whole order in ticks (0 for an echo, which names none) and when its last bytes came."""


class LoadServer:
    """Knows who is connected, and gives every order to ``on_order`` before it answers."""

    def __init__(self) -> None:
        self.on_order: OnOrder = _nobody_asked
        self.market = Market()
        self.is_order_line_open = True
        """False refuses the WebSocket API, so that orders go over REST."""
        self.peers: set[Peer] = set()
        self.orders = 0
        self.last_name = ""
        """What the client calls its last order."""
        self._changed = asyncio.Event()

    def begin(self) -> None:
        """Begin a new market for the next client."""
        self.market, self.is_order_line_open = Market(), True

    def peer(self, role: Role) -> Peer | None:
        """Return the connection of that role, or None."""
        return next((peer for peer in self.peers if peer.role == role), None)

    async def until(self, is_so: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
        """Wait until something about the connections is so; raises TimeoutError with what was awaited."""
        try:
            async with asyncio.timeout(seconds):
                while not is_so():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise TimeoutError(f"waited {seconds:g} s in vain for {what}") from None

    def drop_order_line(self) -> None:
        """Cut the WebSocket API and refuse it from now on."""
        self.is_order_line_open = False
        for peer in tuple(self.peers):
            if peer.role == "orders":
                peer.transport.abort()

    def tell_market(self, frame: bytes) -> None:
        """Write a market frame whose time nobody measures."""
        peer = self.peer("market")
        if peer is not None:
            peer.transport.write(frame)

    def note(self) -> None:
        """Wake who waits for a change."""
        self._changed.set()


class Peer(asyncio.Protocol):
    """One connection: HTTP first, then whatever it was opened for."""

    transport: asyncio.Transport

    def __init__(self, server: LoadServer) -> None:
        self.role: Role = "rest"
        self.is_subscribed = False
        """True once it has what its role needs: a stream, or the user's events."""
        self.fd = -1
        self._server = server
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)
        self.fd = transport.get_extra_info("socket").fileno()
        self._server.peers.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._server.peers.discard(self)
        self._server.note()

    def data_received(self, data: bytes) -> None:
        """Stamp first, then read what is whole."""
        now_ns = time.perf_counter_ns()
        self._buffer += data
        while self._take(now_ns):
            pass

    def write_now(self, data: bytes) -> int:
        """Write past the loop's queue, which holds everything back until its round ends; return when it began.

        Raises OSError when the client has hung up.
        """
        if self.transport.is_closing():
            raise ConnectionResetError
        began_ns = time.perf_counter_ns()
        os.write(self.fd, data)
        return began_ns

    def _take(self, now_ns: int) -> bool:
        """Take one whole message from the buffer, if there is one."""
        if self.role == "echo":
            return self._take_echo(now_ns)
        if self.role == "rest":
            return self._take_request(now_ns)
        found = frames.read_frame(self._buffer)
        if found is None:
            return False
        del self._buffer[: found.size]
        self._on_frame(found, now_ns)
        return True

    def _take_echo(self, now_ns: int) -> bool:
        if len(self._buffer) < ECHO_BYTES:
            return False
        del self._buffer[:ECHO_BYTES]
        self._server.orders += 1
        self._server.on_order(0, now_ns)
        return True

    def _take_request(self, now_ns: int) -> bool:
        request = frames.read_request(self._buffer)
        if request is None:
            return False
        del self._buffer[: request.size]
        if request.key:
            self._open(request)
        elif request.target == "/echo":
            self.role, self.is_subscribed = "echo", True
            self._server.note()
        elif (request.method, request.target) == ("POST", "/api/v3/order"):
            self.transport.write(frames.answer(200, self._on_form(request.body, now_ns)))
        else:
            self.transport.write(frames.answer(*answers.rest(request.method, request.target, self._server.market)))
        return True

    def _open(self, request: frames.Request) -> None:
        """Open a WebSocket in the role that its path names."""
        is_orders = request.target.startswith("/ws-api")
        if is_orders and not self._server.is_order_line_open:
            self.transport.write(frames.answer(503, b"{}"))
            return
        self.transport.write(frames.switching(request.key))
        is_news = request.target == PATH
        self.role = "orders" if is_orders else "news" if is_news else "market"
        if is_news:
            self.is_subscribed = True
        elif not is_orders:
            self._server.market.is_combined = request.target.startswith("/stream")
            self.is_subscribed = "streams=" in request.target
        self._server.note()

    def _on_frame(self, found: frames.Frame, now_ns: int) -> None:
        if found.opcode == frames.PING:
            self.transport.write(frames.frame(found.payload, frames.PONG))
        elif found.opcode == frames.CLOSE:
            self.transport.close()
        elif found.opcode == frames.TEXT:
            self._on_call(answers.read_call(found.payload), now_ns)

    def _on_call(self, call: answers.Call, now_ns: int) -> None:
        if call.method == "order.place":
            self._on_order(call, now_ns)
        elif self.role == "market":
            self.is_subscribed = True
            self.transport.write(frames.frame(b'{"result":null,"id":%d}' % int(call.id)))
        else:
            self.is_subscribed = True
            self.transport.write(frames.frame(answers.reply(call.id, {"subscriptionId": 0})))
        self._server.note()

    def _on_order(self, call: answers.Call, now_ns: int) -> None:
        order = answers.read_order(call.params)
        number = self._count(order, now_ns)
        reply = frames.frame(answers.reply(call.id, answers.expired(order, number)))
        told = frames.frame(answers.execution(order, number)) if self.is_subscribed else b""
        self.transport.write(reply + told)

    def _on_form(self, body: bytes, now_ns: int) -> bytes:
        order = answers.read_form(body)
        return answers.over_rest(order, self._count(order, now_ns))

    def _count(self, order: Order, now_ns: int) -> int:
        self._server.orders += 1
        self._server.last_name = order.client_order_id
        self._server.on_order(read_ticks(order.price), now_ns)
        return self._server.orders


@contextlib.asynccontextmanager
async def load_server() -> AsyncIterator[tuple[LoadServer, int]]:
    """Listen on a free port of loopback; yields the server and the port."""
    server = LoadServer()
    listener = await asyncio.get_running_loop().create_server(lambda: Peer(server), "127.0.0.1", 0)
    try:
        yield server, listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        for peer in tuple(server.peers):
            peer.transport.abort()
        await listener.wait_closed()


def _nobody_asked(ticks: int, now_ns: int) -> None:
    """Take an order between two runs."""
