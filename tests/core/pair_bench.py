"""Two engines on two exchanges in this process, books that a test lays out, and faults on one of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any, Final, Literal

import msgspec
import numpy as np
from core_builders import ALICE, ETH, T0, S, instrument

from engine.core.actions import Action
from engine.core.calibration import Calibration
from engine.core.config import Arbitrage, Breakers, Headlines, Limits, OrderFlow, SmaCross, Strategies, TradingConfig
from engine.core.engine import Engine
from engine.core.instrument import E8
from engine.core.pairs.desk import PairDesk
from engine.core.pairs.pair import Pair, Place
from engine.core.pairs.stuck import StuckPairs
from engine.core.queries import Identity
from engine.core.types import (
    ApprovedOrder,
    BookUpdate,
    ClientOrderId,
    Levels,
    Mode,
    OrderState,
    Quote,
    SendFailed,
    Symbol,
    Trade,
)
from engine.research.backtest import Backtest
from engine.venues.paper.local import Answer, LocalExchange
from engine.wire.commands import Amount, Buy, Resume
from engine.wire.events import AnyEvent, Notice

Fault = Literal["", "lose_request", "lose_reply", "reject", "error", "error_after", "late"]
FAULTS: Final[tuple[Fault, ...]] = ("lose_request", "lose_reply", "reject", "error", "error_after", "late")
STEP_NS: Final = 50_000_000
WIDE: Final = Limits(max_order_pct=20.0, max_position_pct=100.0, max_gross_pct=100.0, orders_per_s=50)


def pair_config(limits: Limits = WIDE, mode: str = "auto", **arbitrage: Any) -> TradingConfig:
    """Return settings in which only arbitrage speaks, and rests for an instant after a loss."""
    silent = ("NONE",)
    chosen = {"mode": "auto", "pair_quote": 500.0, "cooldown_s": 0.001, **arbitrage}
    strategies = Strategies(
        sma_cross=SmaCross(symbols=silent),
        order_flow=OrderFlow(symbols=silent),
        headlines=Headlines(symbols=silent),
        arbitrage=Arbitrage(**chosen),
    )
    rest = Breakers(cooldown_s=0.0)
    return TradingConfig(mode=mode, exits="engine", limits=limits, breakers=rest, strategies=strategies)  # type: ignore[arg-type]


class FaultyExchange(LocalExchange):
    """Answers as it is told to the next order; what it kept to itself comes when it is asked about the order."""

    fault: Fault = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept: dict[str, list[Answer]] = {}

    def send(self, order: ApprovedOrder, ts_ns: int) -> None:
        """Take an order, or let happen to it what is on order."""
        fault, self.fault = self.fault, ""
        name = order.client_order_id
        if fault == "reject":
            self._answers.append((ts_ns, SendFailed(name, False, -2010, "Account has insufficient balance.", ts_ns)))
        elif fault == "error":
            self._answers.append((ts_ns, SendFailed(name, True, -1007, "Timeout.", ts_ns)))
        elif fault in ("lose_reply", "error_after"):
            self._kept[name] = []
            super().send(order, ts_ns)
            if fault == "error_after":
                self._answers.append((ts_ns, SendFailed(name, True, -1007, "Timeout.", ts_ns)))
        elif fault == "late":
            self._requests.append((ts_ns + 1_500_000_000, lambda at_ns: self._place(order, at_ns)))
        elif fault != "lose_request":
            super().send(order, ts_ns)

    def query(self, symbol: Symbol, client_order_id: ClientOrderId, ts_ns: int) -> None:
        """Tell what was kept, fills and all, as the venue's list of fills would."""
        kept = self._kept.pop(client_order_id, None)
        if kept is None:
            super().query(symbol, client_order_id, ts_ns)
            return
        self._answers += [(ts_ns, msgspec.structs.replace(answer, ts_recv_ns=ts_ns)) for answer in kept]

    def _answer(self, at_ns: int, answer: Answer) -> None:
        kept = self._kept.get(answer.client_order_id)
        if kept is None:
            super()._answer(at_ns, answer)
        else:
            kept.append(answer)


class Stand(Backtest):
    """One of the two: an engine and the exchange that it trades on."""

    def __init__(
        self, name: str, config: TradingConfig, usdt: int = 100_000, measured: Sequence[Calibration] = ()
    ) -> None:
        it = {ETH: instrument()}
        self.told: list[AnyEvent] = []
        self.local = FaultyExchange(it, {"USDT": usdt * E8})
        engine = Engine(config, it, "paper", Identity("1", "abc", name, T0), measured)
        super().__init__(engine, self.local, self.told.append)
        self.name = name
        self._ids = count(1)
        self.engine.trading.is_warm = True

    def perform(self, actions: Sequence[Action]) -> None:
        """Do what the core wants done."""
        self._perform(actions)

    def until(self, ts_ns: int) -> None:
        """Let time pass."""
        self._until(ts_ns)

    def lay(self, bids: Levels, asks: Levels, ts_ns: int, *, hidden: bool = False) -> None:
        """Lay the whole book out anew, with a trade inside; ``hidden``: only the exchange knows."""
        number = next(self._ids)
        update = BookUpdate(ETH, True, number, number, bids, asks, ts_ns, ts_ns)
        (bid, bid_lots), (ask, ask_lots) = bids[0].tolist(), asks[0].tolist()
        quote = Quote(ETH, number, bid, bid_lots, ask, ask_lots, ts_ns)
        if hidden:
            self.local.on_book(update)
            self.local.on_quote(quote)
            return
        self.on_book(update)
        self.on_quote(quote)
        self.on_trade(Trade(ETH, number, (bid + ask) // 2, 1, False, ts_ns, ts_ns))

    def arm(self) -> None:
        """Let it trade."""
        self.perform(self.engine.on_account(self.local.account(self._now_ns)))
        assert self.on_command(Resume(id="arm", who=ALICE)).ok

    def stock(self, quote: str) -> None:
        """Buy what will be sold later."""
        reply = self.on_command(Buy(id="stock", who=ALICE, symbol=ETH, amount=Amount("quote", quote)))
        assert reply.ok, reply

    def notices(self, code: str) -> list[str]:
        """Return what people were told under a code."""
        return [event.text for event in self.told if isinstance(event, Notice) and event.code == code]


class Two:
    """Both stands and the pair desk between them."""

    def __init__(
        self,
        config: TradingConfig | None = None,
        *,
        fee: float = 0.001,
        stock: str = "15000",
        measured: Sequence[Calibration] = (),
    ) -> None:
        self.now_ns = T0
        self.config = config or pair_config()
        self.near, self.far = Stand("near", self.config, measured=measured), Stand("far", self.config)
        self.stands = (self.near, self.far)
        places = [Place(stand.name, stand.engine.trading, fee) for stand in self.stands]
        self.desk = self.desk_between(places[0], places[1])
        self.lay((2000.0, 2000.0))
        for stand in self.stands:
            stand.arm()
            if stock:
                stand.stock(stock)
        self.wait(1.0)

    def desk_between(self, near: Place, far: Place) -> PairDesk:
        """Return a new desk, which goes by the near engine's settings and measures."""
        engine = self.near.engine
        desk = PairDesk(near, far, engine.arbitrage, engine.calibrations.uncalibrated)
        StuckPairs(desk, engine.people)
        return desk

    def lay(self, mids: tuple[float, float], lots: int = 1_000_000, levels: int = 5) -> None:
        """Lay out a book of a spread of 0.02 around each mid, levels a cent apart."""
        for stand, mid in zip(self.stands, mids, strict=True):
            stand.lay(*ladder(mid, [lots] * levels), self.now_ns)

    def once(self, mids: tuple[float, float], lots: int = 1_000_000, levels: int = 5) -> None:
        """Lay the books out a little later, and let the desk begin at most one pair on them."""
        self.now_ns += 2 * S
        for stand in self.stands:
            stand.until(self.now_ns)
        self.lay(mids, lots, levels)
        self.look()

    def look(self) -> None:
        """Let the pair desk look once, and both do what it leads to."""
        self.desk.look(self.now_ns)
        self.do()

    def do(self) -> None:
        """Do what waits in both cores."""
        for stand in self.stands:
            stand.perform(stand.engine.trading.take())

    def wait(self, seconds: float) -> None:
        """Let time pass, looking 20 times a second."""
        end_ns = self.now_ns + int(seconds * S)
        while self.now_ns < end_ns:
            self.now_ns += STEP_NS
            for stand in self.stands:
                stand.until(self.now_ns)
            self.look()

    def settle(self, seconds: float = 30.0, *, keep_fresh: bool = True) -> None:
        """Let time pass until no pair is open; books stay as they are, and fresh."""
        for _ in range(int(seconds * S) // STEP_NS):
            if not self.desk.open:
                return
            self.now_ns += STEP_NS
            for stand in self.stands:
                market = stand.engine.trading.markets[ETH]
                if keep_fresh:
                    stand.on_trade(Trade(ETH, next(stand._ids), market.last_ticks, 1, False, self.now_ns, self.now_ns))
                stand.until(self.now_ns)
            modes = self.near.engine.trading.modes
            modes.set(Mode.OFF, "arbitrage")  # one pair at a time is looked at here
            self.look()
            modes.set(Mode.AUTO, "arbitrage")
        raise AssertionError(f"still open: {self.desk.open}")

    def base_e8(self) -> int:
        """Return what both accounts hold of the base asset, at the exchanges."""
        accounts = [stand.local.account(self.now_ns) for stand in self.stands]
        return sum(b.free_e8 + b.locked_e8 for account in accounts for b in account.balances if b.asset == "ETH")

    def squared(self) -> None:
        """Positions are what the exchanges hold; every pair is flat by the exchanges' own fills."""
        for stand in self.stands:
            held = {b.asset: b.free_e8 + b.locked_e8 for b in stand.local.account(self.now_ns).balances}
            trips = list(stand.engine.trading.portfolio.trips())
            assert sum(trip.base_e8 for trip in trips) == held.get("ETH", 0)
            assert stand.engine.trading.portfolio.cash_e8 == held["USDT"]
            assert not stand.engine.trading.orders.unsettled()
        assert all(pair.net_e8 == 0 for pair in self.desk.done)


def ladder(mid: float, lots: Sequence[int]) -> tuple[Levels, Levels]:
    """Return bids and asks around a mid, a cent apart, as many as there are lots."""
    ticks = round(mid * 100)
    bids = np.array([[ticks - 1 - i, many] for i, many in enumerate(lots)], np.int64)
    asks = np.array([[ticks + 1 + i, many] for i, many in enumerate(lots)], np.int64)
    return bids, asks


def states(pair: Pair) -> list[OrderState]:
    """Return how a pair's orders ended."""
    return [order.state for _, order in pair.legs]
