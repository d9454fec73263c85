"""Small makers of the core's nouns, and a desk that plays market, venue and people to an engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any, Final, TypeVar

import msgspec
import numpy as np

from engine.core.account import AccountSnapshot, Balance
from engine.core.actions import Action, Later, Protect, Publish, Replace, Send, Write
from engine.core.calibration import Calibration
from engine.core.config import (
    Breakers,
    ExitsName,
    Headlines,
    Limits,
    OrderFlow,
    People,
    Person,
    SmaCross,
    Strategies,
    TradingConfig,
)
from engine.core.engine import Engine
from engine.core.facts import Facts
from engine.core.instrument import E8, Instrument, parse_e8
from engine.core.kept import decode_kept, encode_kept
from engine.core.kernels import market as kernel
from engine.core.market import Market
from engine.core.orders import Order
from engine.core.queries import Identity
from engine.core.record_codec import AnyRecord
from engine.core.records import Intended
from engine.core.tidings import Headline, NewsItem
from engine.core.trading import AccountKind
from engine.core.types import (
    ApprovedOrder,
    BookUpdate,
    ClientOrderId,
    ExecutionReport,
    OrderRequest,
    OrderState,
    OrderType,
    Quote,
    SendFailed,
    Side,
    Symbol,
    TimeInForce,
    Trade,
    TradeId,
    VenueOrderId,
)
from engine.wire.commands import Amount, AnyCommand, Buy, Resume, Who
from engine.wire.replies import Reply

S: Final = 1_000_000_000
T0: Final = 1_700_000_000 * S
ETH: Final = Symbol("ETHUSDT")
BTC: Final = Symbol("BTCUSDT")
ALICE: Final = Who("U01ALICE", "Alice", "slack")
BOB: Final = Who("U02BOB", "Bob", "slack")
LIMITS: Final = Limits()
PEOPLE: Final = People(who={"U01ALICE": Person(role="admin")})
_R = TypeVar("_R")


def instrument(symbol: Symbol = ETH, **changed: Any) -> Instrument:
    """Make an instrument: ticks of 0.01, lots of 0.0001, at least 5 USDT an order."""
    made = Instrument(
        symbol=symbol,
        base_asset=symbol.removesuffix("USDT"),
        quote_asset="USDT",
        tick_e8=E8 // 100,
        lot_e8=E8 // 10_000,
        min_qty_lots=10,
        max_qty_lots=9_000 * 10_000,
        min_notional_e8=5 * E8,
        max_notional_e8=0,
        min_price_ticks=1,
        max_price_ticks=100_000_000,
        is_trading=True,
    )
    return msgspec.structs.replace(made, **changed)


def approved(name: str = "tr-1", side: Side = Side.BUY, lots: int = 100, **changed: Any) -> ApprovedOrder:
    """Make an order as the gate makes them: an IOC limit at the collar, around a price of 2000.00."""
    made = ApprovedOrder(
        client_order_id=ClientOrderId(name),
        symbol=ETH,
        side=side,
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.IOC,
        qty_lots=lots,
        price_ticks=204_000 if side is Side.BUY else 196_000,
        reduce_only=side is Side.SELL,
        stop_ticks=196_000 if side is Side.BUY else 0,
        target_ticks=208_000 if side is Side.BUY else 0,
        cause_id=f"cause:{name}",
        origin="cli:ann",
        trade_id=TradeId("t-1"),
        ref_ticks=200_000,
        ts_ns=T0,
    )
    return msgspec.structs.replace(made, **changed)


def report(name: str, state: OrderState, cum: int = 0, fill: tuple[int, int] | None = None, **changed: Any) -> Any:
    """Make a report at 2000.00: ``cum`` lots in all, ``fill`` an id and its lots."""
    fill_id, lots = fill or (0, 0)
    made = ExecutionReport(
        symbol=ETH,
        client_order_id=ClientOrderId(name),
        venue_order_id=VenueOrderId(7),
        side=Side.BUY,
        state=state,
        qty_lots=100,
        cum_qty_lots=cum,
        cum_quote_e8=instrument().notional_e8(200_000, cum),
        fill_id=fill_id,
        last_qty_lots=lots,
        last_price_ticks=200_000 if fill else 0,
        fee_e8=0,
        fee_asset="",
        is_maker=False,
        reason="",
        ts_exchange_ns=T0,
        ts_recv_ns=T0,
    )
    return msgspec.structs.replace(made, **changed)


def failed(
    name: str, *, code: int = 0, ambiguous: bool = False, after_s: float = 0.0, asked_s: float | None = None
) -> SendFailed:
    """Make the news of a failed send, so long after T0; ``asked_s`` where it answers a question of that time."""
    asked_ns = 0 if asked_s is None else T0 + int(asked_s * S)
    return SendFailed(ClientOrderId(name), ambiguous, code, "no luck", T0 + int(after_s * S), asked_ns)


def request(side: Side = Side.BUY, lots: int = 1000, **changed: Any) -> OrderRequest:
    """Make what somebody wants: 0.1 ETH at the market with a stop 2 % below 2000.00."""
    made = OrderRequest(
        client_order_id=ClientOrderId("tr-1"),
        symbol=ETH,
        side=side,
        order_type=OrderType.MARKET,
        qty_lots=lots,
        limit_ticks=0,
        reduce_only=side is Side.SELL,
        stop_ticks=196_000 if side is Side.BUY else 0,
        target_ticks=0,
        cause_id="command:1",
        origin="cli:ann",
        trade_id=TradeId("t-1"),
        ts_ns=T0,
    )
    return msgspec.structs.replace(made, **changed)


def facts(**changed: Any) -> Facts:
    """Make facts that let everything through: 100,000 USDT, a fresh quote of 1999.99 / 2000.00, ten ETH held."""
    seen = {"bid_ticks": 199_999, "ask_ticks": 200_000, "last_ticks": 200_000, "heard_ns": T0, "is_in_sync": True}
    seen |= {name: changed.pop(name) for name in seen if name in changed}
    market = Market(changed.pop("instrument", instrument()))
    market.book.is_in_sync = bool(seen["is_in_sync"])
    places = {"bid_ticks": kernel.BID, "ask_ticks": kernel.ASK, "last_ticks": kernel.LAST, "heard_ns": kernel.HEARD_NS}
    for name, place in places.items():
        market.numbers[place] = seen[name]
    made = Facts(
        market=market,
        now_ns=T0,
        equity_e8=100_000 * E8,
        cash_e8=80_000 * E8,
        position_lots=100_000,
        sellable_lots=100_000,
        symbol_exposure_e8=0,
        gross_exposure_e8=0,
        is_armed=True,
        halt_reason="",
        is_confirmed=True,
        is_repeat=False,
        orders_last_s=0,
        silent_until_ns=0,
        clock_offset_ms=0,
    )
    return msgspec.structs.replace(made, **changed)


def config(
    limits: Limits = LIMITS,
    *,
    flow: OrderFlow | None = None,
    mode: str = "auto",
    exits: ExitsName = "engine",
    people: People = PEOPLE,
    **headlines: Any,
) -> TradingConfig:
    """Make a configuration in which only headlines speak unless ``flow`` is given, and the mode is auto.

    Exits are held by the engine, so that what a story sends is what it asks for; ``test_core_protector`` has the rest.
    """
    silent = ("NONE",)
    strategies = Strategies(
        sma_cross=SmaCross(symbols=silent),
        order_flow=flow or OrderFlow(symbols=silent),
        headlines=Headlines(**{"story_h": 1e-14, **headlines}),  # every headline is a story of its own
    )
    rest = Breakers(cooldown_s=0.0)  # stories trade one symbol again and again
    return TradingConfig(mode=mode, exits=exits, limits=limits, breakers=rest, strategies=strategies, people=people)  # type: ignore[arg-type]


def quote_amount(value: str) -> Amount:
    """Make an amount in the quote asset."""
    return Amount("quote", value)


def sent(actions: Iterable[Action]) -> list[ApprovedOrder]:
    """Return the orders that were sent."""
    return [action.order for action in actions if isinstance(action, Send | Replace)]


def written(actions: Iterable[Action]) -> list[AnyRecord]:
    """Return what was written to the journal."""
    records: list[AnyRecord] = []
    for action in actions:
        if isinstance(action, Write):
            records.append(action.record)
        elif isinstance(action, Send | Replace):
            records.append(Intended(action.order))
        elif isinstance(action, Protect):
            records += map(Intended, action.protection.orders)
    return records


def told(actions: Iterable[Action], kind: type[_R]) -> list[_R]:
    """Return the events of one kind that were published."""
    made = [action.make() for action in actions if isinstance(action, Publish)]
    return [event for event in made if isinstance(event, kind)]


def codes(actions: Iterable[Action]) -> list[str]:
    """Return the codes of the notices that were published."""
    from engine.wire.events import Notice

    return [notice.code for notice in told(actions, Notice)]


class Desk:
    """An engine with somebody around it: moves the market, fills orders, asks for things; remembers the journal."""

    def __init__(
        self,
        trading: TradingConfig | None = None,
        *,
        symbols: Sequence[Symbol] = (ETH,),
        account: AccountKind = "paper",
        cash: str = "100000",
        measured: Sequence[Calibration] = (),
        **changed: Any,
    ) -> None:
        self.measured = measured
        self.instruments = {symbol: instrument(symbol, **changed) for symbol in symbols}
        self.config = trading or config()
        self.account_kind = account
        self.engine = self._new_engine()
        self.now_ns = T0
        self.journal: list[AnyRecord] = []
        self.balances = {"USDT": parse_e8(cash)}
        self._ids = count(1)

    def _new_engine(self) -> Engine:
        identity = Identity("1.0", "abc", "test", T0)
        engine = Engine(self.config, self.instruments, self.account_kind, identity, self.measured)
        assert engine.on_clock(0) == []
        return engine

    # ---------------------------------------------------------------- the market

    def keep(self, actions: list[Action]) -> list[Action]:
        """Let the core go on with what it put off, remember what was written, and hand all actions on."""
        done = self._done(actions)
        self.journal += written(done)
        return done

    def _done(self, actions: list[Action]) -> list[Action]:
        done: list[Action] = []
        for action in actions:
            done += self._done(self.engine.after(action)) if isinstance(action, Later) else [action]
        return done

    def snapshot(self, bid: float = 1999.99, ask: float = 2000.0, symbol: Symbol = ETH) -> list[Action]:
        """Send a book of one level a side."""
        it, lots = self.instruments[symbol], 50_000
        sides = [np.array([[round(price * E8) // it.tick_e8, lots]], np.int64) for price in (bid, ask)]
        return self.keep(
            self.engine.on_book(BookUpdate(symbol, True, 1, 1, sides[0], sides[1], self.now_ns, self.now_ns))
        )

    def quote(self, bid: float = 1999.99, ask: float = 2000.0, symbol: Symbol = ETH) -> list[Action]:
        """Send a best bid and ask."""
        tick = self.instruments[symbol].tick_e8
        ticks = [round(price * E8) // tick for price in (bid, ask)]
        return self.keep(
            self.engine.on_quote(Quote(symbol, next(self._ids), ticks[0], 1000, ticks[1], 1000, self.now_ns))
        )

    def trade(
        self, price: float = 2000.0, lots: int = 100, symbol: Symbol = ETH, *, sold: bool = False
    ) -> list[Action]:
        """Send a public trade."""
        ticks = round(price * E8) // self.instruments[symbol].tick_e8
        return self.keep(
            self.engine.on_trade(Trade(symbol, next(self._ids), ticks, lots, sold, self.now_ns, self.now_ns))
        )

    def price(self, price: float, symbol: Symbol = ETH) -> list[Action]:
        """Move the whole market of a symbol: book, quote and a trade."""
        bid = price - 0.01
        actions = self.snapshot(bid, price, symbol)
        actions = actions + self.quote(bid, price, symbol)
        return actions + self.trade(price, symbol=symbol)

    def wait(self, seconds: float) -> list[Action]:
        """Let time pass."""
        self.now_ns += int(seconds * S)
        return self.keep(self.engine.on_timer(self.now_ns))

    def headline(self, score: float, news_id: str = "", symbols: Sequence[Symbol] = (ETH,)) -> list[Action]:
        """Publish a headline that the classifier scored so."""
        item = NewsItem(
            "test", news_id or f"n{next(self._ids)}", "Big news", "https://example.com", self.now_ns, self.now_ns
        )
        return self.keep(self.engine.on_headline(Headline(item, "listing", score, tuple(symbols), ("listing +1",))))

    # ---------------------------------------------------------------- people

    def ask(self, command: AnyCommand) -> tuple[Reply, list[Action]]:
        """Give a command as a person does."""
        reply, actions = self.engine.on_command(command, self.now_ns)
        return reply, self.keep(actions)

    def new_id(self) -> str:
        """Return an id that no command had."""
        return f"id-{next(self._ids)}"

    def buy(self, amount: str = "200", symbol: str = "ETHUSDT", **changed: Any) -> tuple[Reply, list[Action]]:
        """Type a buy."""
        return self.ask(Buy(id=self.new_id(), who=ALICE, symbol=symbol, amount=quote_amount(amount), **changed))

    def resume(self) -> Reply:
        """Type a resume."""
        return self.ask(Resume(id=self.new_id(), who=ALICE))[0]

    # ---------------------------------------------------------------- the venue

    def account(self, **balances: str) -> list[Action]:
        """Send the account: what the desk thinks the venue holds, or what is named here."""
        self.balances |= {asset: parse_e8(text) for asset, text in balances.items()}
        rows = tuple(Balance(asset, value, 0) for asset, value in self.balances.items())
        return self.keep(self.engine.on_account(AccountSnapshot(rows, (), self.now_ns)))

    def execute(self, order: ApprovedOrder, state: OrderState, cum: int = 0, **changed: Any) -> list[Action]:
        """Send a report of an order."""
        made = report(
            order.client_order_id,
            state,
            cum,
            symbol=order.symbol,
            side=order.side,
            qty_lots=order.qty_lots,
            ts_recv_ns=self.now_ns,
            cum_quote_e8=self.instruments[order.symbol].notional_e8(order.ref_ticks, cum),
        )
        return self.keep(self.engine.on_execution(msgspec.structs.replace(made, **changed)))

    def fill(self, order: ApprovedOrder, price: float = 0.0, lots: int = 0, **changed: Any) -> list[Action]:
        """Fill an order whole, or so many lots of it, at its reference or a price."""
        it = self.instruments[order.symbol]
        known = self.engine.trading.orders.of(order)
        lots = lots or order.qty_lots - known.cum_lots
        ticks = round(price * E8) // it.tick_e8 if price else order.ref_ticks
        cum = known.cum_lots + lots
        state = OrderState.FILLED if cum == order.qty_lots else OrderState.PARTIALLY_FILLED
        self._settle(order, lots, ticks, changed)
        return self.execute(
            order,
            state,
            cum,
            fill_id=next(self._ids),
            last_qty_lots=lots,
            last_price_ticks=ticks,
            cum_quote_e8=known.cum_quote_e8 + it.notional_e8(ticks, lots),
            **changed,
        )

    def _settle(self, order: ApprovedOrder, lots: int, ticks: int, changed: dict[str, Any]) -> None:
        it, balances = self.instruments[order.symbol], self.balances
        balances[it.base_asset] = balances.get(it.base_asset, 0) + order.side * lots * it.lot_e8
        balances["USDT"] -= order.side * it.notional_e8(ticks, lots)
        if asset := changed.get("fee_asset"):
            balances[asset] -= changed["fee_e8"]

    # ---------------------------------------------------------------- stories so far

    def ready(self) -> Desk:
        """Bring the desk to the point where it trades: prices, an account, armed."""
        for symbol in self.instruments:
            self.price(2000.0, symbol)
        self.account()
        self.engine.trading.is_warm = True
        assert self.resume().ok
        return self

    def holding(self, amount: str = "900", symbol: Symbol = ETH, **changed: Any) -> Desk:
        """Bring the desk to an open position, bought by hand."""
        reply, actions = self.buy(amount, symbol, **changed)
        assert reply.ok, reply
        self.fill(sent(actions)[0])
        return self

    def order(self, order: ApprovedOrder) -> Order:
        """Return the order that an approval became."""
        return self.engine.trading.orders.of(order)

    def restarted(self) -> Desk:
        """Start anew from what was written: another engine, the same journal."""
        again = Desk(self.config, symbols=tuple(self.instruments), account=self.account_kind)
        again.instruments, again.engine = self.instruments, self._new_engine()
        again.now_ns, again.balances, again._ids = self.now_ns, dict(self.balances), self._ids
        again.keep(again.engine.restore(list(self.journal), self.now_ns))
        again.journal = [*self.journal, *again.journal]
        return again

    def from_snapshot(self) -> Desk:
        """Start from what a fold of the journal came to, and nothing else."""
        kept: list[bytes] = []
        self._new_engine().restore(list(self.journal), self.now_ns, keep=lambda it: kept.append(encode_kept(it)))
        records, self.journal = self.journal, []
        again = self.restarted()
        again.engine = again._new_engine()
        again.journal = records + written(again.engine.restore([], self.now_ns, kept=decode_kept(kept[0])))
        return again
