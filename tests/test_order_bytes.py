"""Whichever way a frame is taken, the same orders leave: the same bytes, behind the same records."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picows import WSTransport
from rehearsal_bench import expired

from engine.core.warm import FIRST_TICKS, SCRATCH, scratch_engine
from engine.live import Live
from engine.venues.binance.express import ExpressReader
from engine.venues.binance.limits import Budget
from engine.venues.binance.line import LineListener, OrderLine
from engine.venues.binance.orders import BinanceOrders
from engine.venues.binance.orders_codec import OrderEncoder
from engine.venues.binance.reader import MarketReader
from engine.venues.binance.rest import RestClient
from engine.venues.binance.sign import HmacSigner
from engine.venues.binance.urls import ApiKeys
from engine.venues.binance.websocket import Connection

T0 = 1_700_000_000_000_000_000
KEYS = ApiKeys("key", "secret")


class Event(NamedTuple):
    """A trade or a quote so many ticks from where the market began, and whether what is open ends after it."""

    is_trade: bool
    ticks: int
    is_sale: bool
    ends: bool


EVENTS = st.lists(
    st.builds(Event, st.sampled_from([True, True, True, False]), st.integers(-40, 60), st.booleans(), st.booleans()),
    max_size=40,
)


class Pages:
    """A journal that keeps what is written to it."""

    def __init__(self) -> None:
        self.failure = ""
        self.records: list[bytes] = []

    def append(self, payload: bytes) -> None:
        self.records.append(payload)

    def use_reserve(self) -> bool:
        return False


class Wire:
    """A transport that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send(self, kind: Any, message: bytes) -> None:
        self.sent.append(message)


class StandingLine(OrderLine):
    """A line that stands without a connection to anybody."""

    async def start(self, listener: LineListener) -> None:
        """Connect to nobody."""


def frame(number: int, event: Event) -> bytes:
    """Write an event as the combined stream has it."""
    price, ms = FIRST_TICKS + event.ticks, T0 // 10**6 + number
    if event.is_trade:
        sold = b"true" if event.is_sale else b"false"
        data = (
            b'{"e":"trade","E":%d,"s":"SCRATCHUSDT","t":%d,"p":"%d.%02d000000","q":"0.25000000","T":%d,"m":%b,"M":true}'
        )
        return b'{"stream":"scratchusdt@trade","data":%b}' % (data % (ms, number, *divmod(price, 100), ms, sold))
    data = b'{"u":%d,"s":"SCRATCHUSDT","b":"%d.%02d000000","B":"3.02920000","a":"%d.%02d000000","A":"31.43950000"}'
    quote = data % (number, *divmod(price - 1, 100), *divmod(price + 1, 100))
    return b'{"stream":"scratchusdt@bookTicker","data":%b}' % quote


async def played(events: list[Event], *, is_express: bool) -> tuple[list[bytes], list[bytes]]:
    """Let an engine hear the events one way; return the orders' bytes and the journal's records."""
    wire, pages, signer, budget = Wire(), Pages(), HmacSigner(KEYS.secret), Budget()
    encoder = OrderEncoder((SCRATCH,), KEYS, signer)
    rest = RestClient("http://127.0.0.1:1", KEYS, encoder, budget, lambda: T0)
    line = StandingLine("ws://127.0.0.1:1", encoder, signer, budget, rest.venue_ms, lambda: T0)
    connection = Connection(lambda data, ts_ns: None, lambda closed: None, lambda: T0)
    connection.transport = cast(WSTransport, wire)
    line.socket.current = connection
    live = Live(scratch_engine(T0), pages, None)
    live.orders = BinanceOrders(line, rest, encoder, {SCRATCH.symbol: SCRATCH}, budget, lambda: T0)
    await live.orders.start(live)
    markets = live.engine.trading.markets
    reader: MarketReader = (
        ExpressReader(markets, live, lambda symbol: None)
        if is_express
        else MarketReader((SCRATCH,), live, lambda symbol: None)
    )
    for number, event in enumerate(events, 1):
        now_ns = T0 + number * 1_000_000
        reader.on_frame(frame(number, event), now_ns)
        for order in live.engine.trading.orders.working() if event.ends else ():
            live.on_execution(expired(order.approved.client_order_id, order.approved.qty_lots, now_ns))
    await live.orders.close()
    await rest.close()
    return wire.sent, pages.records


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_both_ways_send_the_same_bytes_behind_the_same_records(events: list[Event]) -> None:
    """By the express lane and through objects: orders, signatures, journal, while others are open and while none is."""

    async def both() -> None:
        assert await played(events, is_express=True) == await played(events, is_express=False)

    asyncio.run(both())


@pytest.mark.parametrize("is_express", [True, False])
async def test_a_rising_market_is_bought_each_time(is_express: bool) -> None:
    """So that the comparison is not of nothing with nothing."""
    rising = [Event(True, number, False, True) for number in range(1, 9)]
    sent, records = await played(rising, is_express=is_express)
    assert len(sent) == 8
    assert sum(b"intended" in record for record in records) == 8
