"""What the rehearsal's tests share: a real side that trades on a socket of its own, and all that it left behind."""

from __future__ import annotations

import contextlib
import enum
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Literal, NamedTuple

import msgspec
import numpy as np
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_create_server
from waiting import until

from engine.core.types import ExecutionReport, OrderState, Side, VenueOrderId
from engine.core.warm import FIRST_TICKS, SCRATCH, scratch_engine
from engine.live import Live
from engine.store.journal import Journal
from engine.store.recorder import Recorder
from engine.venues.binance.limits import Budget
from engine.venues.binance.line import OrderLine
from engine.venues.binance.orders import BinanceOrders
from engine.venues.binance.orders_codec import OrderEncoder
from engine.venues.binance.reader import MarketReader
from engine.venues.binance.rest import RestClient
from engine.venues.binance.sign import HmacSigner
from engine.venues.binance.urls import ApiKeys

T0: Final = 1_723_161_255_000_000_000
STEP_NS: Final = 1_000_000
SYMBOL: Final = SCRATCH.symbol
"""Of the same name as the rehearsal's own: whatever got mixed up would not be told apart by its name."""

Event = tuple[Literal["trade", "quote"], int]
"""A trade or a quote, and how many ticks from the first price."""

_STREAM = b'{"stream":"scratchusdt@%b","data":%b}'
_TRADE = b'{"e":"trade","E":%d,"s":"SCRATCHUSDT","t":%d,"p":"%d.%02d000000","q":"0.25000000","T":%d,"m":false,"M":true}'
_QUOTE = b'{"u":%d,"s":"SCRATCHUSDT","b":"%d.%02d000000","B":"3.02920000","a":"%d.%02d000000","A":"31.43950000"}'


class Venue(WSListener):
    """The far end of the real order line: keeps every order, and agrees to everything else."""

    def __init__(self) -> None:
        self.orders: list[bytes] = []

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take a message."""
        if frame.msg_type != WSMsgType.TEXT:
            return
        data = frame.get_payload_as_bytes()
        if b'"order.place"' in data:
            self.orders.append(data)
        else:
            reply = {"id": msgspec.json.decode(data)["id"], "status": 200, "result": {}}
            transport.send(WSMsgType.TEXT, msgspec.json.encode(reply))


class Left(NamedTuple):
    """Everything that a run of the real side left behind."""

    orders: list[bytes]
    journal: bytes
    session: bytes
    state: Any


class RealSide:
    """An engine with real sockets and real files, whose time is what its events say."""

    def __init__(self, live: Live, venue: Venue, orders: BinanceOrders) -> None:
        self.live = live
        self.venue = venue
        self.orders = orders
        self.reader = MarketReader((SCRATCH,), live, lambda symbol: None)
        self._now_ns = T0
        self._number = 0

    def tell(self, event: Event) -> None:
        """Let it hear one frame, and the end of every order that the frame leads to."""
        kind, ticks = event
        self._number += 1
        self._now_ns += STEP_NS
        price, now_ms = FIRST_TICKS + ticks, self._now_ns // 1_000_000
        if kind == "trade":
            data = _TRADE % (now_ms, self._number, *divmod(price, 100), now_ms)
        else:
            data = _QUOTE % (self._number, *divmod(price - 1, 100), *divmod(price + 1, 100))
        self.reader.on_frame(_STREAM % (b"trade" if kind == "trade" else b"bookTicker", data), self._now_ns)
        for order in self.live.engine.trading.orders.working():
            self.live.on_execution(expired(order.approved.client_order_id, order.approved.qty_lots, self._now_ns))

    async def until_received(self) -> None:
        """Wait until every order that was sent has reached the venue."""
        sent = self.live.engine.trading.last_hop.orders_out
        await until(lambda: len(self.venue.orders) == sent, every_s=0.0)


@contextlib.asynccontextmanager
async def real_side(folder: Path) -> AsyncIterator[RealSide]:
    """Open an engine that sends to a venue of its own, journals and records."""
    venue = Venue()
    server = await ws_create_server(lambda request: venue, "127.0.0.1", 0)
    host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    keys, signer, budget = ApiKeys("real-key", "real-secret"), HmacSigner("real-secret"), Budget()
    encoder = OrderEncoder((SCRATCH,), keys, signer)
    rest = RestClient(f"http://{host}", keys, encoder, budget, lambda: T0)
    line = OrderLine(f"ws://{host}/ws-api/v3", encoder, signer, budget, rest.venue_ms, lambda: T0)
    orders = BinanceOrders(line, rest, encoder, {SYMBOL: SCRATCH}, budget, lambda: T0)
    with Journal.open(folder / "journal.bin") as journal, Recorder(folder / "session.txt") as recorder:
        live = Live(scratch_engine(T0), journal, recorder)
        live.orders = orders
        await orders.start(live)
        yield RealSide(live, venue, orders)
        await orders.close()
        await rest.close()
    server.close()


def expired(client_order_id: Any, lots: int, ts_ns: int) -> ExecutionReport:
    """Word the end of an order that met nobody."""
    return ExecutionReport(
        SYMBOL, client_order_id, VenueOrderId(1), Side.BUY, OrderState.EXPIRED,
        lots, 0, 0, 0, 0, 0, 0, "", False, "", ts_ns, ts_ns,
    )  # fmt: skip


def dump(value: Any, seen: dict[int, int] | None = None) -> Any:
    """Take everything that hangs on a value apart into plain values, arrays and private parts included."""
    seen = {} if seen is None else seen
    if value is None or isinstance(value, bool | int | float | str | bytes | enum.Enum):
        return value
    if id(value) in seen:
        return f"again {seen[id(value)]}"
    seen[id(value)] = len(seen)
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, ModuleType):
        return value.__name__
    if isinstance(value, dict):
        return [(dump(key, seen), dump(item, seen)) for key, item in value.items()]
    if isinstance(value, list | tuple | deque | set | frozenset):
        return [dump(item, seen) for item in value]
    if isinstance(value, msgspec.Struct):
        return [dump(getattr(value, name), seen) for name in value.__struct_fields__]
    if isinstance(value, ModuleType):
        return value.__name__
    if callable(value):
        return getattr(value, "__qualname__", type(value).__name__)
    names = [
        *getattr(value, "__dict__", {}),
        *(n for kind in type(value).__mro__ for n in getattr(kind, "__slots__", ())),
    ]
    return type(value).__name__, [(name, dump(getattr(value, name), seen)) for name in names]
