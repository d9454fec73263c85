"""What the fault tests share: an engine that trades on a paper exchange, faults on demand, and the final reckoning."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, Final

import msgspec
from paper_bench import RestClient, rest_client
from waiting import until

from engine import process
from engine.core.bars import AFTER_GAP
from engine.core.config import Breakers, ExitsName, Headlines, Limits, OrderFlow, SmaCross, Strategies, TradingConfig
from engine.core.instrument import parse_e8
from engine.core.market import Market
from engine.core.orders import Order
from engine.core.trading import Trading
from engine.core.types import ApprovedOrder, ClientOrderId, OrderRequest, OrderState, OrderType, Side, Symbol, TradeId
from engine.live import Live
from engine.settings import Settings
from engine.venues.binance.booksync import BookSync
from engine.venues.binance.venue import BinanceVenue, VenueUrls
from engine.venues.binance.websocket import PING_S
from engine.venues.paper.main import Urls, running_exchange
from engine.venues.paper.options import ExchangeOptions
from engine.wire import commands, replies
from engine.wire.commands import Amount, AnyCommand, Who
from engine.wire.events import AnyEvent, Notice
from engine.wire.line import EngineLine, LineDown, socket_path
from engine.wire.replies import Reply

IS_FULL: Final = os.environ.get("TRADER_FULL") == "1"
"""Whether the counts are those of the specification, and not small ones that show the same in seconds."""
IOTA: Final = Symbol("IOTAUSDT")
ANN: Final = Who("ann", "ann", "cli")
SILENT: Final = ("NONE",)
STATES: Final = {
    "NEW": OrderState.WORKING,
    "PARTIALLY_FILLED": OrderState.PARTIALLY_FILLED,
    "FILLED": OrderState.FILLED,
    "CANCELED": OrderState.CANCELED,
    "EXPIRED": OrderState.EXPIRED,
}
_NEWS: Final = "Binance will list IOTA"
_ids = count(1)


def quiet(exits: ExitsName = "engine", **limits: Any) -> TradingConfig:
    """Return settings in which only headlines speak, and act; the rest is for a person to do.

    Unless ``exits`` says otherwise nothing rests at the exchange but what a test puts there.
    """
    strategies = Strategies(
        sma_cross=SmaCross(symbols=SILENT), order_flow=OrderFlow(symbols=SILENT), headlines=Headlines(ask=0.1, act=0.2)
    )
    rest = Breakers(cooldown_s=0.0)  # one symbol is traded again and again
    return TradingConfig(mode="auto", exits=exits, limits=Limits(**limits), breakers=rest, strategies=strategies)


class SeenVenue(BinanceVenue):
    """The engine's own, which a test can look at, and which may notice silence sooner than after five seconds."""

    made: ClassVar[dict[str, SeenVenue]] = {}
    ping_s: ClassVar[dict[str, float]] = {}
    """Both by the exchange's REST address."""

    def __init__(self, urls: VenueUrls, *args: Any) -> None:
        self.on_market_frame: Callable[[int, bytes], None] = lambda ts_recv_ns, frame: None
        super().__init__(urls, *args, self._tell, ping_s=self.ping_s[urls.rest])
        self.made[urls.rest] = self

    def _tell(self, ts_recv_ns: int, frame: bytes) -> None:
        self.on_market_frame(ts_recv_ns, frame)


class Scene:
    """A running engine, the exchange that it trades on, and somebody at its line."""

    def __init__(
        self, live: Live, venue: SeenVenue, urls: Urls, rest: RestClient, line: EngineLine, news: Path
    ) -> None:
        self.live, self.venue, self.urls, self.rest = live, venue, urls, rest
        self.events: list[AnyEvent] = []
        self._line, self._news = line, news

    @property
    def trading(self) -> Trading:
        """What the engine knows."""
        return self.live.engine.trading

    @property
    def market(self) -> Market:
        """The one market of the tape, as the engine knows it."""
        return next(iter(self.trading.markets.values()))

    @property
    def book(self) -> BookSync:
        """The sequence of its book."""
        assert self.venue.feed is not None
        return self.venue.feed.reader.books[self.market.instrument.symbol]

    def order(self, client_order_id: str) -> Order:
        """Return an order that the engine knows."""
        found = self.trading.orders.get(client_order_id)
        assert found is not None, client_order_id
        return found

    def notices(self, code: str) -> list[str]:
        """Return what people were told under a code."""
        return [event.text for event in self.events if isinstance(event, Notice) and event.code == code]

    async def fault(self, **order: Any) -> None:
        """Order a fault of the exchange."""
        await _order(self.rest, order)

    async def until(self, is_so: Callable[[], object], seconds: float = 20.0) -> None:
        """Wait for a condition, looking often."""
        await until(is_so, seconds)

    # ------------------------------------------------------------------ people and signals

    async def ask(self, command: AnyCommand) -> Reply:
        """Ask the engine over its line; again for an entry after a stand-still, when it wants to hear first."""
        async with asyncio.timeout(60.0):
            while (reply := await self._line.ask(command)).code == AFTER_GAP:
                await asyncio.sleep(0.02)
                command = msgspec.structs.replace(command, id=new_id())
        return reply

    async def buy(self, quote: str = "100") -> Reply:
        """Buy for so much."""
        symbol, amount = self.market.instrument.symbol, Amount("quote", quote)
        return await self.ask(commands.Buy(id=new_id(), who=ANN, symbol=symbol, amount=amount))

    async def bought(self, quote: str = "100") -> ClientOrderId:
        """Buy for so much, and return the order's name."""
        return placed(await self.buy(quote))

    async def close(self) -> ClientOrderId:
        """Close the position, and return the order's name."""
        return placed(await self.ask(commands.Close(id=new_id(), who=ANN, symbol="all")))

    async def cancel(self, client_order_id: str) -> Reply:
        """Cancel an order."""
        return await self.ask(commands.CancelOrder(id=new_id(), who=ANN, client_order_id=client_order_id))

    async def arm(self) -> None:
        """Resume trading as soon as the engine is ready for it and the market has a price."""
        await self.until(lambda: self.market.last_ticks)
        async with asyncio.timeout(60.0):
            while not await self._resumed():
                await asyncio.sleep(0.02)

    async def _resumed(self) -> bool:
        with contextlib.suppress(LineDown):  # a busy machine takes its time to open the line
            return (await self.ask(commands.Resume(id=new_id(), who=ANN))).ok
        return False

    async def signal(self) -> ClientOrderId:
        """Publish a headline that the engine acts on by itself; return the name of its order."""
        known = set(self._of_signals())
        item = {"id": new_id(), "source": "binance-announcements", "title": _NEWS, "url": "", "ts_ms": self._tape_ms()}
        with self._news.open("ab") as file:
            file.write(msgspec.json.encode(item) + b"\n")
        await self.until(lambda: set(self._of_signals()) - known)
        return (set(self._of_signals()) - known).pop()

    def limit_buy(self, below_pct: float, lots: int = 10_000) -> ClientOrderId:
        """Send a GTC buy so far below the bid, which no command of people's asks for; return its name."""
        trading, name = self.trading, new_id()
        limit = self.market.bid_ticks - int(self.market.bid_ticks * below_pct / 100.0)
        request = OrderRequest(
            ClientOrderId(f"tr-{name}"), self.market.instrument.symbol, Side.BUY, OrderType.LIMIT, lots, limit, False,
            limit * 9 // 10, 0,
            f"command:{name}", "test", TradeId(f"t-{name}"), trading.now_ns,
        )  # fmt: skip
        trading.last_hop.cause_in(request.cause_id)
        result = trading.submit(request)
        assert isinstance(result, ApprovedOrder), result
        self.live.engine.people.hand.entries.expect(request.client_order_id, None)
        self.live.perform(trading.take())
        return request.client_order_id

    def _of_signals(self) -> list[ClientOrderId]:
        return [order.approved.client_order_id for order in self.trading.orders if is_of_signal(order)]

    def _tape_ms(self) -> int:
        return self.market.ts_exchange_ns // 1_000_000

    # ------------------------------------------------------------------ the reckoning

    async def asked(self, path: str, **params: Any) -> Any:
        """Ask the exchange, and not the engine, for something of the account."""
        status, answer = await self.rest.signed("GET", path, **params)
        assert status == 200, answer
        return answer

    async def squared(self, *, resting: int = 0) -> None:
        """Wait until all is known; then positions equal the exchange's, with no duplicate and no orphan order.

        ``resting`` orders may still be open besides those that protect what is held. The positions are those that were
        counted from fills: a comparison with the account, which would put them right, must have found nothing to say.
        """
        before: tuple[int, int] | None = None
        found: Any = []
        late = asyncio.get_running_loop().time() + 20.0
        while before != self._moves() or (not self._is_told(found) and asyncio.get_running_loop().time() < late):
            # else an exit has left, or filled and is not told of yet, while the exchange was asked
            await self.until(lambda: len(self._moving()) == resting)
            before = self._moves()
            account, found, trades, open_there = await self._at_the_exchange()
        self._reckon_positions(account)
        self._reckon_orders(found, trades)
        names = {row["clientOrderId"] for row in open_there}
        assert names == {order.approved.client_order_id for order in self.trading.orders.working()}
        protective = {name for name in names if name in self.trading.resting}
        assert len(names) == resting + len(protective)
        assert len(protective) <= (2 if self.trading.portfolio.open else 0)
        assert not any(self.notices(code) for code in ("C14_BALANCE", "C14_STILL_OPEN", "ORPHAN_ORDER", "FAULT"))

    def _is_told(self, found: Any) -> bool:
        """Say whether the engine has heard what became of each of its orders at the exchange."""
        return all(
            (order := self.trading.orders.get(row["clientOrderId"])) is not None
            and order.state is STATES[row["status"]]
            for row in found
        )

    def _moving(self) -> list[Order]:
        """Return the orders that are not settled, those left out that just wait to protect what is held."""
        resting, orders = self.trading.resting, self.trading.orders.unsettled()
        names = {o.approved.client_order_id for o in orders}
        is_held = bool(self.trading.portfolio.open)
        return [o for o in orders if o.is_offer or not (is_held and resting.is_quiet(o, names))]

    def _moves(self) -> tuple[int, int]:
        """Return numbers that change with every order and every fill."""
        orders = list(self.trading.orders)
        return len(orders), sum(order.filled_lots for order in orders)

    async def _at_the_exchange(self) -> tuple[Any, Any, Any, Any]:
        """Return the account, all its orders, its fills, and its open orders."""
        symbol = self.market.instrument.symbol
        found = await self.asked("allOrders", symbol=symbol, limit=1000)
        trades = await self.asked("myTrades", symbol=symbol, limit=1000)
        return await self.asked("account"), found, trades, await self.asked("openOrders", symbol=symbol)

    def _reckon_positions(self, account: Any) -> None:
        """Position and money are what the account holds, the dust of closed positions included."""
        held = {row["asset"]: parse_e8(row["free"]) + parse_e8(row["locked"]) for row in account["balances"]}
        base = self.market.instrument.base_asset
        assert sum(trip.base_e8 for trip in self.trading.portfolio.trips()) == held.get(base, 0)
        assert self.trading.portfolio.cash_e8 == held["USDT"]

    def _reckon_orders(self, found: Any, trades: Any) -> None:
        """Each cause has one order at most, and of each the engine knows what the exchange knows."""
        names = Counter(row["clientOrderId"] for row in found)
        assert names.total() == len(names), f"twice at the exchange: {names.most_common(3)}"
        ours = {row["clientOrderId"]: self.order(row["clientOrderId"]) for row in found}
        causes = Counter(order.approved.cause_id.removesuffix(":again") for order in ours.values())
        assert causes.total() == len(causes), f"two orders of one cause: {causes.most_common(3)}"
        for row in found:
            order = ours[row["clientOrderId"]]
            assert order.state is STATES[row["status"]]
            assert order.filled_lots == order.cum_lots == self.market.instrument.qty_lots(row["executedQty"])
            assert order.fill_ids == {trade["id"] for trade in trades if trade["orderId"] == row["orderId"]}


async def together(*scenes: Coroutine[Any, Any, None]) -> None:
    """Play scenes at the same time, because they mostly wait; the first that fails ends all."""
    async with asyncio.TaskGroup() as group:
        for scene in scenes:
            group.create_task(scene)


def new_id() -> str:
    """Return an id that nothing had."""
    return f"id-{next(_ids)}"


def placed(reply: Reply) -> ClientOrderId:
    """Return the name of the order that a reply tells of."""
    assert isinstance(reply.result, replies.OrderPlaced), reply
    return ClientOrderId(reply.result.orders[0].client_order_id)


def is_of_signal(order: Order) -> bool:
    """Say whether a signal caused an order, its second try not counted."""
    cause = order.approved.cause_id
    return cause.startswith("signal:") and not cause.endswith(":again")


def reserved_e8(orders: Iterable[Order], scene: Scene) -> int:
    """Return what orders keep reserved at their limit, in 1e-8 of the quote asset."""
    instrument = scene.market.instrument
    return sum(instrument.notional_e8(order.approved.price_ticks, order.uncounted_lots) for order in orders)


@asynccontextmanager
async def trading(
    home: Path,
    config: TradingConfig | None = None,
    *,
    is_armed: bool = True,
    ping_s: float = PING_S,
    faults: Iterable[dict[str, Any]] = (),
    told: Mapping[str, Any] | None = None,
    **options: Any,
) -> AsyncIterator[Scene]:
    """Run an exchange (the story of seed 7, if ``options`` don't say otherwise) and an engine that trades on it.

    ``faults`` are ordered before the engine connects; ``told`` are settings of the engine.
    """
    exchange = ExchangeOptions(port=0, seed=7, wait_for_client=True, **options)
    news = _new_file(home, "news.jsonl")
    async with running_exchange(exchange) as urls, rest_client(urls) as rest:
        for fault in faults:
            await _order(rest, fault)
        settings = Settings(
            trading=config or quiet(),
            rest_url=urls.rest,
            stream_url=urls.stream,
            ws_api_url=urls.ws_api,
            news_file=news,
            home=home,
            http_port=0,
            **(told or {}),
        )
        SeenVenue.ping_s[urls.rest] = ping_s
        async with process.running(settings) as live, EngineLine(socket_path(home), watch=True) as line:
            scene = Scene(live, SeenVenue.made[urls.rest], urls, rest, line, news)
            listening = asyncio.create_task(_listen(line, scene.events))
            try:
                if is_armed:
                    await scene.arm()
                yield scene
            finally:
                listening.cancel()


async def _order(rest: RestClient, fault: dict[str, Any]) -> None:
    async with rest.session.post(f"{rest.urls.rest}/_fault", json=fault) as answer:
        assert answer.status == 200, await answer.text()


def _new_file(home: Path, name: str) -> Path:
    home.mkdir(exist_ok=True)
    path = home / name
    path.touch()
    return path


async def _listen(line: EngineLine, events: list[AnyEvent]) -> None:
    async for event in line.events():
        events += [] if isinstance(event, replies.Snapshot) else [event]
