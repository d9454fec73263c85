"""One engine on an exchange with three books that make a circle, and faults on any leg of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import msgspec
import numpy as np
from core_builders import ALICE, T0, S, instrument
from pair_bench import WIDE, FaultyExchange, pair_config

from engine.core.actions import Action
from engine.core.config import Limits
from engine.core.engine import Engine
from engine.core.instrument import E8, Instrument
from engine.core.pairs.between import around
from engine.core.queries import Identity
from engine.core.types import ApprovedOrder, BookUpdate, Levels, Mode, Quote, Symbol, Trade
from engine.research.backtest import Backtest
from engine.wire.commands import Resume
from engine.wire.events import AnyEvent, Notice

BTC, ETH, CROSS = Symbol("BTCUSDT"), Symbol("ETHUSDT"), Symbol("ETHBTC")
NAMES = (BTC, ETH, CROSS)
STEP_NS = 20_000_000


def rules() -> dict[Symbol, Instrument]:
    """Three symbols with the units that Binance has for them."""
    make = msgspec.structs.replace
    eth = instrument()
    btc = make(eth, symbol=BTC, base_asset="BTC", lot_e8=1_000, tick_e8=E8 // 100)
    cross = make(eth, symbol=CROSS, quote_asset="BTC", tick_e8=1_000, lot_e8=E8 // 10_000, min_notional_e8=E8 // 10_000)
    return {BTC: btc, ETH: make(eth, symbol=ETH), CROSS: cross}


class LegFaults(FaultyExchange):
    """Lets a fault happen to the leg of a circle that it is meant for."""

    leg = ""
    before: Callable[[ApprovedOrder, int], None] = staticmethod(lambda order, ts_ns: None)
    """Sees each order before it arrives."""

    def send(self, order: ApprovedOrder, ts_ns: int) -> None:
        """Take an order; the fault waits for its leg."""
        self.before(order, ts_ns)
        fault = self.fault
        is_meant = self.leg in order.cause_id.rpartition(":")[2] and bool(self.leg)
        self.fault = fault if is_meant else ""
        super().send(order, ts_ns)
        self.fault = "" if is_meant else fault


class Ring(Backtest):
    """The engine, its exchange and the circle desk."""

    def __init__(self, fee_ppm: int = 1_000, limits: Limits = WIDE, **arbitrage: Any) -> None:
        it = rules()
        self.config = pair_config(limits, circle=NAMES, **arbitrage)
        self.told: list[AnyEvent] = []
        self.local = LegFaults(it, {"USDT": 100_000 * E8}, taker_fee_ppm=fee_ppm)
        engine = self.new_engine()
        super().__init__(engine, self.local, self.told.append)
        engine.trading.is_warm = True
        self.desk = around(engine)
        self.now_ns = T0
        self._ids = count(1)
        self.fair()
        self.do(engine.on_account(self.local.account(T0)))
        assert self.on_command(Resume(id="arm", who=ALICE)).ok

    def lay(self, symbol: Symbol, bid: float, ask: float, lots: int = 10_000_000, levels: int = 3) -> None:
        """Lay a book out anew: best prices, levels a tick apart, so many lots on each."""
        it = self.engine.trading.heard[symbol].instrument
        best_bid, best_ask = math.floor(bid * E8 / it.tick_e8), math.ceil(ask * E8 / it.tick_e8)
        bids = np.array([[best_bid - i, lots] for i in range(levels)], np.int64)
        asks = np.array([[best_ask + i, lots] for i in range(levels)], np.int64)
        self._tell(symbol, bids, asks)

    def fair(self, btc: float = 50_000.0, eth: float = 2_500.0, cross: float = 0.05, **changed: Any) -> None:
        """Lay out all three books around their prices, with a spread of two basis points."""
        for symbol, mid in ((BTC, btc), (ETH, eth), (CROSS, cross)):
            self.lay(symbol, mid * 0.9999, mid * 1.0001, **changed)

    def _tell(self, symbol: Symbol, bids: Levels, asks: Levels) -> None:
        number = next(self._ids)
        self.on_book(BookUpdate(symbol, True, number, number, bids, asks, self.now_ns, self.now_ns))
        (bid, bid_lots), (ask, ask_lots) = bids[0].tolist(), asks[0].tolist()
        self.on_quote(Quote(symbol, number, bid, bid_lots, ask, ask_lots, self.now_ns))
        self.on_trade(Trade(symbol, number, (bid + ask) // 2, 1, False, self.now_ns, self.now_ns))

    def start_again(self) -> None:
        """Restart on the journal; the exchange goes on. It starts halted, without a price."""
        records, engine = list(self.journal), self.new_engine()
        self.engine = engine
        self.do(engine.restore(records, self.now_ns))
        self.do(engine.on_clock(0))
        engine.trading.is_warm = True
        self.desk = around(engine)

    def new_engine(self) -> Engine:
        """Make an engine that has heard nothing."""
        return Engine(self.config, rules(), "paper", Identity("1", "abc", "ring", T0))

    def do(self, actions: Sequence[Action]) -> None:
        """Do what the core wants done."""
        self._perform(actions)

    def look(self) -> None:
        """Let the desk look once."""
        self.desk.look(self.now_ns)
        self.do(self.engine.trading.take())

    def later(self, seconds: float) -> None:
        """Let time pass without anybody looking."""
        self.now_ns += int(seconds * S)
        self._until(self.now_ns)

    def settle(self, seconds: float = 30.0, *, keep_fresh: bool = True) -> None:
        """Let time pass until no circle is open, on books that stay as they are."""
        for _ in range(int(seconds * S) // STEP_NS):
            if self.desk.open is None:
                return
            self.later(STEP_NS / S)
            for symbol, market in self.engine.trading.heard.items() if keep_fresh else ():
                self.on_trade(Trade(symbol, next(self._ids), market.last_ticks, 1, False, self.now_ns, self.now_ns))
            modes = self.engine.trading.modes
            modes.set(Mode.OFF, "arbitrage")  # one circle at a time is looked at here
            self.look()
            modes.set(Mode.AUTO, "arbitrage")
        raise AssertionError(f"still open: {self.desk.words(self.desk.open)}" if self.desk.open else "")

    def once(self, **prices: Any) -> bool:
        """Lay the books out a little later, and say whether a circle was begun on them."""
        self.later(2.0)
        self.fair(**prices)
        self.desk._rest_ns = 0
        taken = self.desk.taken
        self.look()
        return self.desk.taken > taken

    def held(self, asset: str) -> int:
        """Return what the account has of an asset at the exchange, in 1e-8."""
        return sum(b.free_e8 + b.locked_e8 for b in self.local.account(self.now_ns).balances if b.asset == asset)

    def crumbs_e8(self, asset: str) -> int:
        """Return what of a coin is too little for an order, in 1e-8: a notional of 5 USDT."""
        return {"BTC": E8 // 10_000 + 1_000, "ETH": E8 // 500 + 10_000}[asset]

    def notices(self, code: str) -> list[str]:
        """Return what people were told under a code."""
        return [event.text for event in self.told if isinstance(event, Notice) and event.code == code]
