"""A backtest on a market that is moved by hand: the real engine, the real matching, in one process."""

from __future__ import annotations

from itertools import count

import numpy as np

from engine.core import queries
from engine.core.config import OrderFlow, SmaCross, Strategies, TradingConfig
from engine.core.engine import Engine
from engine.core.instrument import E8, Instrument
from engine.core.portfolio import RoundTrip
from engine.core.queries import Identity
from engine.core.types import BookUpdate, Quote, Symbol, Trade
from engine.research.backtest import Backtest
from engine.venues.paper.local import LocalExchange
from engine.wire.commands import Amount, Buy, BuyExits, Resume, Who
from engine.wire.events import AnyEvent
from engine.wire.views import TradeView

ETH = Symbol("ETHUSDT")
RULES = Instrument(ETH, "ETH", "USDT", E8 // 100, E8 // 10_000, 1, 10**9, 5 * E8, 0, 1, 10**8, True)
ANN = Who("ann", "ann", "cli")
SILENT = ("NONE",)
QUIET = TradingConfig(
    mode="ask", strategies=Strategies(sma_cross=SmaCross(symbols=SILENT), order_flow=OrderFlow(symbols=SILENT))
)
MS = 1_000_000
OWN_E8 = 5 * E8
"""The account holds coins of its own as well: a sale too many would find something to sell."""


class Tape:
    """A market that is moved by hand, at 2000.00 in the beginning, with 0.5 ETH bought on it."""

    def __init__(self, latency_ms: int = 5, exits: BuyExits | None = None, config: TradingConfig = QUIET) -> None:
        self.events: list[AnyEvent] = []
        self.engine = Engine(config, {ETH: RULES}, "paper", Identity("1", "abc", "test", 0))
        self.engine.trading.is_warm = True
        self.exchange = LocalExchange({ETH: RULES}, {"USDT": 100_000 * E8, "ETH": OWN_E8}, latency_ns=latency_ms * MS)
        self.backtest = Backtest(self.engine, self.exchange, self.events.append)
        self.now_ns, self._ids = 10**18, count(1)
        self.move(2000.0, steps=40)
        assert self.backtest.on_command(Resume(id="resume", who=ANN)).ok
        assert self.backtest.on_command(
            Buy(id="buy", who=ANN, symbol="eth", amount=Amount("quote", "900"), exits=exits)
        ).ok
        self.move(2000.0)

    def move(self, price: float, *, steps: int = 3) -> None:
        """Let the whole market be there for so many tenths of a second."""
        ticks = round(price * 100)
        for _ in range(steps):
            self.now_ns += 100 * MS
            number, sides = next(self._ids), [np.array([[p, 10**6]], np.int64) for p in (ticks - 1, ticks)]
            self.backtest.on_book(BookUpdate(ETH, True, number, number, *sides, self.now_ns, self.now_ns))
            self.backtest.on_quote(Quote(ETH, number, ticks - 1, 10**6, ticks, 10**6, self.now_ns))
            self.backtest.on_trade(Trade(ETH, number, ticks - 1, 10, True, self.now_ns, self.now_ns))

    def open(self) -> list[str]:
        """Return the origins of what is open at the exchange."""
        names = [report.client_order_id for report in self.exchange.account(self.now_ns).open_orders]
        return sorted(order.approved.origin for order in map(self.engine.trading.orders.get, names) if order)

    def held_e8(self) -> int:
        """Return what the account holds beyond its own coins, in 1e-8 ETH."""
        balances = {b.asset: b.free_e8 + b.locked_e8 for b in self.exchange.account(self.now_ns).balances}
        return balances["ETH"] - OWN_E8

    def held_lots(self) -> int:
        """Return the same without the dust that fees in the base asset leave."""
        return self.held_e8() // RULES.lot_e8

    def ends(self) -> list[str]:
        """Return how the round trips ended."""
        return [trip.exit_reason for trip in self.engine.trading.portfolio.closed]

    def trip(self) -> RoundTrip:
        """Return the position that is open."""
        return self.engine.trading.portfolio.open[ETH]

    def view(self) -> TradeView:
        """Return it as people see it."""
        (shown,) = queries.positions(self.engine.trading).positions
        return shown

    def on_sale_e8(self) -> int:
        """Return what the exchange has put aside for open sales, in 1e-8 ETH."""
        balances = {b.asset: b.locked_e8 for b in self.exchange.account(self.now_ns).balances}
        return balances["ETH"]

    def restarted(self) -> Engine:
        """Return another engine that has taken this one's journal."""
        again = Engine(self.engine.trading.config, {ETH: RULES}, "paper", Identity("1", "abc", "test", 0))
        again.restore(list(self.backtest.journal), self.now_ns)
        return again
