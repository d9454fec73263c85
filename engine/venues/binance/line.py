"""The WebSocket API's connection: logged on, subscribed to the user's stream, and each frame sorted by what it is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import msgspec

from engine.venues.binance import reports
from engine.venues.binance.errors import BadFrame, RequestRefused, Unreachable
from engine.venues.binance.limits import Budget
from engine.venues.binance.order_wires import ABSENT, Incoming
from engine.venues.binance.orders_codec import OrderEncoder
from engine.venues.binance.sign import Signer
from engine.venues.binance.websocket import PING_S, Connection, KeptSocket

_log = logging.getLogger(__name__)

_LOGON_S: Final = 5.0
_SILENCING: Final = frozenset({418, 429})


class LineListener(Protocol):
    """Takes what comes over the line, synchronously."""

    def on_reply(self, reply: Incoming, ts_recv_ns: int) -> None:
        """Take the answer to a request; raises BadFrame for one that makes no sense."""

    def on_event(self, event: msgspec.Raw, ts_recv_ns: int) -> None:
        """Take an ``executionReport``; raises BadFrame for one that makes no sense."""

    def on_list_status(self, event: msgspec.Raw) -> None:
        """Take a ``listStatus``; raises BadFrame for one that makes no sense."""

    def on_line_lost(self) -> None:
        """Hear that the line broke with whatever was outstanding."""

    @property
    def on_stale_facts(self) -> Callable[[], None]:
        """Return what to call when the venue refuses our clock at the logon."""


class OrderLine:
    """One warm connection. ``venue_ms`` gives the time by the venue's clock."""

    def __init__(
        self,
        url: str,
        encoder: OrderEncoder,
        signer: Signer,
        budget: Budget,
        venue_ms: Callable[[], int],
        clock_ns: Callable[[], int],
        ping_s: float = PING_S,
    ) -> None:
        self.bad_frames = 0
        self.on_stands: Callable[[], None] = _nothing
        """Called each time that a connection has logged on and subscribed."""
        self.socket = KeptSocket(url, self._on_frame, clock_ns, self._log_on, self._on_lost, ping_s)
        self._encoder = encoder
        self._signer = signer
        self._budget = budget
        self._venue_ms = venue_ms
        self._next_id = 0
        self._is_stream_ended = False
        self._replies: dict[int, asyncio.Future[Incoming]] = {}
        self._listener: LineListener | None = None

    @property
    def is_ready(self) -> bool:
        """True while the connection stands, logged on and subscribed."""
        return self.socket.is_ready

    @property
    def is_streaming(self) -> bool:
        """True while the line stands and the venue has not ended the user's stream on it."""
        return self.is_ready and not self._is_stream_ended

    async def start(self, listener: LineListener) -> None:
        """Connect, and return when the line stands."""
        self._listener = listener
        self.socket.start()
        await self.socket.wait_ready()

    async def close(self) -> None:
        """Close the connection; this is no loss."""
        await self.socket.close()

    def send(self, data: bytes) -> bool:
        """Write a message at once; False while there is no connection."""
        connection = self.socket.current
        return connection is not None and connection.send(data)

    def ask(self, method: str, params: Mapping[str, str | int]) -> int:
        """Write a request and return its id; 0 while there is no connection."""
        request_id = self._new_id()
        data = self._encoder.encode_request(request_id, method, params, self._venue_ms())
        return request_id if self.send(data) else 0

    def _on_frame(self, frame: bytes, ts_recv_ns: int) -> None:
        """Sort a frame: the answer to a logon, another answer, or an event of the user's stream."""
        try:
            incoming = reports.decode_incoming(frame)
            if incoming.event != ABSENT:
                self._on_event(incoming.event, ts_recv_ns)
                return
            self._note_limits(incoming)
            if isinstance(incoming.id, int) and incoming.id in self._replies:
                self._replies.pop(incoming.id).set_result(incoming)
            elif incoming.id is not None and self._listener is not None:
                self._listener.on_reply(incoming, ts_recv_ns)
        except BadFrame as error:
            self.bad_frames += 1
            _log.warning("a frame of the order line was dropped: %s", error)

    def _on_event(self, event: msgspec.Raw, ts_recv_ns: int) -> None:
        kind = reports.decode_event_kind(event)
        if kind == "executionReport" and self._listener is not None:
            self._listener.on_event(event, ts_recv_ns)
        elif kind == "listStatus" and self._listener is not None:
            self._listener.on_list_status(event)
        elif kind in ("serverShutdown", "eventStreamTerminated"):
            self._is_stream_ended |= kind == "eventStreamTerminated"
            self.socket.renew()

    def _note_limits(self, incoming: Incoming) -> None:
        now_s = asyncio.get_running_loop().time()
        self._budget.on_limits(incoming.rate_limits, now_s)
        if incoming.status in _SILENCING:
            wait_s = incoming.error.data.wait_s if incoming.error.data is not None else 0.0
            self._budget.on_refused(incoming.status, wait_s, now_s)

    def _on_lost(self) -> None:
        for reply in self._replies.values():
            reply.cancel()
        self._replies.clear()
        if self._listener is not None:
            self._listener.on_line_lost()

    async def _log_on(self, connection: Connection) -> None:
        """Log on where the key allows it, and subscribe to the user's stream; raises VenueError."""
        if self._signer.can_logon:
            await self._request(connection, "session.logon", is_signed=True)
            self._encoder.is_logged_on = True
            await self._request(connection, "userDataStream.subscribe", is_signed=False)
        else:
            await self._request(connection, "userDataStream.subscribe.signature", is_signed=True)
        self._is_stream_ended = False
        self.on_stands()

    async def _request(self, connection: Connection, method: str, *, is_signed: bool) -> None:
        request_id = self._new_id()
        if is_signed:
            data = self._encoder.encode_signed(request_id, method, {}, self._venue_ms())
        else:
            data = msgspec.json.encode({"id": request_id, "method": method})
        reply = self._replies[request_id] = asyncio.get_running_loop().create_future()
        connection.send(data)
        closed = asyncio.ensure_future(connection.closed.wait())
        try:
            await asyncio.wait({reply, closed}, timeout=_LOGON_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            closed.cancel()
            self._replies.pop(request_id, None)
        if not reply.done() or reply.cancelled():
            raise Unreachable(f"{method} got no answer")
        self._check(method, reply.result())

    def _check(self, method: str, incoming: Incoming) -> None:
        error = incoming.error
        if incoming.status != 200:
            if error.code in reports.STALE_FACTS and self._listener is not None:
                self._listener.on_stale_facts()
            raise RequestRefused(incoming.status, error.code, f"{method}: {error.msg}")

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id


def _nothing() -> None:
    """Stand in until somebody listens."""
