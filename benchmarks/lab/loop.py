"""The path in a loop of its own, as warm as it gets or as cold: a scratch engine, one frame after the other, no server.

The classes are those of the real engine, from the socket's listener to the write; who reads at the other end is in
this process. An order's end is heard right after it, so that each event finds the same account.
"""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from picows import WSFrame, WSMsgType, WSTransport

from engine.clock import now_ns
from engine.core.warm import FIRST_TICKS, SCRATCH, expired, scratch_engine
from engine.live import Live
from engine.store.journal import Journal
from engine.venues.binance.express import ExpressReader
from engine.venues.binance.limits import Budget
from engine.venues.binance.line import LineListener, OrderLine
from engine.venues.binance.orders import BinanceOrders
from engine.venues.binance.orders_codec import OrderEncoder
from engine.venues.binance.rest import RestClient
from engine.venues.binance.sign import HmacSigner
from engine.venues.binance.urls import ApiKeys
from engine.venues.binance.websocket import Connection

WALKED_BYTES: Final = 32 << 20
"""More than a core's own caches hold: reading so much leaves nothing of the path in them."""
_KEYS: Final = ApiKeys("loop" * 16, "loop" * 16)
_QUOTE_EVERY: Final = 50
_TRADE: Final = (
    b'{"stream":"scratchusdt@trade","data":{"e":"trade","E":%d,"s":"SCRATCHUSDT","t":%d,"p":"%d.%02d000000",'
    b'"q":"0.25000000","T":%d,"m":false,"M":true}}'
)
_QUOTE: Final = (
    b'{"stream":"scratchusdt@bookTicker","data":{"u":%d,"s":"SCRATCHUSDT","b":"%d.%02d000000","B":"3.02920000",'
    b'"a":"%d.%02d000000","A":"31.43950000"}}'
)


class _Frame:
    """A text frame as the listener is given it."""

    msg_type, fin = WSMsgType.TEXT, True

    def __init__(self, payload: bytes) -> None:
        self._payload = payload

    def get_payload_as_bytes(self) -> bytes:
        """Return what it carries."""
        return self._payload


class _Wire:
    """Two ends of a connection over loopback; orders are written to the one, and read away from the other."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            self._near = socket.create_connection(server.getsockname())
            self._far, _ = server.accept()
        self.orders = self._read = 0

    def send(self, kind: WSMsgType, message: bytes) -> None:
        """Write an order."""
        self._near.send(message)
        self.orders += 1

    def drain(self) -> None:
        """Read away what was written."""
        if self.orders > self._read:
            self._far.recv(1 << 16)
            self._read = self.orders

    def close(self) -> None:
        """Close both ends."""
        self._near.close()
        self._far.close()


class _Line(OrderLine):
    """Stands at once, on a wire."""

    def stand_on(self, wire: _Wire) -> None:
        """Write to this wire from now on."""
        connection = Connection(lambda frame, ts_ns: None, lambda closed: None, now_ns)
        connection.transport = cast(WSTransport, wire)
        self.socket.current = connection

    async def start(self, listener: LineListener) -> None:
        """Connect to nobody."""


async def turn(events: int, *, is_cold: bool) -> int:
    """Let so many trades become orders, each after 32 MB of other memory where it is cold; return how many did."""
    walked = np.zeros(WALKED_BYTES // 8, np.int64)
    wire = _Wire()
    budget, signer = Budget(), HmacSigner(_KEYS.secret)
    encoder = OrderEncoder((SCRATCH,), _KEYS, signer)
    rest = RestClient("http://127.0.0.1:1", _KEYS, encoder, budget, now_ns)
    line = _Line("ws://127.0.0.1:1", encoder, signer, budget, rest.venue_ms, now_ns)
    line.stand_on(wire)
    orders = BinanceOrders(line, rest, encoder, {SCRATCH.symbol: SCRATCH}, budget, now_ns)
    with tempfile.TemporaryDirectory(prefix="bench-") as home, Journal.open(Path(home) / "journal.bin") as journal:
        live = Live(scratch_engine(now_ns()), journal, None)
        live.orders = orders
        await orders.start(live)
        reader = ExpressReader(live.engine.trading.markets, live, lambda symbol: None)
        market = Connection(reader.on_frame, lambda closed: None, now_ns)
        first_ms = now_ns() // 1_000_000
        for number in range(1, events + 1):
            price, ms = FIRST_TICKS + number, first_ms + number
            if number % _QUOTE_EVERY == 0:
                reader.on_frame(_QUOTE % (number, *divmod(price - 1, 100), *divmod(price + 1, 100)), now_ns())
            frame: Any = _Frame(_TRADE % (ms, number, *divmod(price, 100), ms))
            if is_cold:
                walked.sum()
            market.on_ws_frame(cast(WSTransport, wire), cast(WSFrame, frame))
            wire.drain()
            _let_expire(live)
        await orders.close()
        await rest.close()
    wire.close()
    return wire.orders


def _let_expire(live: Live) -> None:
    """Let the venue say that what is open met nobody."""
    for order in live.engine.trading.orders.working():
        live.on_execution(expired(order.approved, now_ns()))
