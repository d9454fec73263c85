"""What the tests of resting orders share: an exchange whose market moves when told to, and an order table that listens.

The exchange is the paper exchange itself behind its own doors; only its tape is held by hand. The listener is the
core's own table of orders, so that what these tests see is what the core would.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

import msgspec
from aiohttp import web
from paper_bench import ETH, e8, levels
from waiting import until

from engine.core.instrument import E8, Instrument
from engine.core.orders import Orders
from engine.core.types import (
    ApprovedOrder,
    ApprovedProtection,
    ClientOrderId,
    ExecutionReport,
    OrderListId,
    OrderState,
    OrderType,
    SendFailed,
    Side,
    Symbol,
    TimeInForce,
    TradeId,
)
from engine.venues.binance.limits import Budget
from engine.venues.binance.line import OrderLine
from engine.venues.binance.orders import BinanceOrders
from engine.venues.binance.orders_codec import OrderEncoder
from engine.venues.binance.rest import RestClient
from engine.venues.binance.sign import HmacSigner
from engine.venues.binance.urls import ApiKeys
from engine.venues.paper.defaults import PAPER_ACCOUNT, PAPER_API_KEY, PAPER_API_SECRET
from engine.venues.paper.options import ExchangeOptions
from engine.venues.paper.orders import STOPS, Order
from engine.venues.paper.server.app import Doors
from engine.venues.paper.server.faults import Fault
from engine.venues.paper.server.venue import Venue
from engine.venues.paper.tape.events import BookSnapshot, Frame, Kline

Door = Literal["ws", "rest"]
DOORS: tuple[Door, ...] = ("ws", "rest")
SYMBOL = Symbol("ETHUSDT")
INSTRUMENT = Instrument(SYMBOL, "ETH", "USDT", ETH.tick, ETH.lot, 1, 10**9, ETH.min_notional, 0, 1, 10**8, True)
LOTS = 10_000
"""One ETH."""


class StillTape:
    """A market that stands still: bids 100 x 10 and 99 x 10, asks 101 x 10, the last trade at 100.50."""

    spec, speed, has_news, lap, rules = "still", 1.0, False, 0, (ETH,)

    async def prepare(self) -> None:
        """Need nothing."""

    def snapshots(self) -> Sequence[BookSnapshot]:
        """Begin with one book."""
        bids, asks = tuple(levels((100, 10), (99, 10))), tuple(levels((101, 10)))
        return (BookSnapshot(0, 1, SYMBOL, 10, bids, asks),)

    def history(self, symbol: str) -> Sequence[Kline]:
        """Begin without a past."""
        return ()

    async def play(self, listener: Callable[[Any], None]) -> None:
        """Play nothing: frames are made by hand."""


class Exchange:
    """The paper exchange, seen from inside."""

    def __init__(self, venue: Venue, doors: Doors, host: str) -> None:
        self.venue, self.doors, self.host = venue, doors, host
        self._trades = 0

    def trade(self, price: float, qty: float = 100.0, *, is_buyer_maker: bool = False) -> None:
        """Let the tape trade."""
        self._trades += 1
        data = (
            f'{{"e":"trade","E":1,"s":"{SYMBOL}","t":{self._trades},"p":"{price:.2f}","q":"{qty:.4f}","T":1,'
            f'"m":{"true" if is_buyer_maker else "false"}}}'
        )
        self.venue.on_tape(Frame(0, 1, "ethusdt@trade", data.encode()))

    def fault(self, **order: Any) -> None:
        """Order a fault."""
        self.venue.faults.order(Fault(**order))

    def cut(self) -> None:
        """Drop every connection without a word."""
        for line in tuple(self.doors.lines):
            line.cut()

    def open_orders(self) -> list[Order]:
        """Return what is open in the exchange's own book."""
        return self.venue.matching.register.open_orders(PAPER_ACCOUNT)

    def open_names(self) -> set[str]:
        """Return our names of what is open there."""
        return {order.client_order_id for order in self.open_orders()}

    def lists(self) -> list[tuple[str, bool]]:
        """Return the names of all lists that there ever were, and whether they are done."""
        lists = self.venue.matching.lists.of_account(PAPER_ACCOUNT)
        return [(each.request.client_list_id, each.is_done) for each in lists]

    async def until(self, is_so: Callable[[], object]) -> None:
        """Wait until the exchange itself shows it, looking at every turn of the loop."""
        await until(is_so, every_s=0.0)

    def stops(self) -> list[float]:
        """Return the prices of the stops in the exchange's own book."""
        return [order.request.stop_price / E8 for order in self.open_orders() if order.request.type in STOPS]

    def held(self) -> tuple[int, int]:
        """Return free and locked ETH."""
        account = self.venue.matching.accounts[PAPER_ACCOUNT]
        return account.free["ETH"], account.locked["ETH"]


class Desk:
    """The core's table of orders as the sink; wakes whoever waits for it."""

    def __init__(self) -> None:
        self.table = Orders()
        self.reports: list[ExecutionReport] = []
        self.failures: list[SendFailed] = []
        self.sent: list[bytes] = []
        self.broken: list[str] = []
        self._changed = asyncio.Event()

    def on_execution(self, report: ExecutionReport) -> None:
        self.reports.append(report)
        self.table.on_report(report)
        self._changed.set()

    def on_send_failed(self, failure: SendFailed) -> None:
        self.failures.append(failure)
        self.table.on_send_failed(failure)
        self._changed.set()

    def on_sent(self, ts_ns: int, data: bytes) -> None:
        self.sent.append(data)

    def on_connection_lost(self, reason: str) -> None:
        self.broken.append(reason)
        self._changed.set()

    def state(self, client_order_id: str) -> OrderState:
        """Return an order's state in the core's table."""
        order = self.table.get(client_order_id)
        assert order is not None, client_order_id
        return order.state

    def states(self, *names: str) -> list[OrderState]:
        """Return the states of some orders."""
        return [self.state(name) for name in names]

    async def until(self, is_so: Callable[[], object]) -> None:
        """Wait until something that is handed on makes it so."""
        async with asyncio.timeout(30.0):
            while not is_so():
                self._changed.clear()
                await self._changed.wait()

    async def until_states(self, *expected: tuple[str, OrderState]) -> None:
        """Wait until the table shows these."""
        await self.until(lambda: all(self.state(name) is state for name, state in expected))


class Scene:
    """An exchange, what talks to it, and the table that hears of it."""

    def __init__(self, exchange: Exchange, orders: BinanceOrders, desk: Desk) -> None:
        self.exchange, self.orders, self.desk = exchange, orders, desk

    def protect(self, name: str, **changes: Any) -> ApprovedProtection:
        """Open a stop and a target in the table, and send them."""
        protection = protection_of(name, **changes)
        self.desk.table.open(protection.target)
        self.desk.table.open(protection.stop)
        self.orders.send_protection(protection)
        return protection

    def cancel(self, protection: ApprovedProtection) -> None:
        """Cancel a stop and its target as the core does: by one of them, with which the other goes."""
        self.orders.cancel(SYMBOL, protection.target.client_order_id)

    def query(self, protection: ApprovedProtection) -> None:
        """Ask about both as the core does: each by its name."""
        for name in protection.legs:
            self.orders.query(SYMBOL, name)

    async def protected(self, name: str, **changes: Any) -> ApprovedProtection:
        """Do so, and return when both rest."""
        protection = self.protect(name, **changes)
        await self.until(protection, OrderState.WORKING, OrderState.WORKING)
        return protection

    async def until(self, protection: ApprovedProtection, target: OrderState, stop: OrderState) -> None:
        """Wait until the table shows so of the two."""
        names = protection.legs
        await self.desk.until_states((names[0], target), (names[1], stop))

    async def rests(self, order: ApprovedOrder) -> ApprovedOrder:
        """Open one order in the table, send it, and return when it rests."""
        self.desk.table.open(order)
        self.orders.send(order)
        await self.desk.until_states((order.client_order_id, OrderState.WORKING))
        return order


def order_of(name: str, kind: OrderType, side: Side = Side.SELL, **changes: Any) -> ApprovedOrder:
    """Word an approved order of one ETH."""
    order = ApprovedOrder(
        ClientOrderId(name), SYMBOL, side, kind, TimeInForce.GTC, LOTS, 0, True, 0, 0, f"cause-{name}", "test",
        TradeId("t"), 0, time.time_ns(),
    )  # fmt: skip
    return msgspec.structs.replace(order, **changes)


def stop_of(name: str, stop: float = 95.0, limit: float = 90.0, **changes: Any) -> ApprovedOrder:
    """Word a stop; without a limit it sells at any price."""
    kind = OrderType.STOP_LOSS_LIMIT if limit else OrderType.STOP_LOSS
    return order_of(name, kind, stop_ticks=ticks(stop), price_ticks=ticks(limit), **changes)


def target_of(name: str, target: float = 110.0, limit: float = 0.0, **changes: Any) -> ApprovedOrder:
    """Word a target; without a limit it rests in the book."""
    if limit:
        kind = OrderType.TAKE_PROFIT_LIMIT
        return order_of(name, kind, target_ticks=ticks(target), price_ticks=ticks(limit), **changes)
    return order_of(name, OrderType.LIMIT_MAKER, price_ticks=ticks(target), **changes)


def protection_of(
    name: str, *, target: ApprovedOrder | None = None, stop: ApprovedOrder | None = None, lots: int = LOTS
) -> ApprovedProtection:
    """Word a stop and a target; the usual ones where none are given."""
    legs = target or target_of(f"{name}-target", qty_lots=lots), stop or stop_of(f"{name}-stop", qty_lots=lots)
    return ApprovedProtection(OrderListId(name), *legs, time.time_ns())


def ticks(price: float) -> int:
    """Read a price."""
    return e8(price) // ETH.tick


@asynccontextmanager
async def exchange_of(**changes: Any) -> AsyncIterator[Exchange]:
    """Open the exchange's doors."""
    options = ExchangeOptions(port=0, balances={"USDT": "10000", "ETH": "5"}, **changes)
    venue = Venue(options, StillTape())
    doors = Doors(venue)
    runner = web.AppRunner(doors.application(), access_log=None, shutdown_timeout=0.3, handle_signals=False)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        exchange = Exchange(venue, doors, f"{host}:{port}")
        exchange.trade(100.5)
        yield exchange
    finally:
        await runner.cleanup()


@asynccontextmanager
async def scene(door: Door, **changes: Any) -> AsyncIterator[Scene]:
    """Run an exchange and connect to it; over REST only where the other door is shut."""
    keys, budget, desk = ApiKeys(PAPER_API_KEY, PAPER_API_SECRET), Budget(), Desk()
    signer = HmacSigner(keys.secret)
    encoder = OrderEncoder((INSTRUMENT,), keys, signer)
    async with exchange_of(**changes) as exchange:
        rest = RestClient(f"http://{exchange.host}", keys, encoder, budget, time.time_ns)
        url = f"ws://{exchange.host}/ws-api/v3"
        line = OrderLine(url, encoder, signer, budget, rest.venue_ms, time.time_ns, ping_s=0.3)
        orders = BinanceOrders(line, rest, encoder, {SYMBOL: INSTRUMENT}, budget, time.time_ns, reply_s=0.3)
        try:
            await orders.start(desk)
            if door == "rest":
                exchange.fault(kind="error", operation="userDataStream.subscribe.signature", times=10_000, code=-1000)
                exchange.cut()
                await desk.until(lambda: desk.broken)
            yield Scene(exchange, orders, desk)
        finally:
            await orders.close()
            await rest.close()
