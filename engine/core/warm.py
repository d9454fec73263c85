"""A scratch engine with a market of its own: what warms the deciding code up before trading, and what is rehearsed.

It shares code with the real engine and no state: its instrument, arrays, account and orders are its own. Its strategy
is so eager that a trade above the last ones becomes an order, through the same bands and the same gate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from engine.core.account import AccountSnapshot, Balance
from engine.core.actions import Action, Send
from engine.core.config import Headlines, Limits, OrderFlow, SmaCross, Strategies, TradingConfig
from engine.core.engine import Engine
from engine.core.instrument import E8, Instrument
from engine.core.queries import Identity
from engine.core.reconcile import SETTLE_NS
from engine.core.tidings import Headline, NewsItem
from engine.core.types import ApprovedOrder, BookUpdate, ExecutionReport, OrderState, Quote, Symbol, Trade, VenueOrderId
from engine.wire.commands import Amount, Buy, Resume, Who

SCRATCH: Final = Instrument(
    symbol=Symbol("SCRATCHUSDT"),
    base_asset="SCRATCH",
    quote_asset="USDT",
    tick_e8=E8 // 100,
    lot_e8=E8 // 10_000,
    min_qty_lots=1,
    max_qty_lots=10**9,
    min_notional_e8=E8,
    max_notional_e8=0,
    min_price_ticks=1,
    max_price_ticks=10**9,
    is_trading=True,
)
FIRST_TICKS: Final = 100_000_000
"""Where the scratch market's price begins: high, so that a million ticks are within the collar (C4)."""
_EAGER: Final = TradingConfig(
    mode="auto",
    limits=Limits(repeats=100, repeat_window_s=1e-6, orders_per_s=100_000),
    strategies=Strategies(
        sma_cross=SmaCross(mode="off"),
        order_flow=OrderFlow(ask=0.0, act=0.0, min_trades=5, cooldown_s=1e-6),
        headlines=Headlines(story_h=1e-14, per_source=1_000_000, per_minute=1_000_000),  # each a story of its own
    ),
)
_CAUSES_KEPT: Final = 1_000
"""Every trade is a new cause: to remember as many as the real engine does would cost it pauses."""
_FIRST_TRADES: Final = 10
"""More than the strategy waits for before its first word."""
_ROUNDS: Final = 300
_ROUND_NS: Final = 1_000_000
_WHO: Final = Who("scratch", "scratch", "cli")


def scratch_engine(now_ns: int) -> Engine:
    """Return a scratch engine whose trading is armed; raises RuntimeError where the core would not arm it.

    ``now_ns``: the wall clock of its events so far, later than ``SETTLE_NS``.
    """
    engine = Engine(_EAGER, {SCRATCH.symbol: SCRATCH}, "paper", Identity("", "", "", 0))
    engine.trading.is_warm = True
    engine.trading.causes_kept = _CAUSES_KEPT
    engine.on_clock(0)
    engine.on_account(AccountSnapshot((Balance(SCRATCH.quote_asset, 1_000_000 * E8, 0),), (), now_ns))
    engine.on_book(_book(now_ns))
    engine.on_quote(_quote(now_ns))
    for i in range(1, _FIRST_TRADES + 1):
        engine.on_trade(_trade(i, FIRST_TICKS - _FIRST_TRADES + i, now_ns))
    reply, _ = engine.on_command(Resume(id="resume", who=_WHO), now_ns)
    if not reply.ok:
        raise RuntimeError(f"the scratch engine can't be armed: {reply.text}")
    return engine


def warm_up() -> int:
    """Run a scratch engine through books, quotes, trades, headlines and commands; return how many orders it sent."""
    start_ns = 10 * SETTLE_NS
    engine, sent = scratch_engine(start_ns), 0
    for i in range(1, _ROUNDS + 1):
        now_ns = start_ns + i * _ROUND_NS
        engine.on_book(_book(now_ns))
        engine.on_quote(_quote(now_ns))
        buy = Buy(id=str(i), who=_WHO, symbol=SCRATCH.symbol, amount=Amount("quote", "100"))
        for actions in (
            engine.on_trade(_trade(i, FIRST_TICKS + i, now_ns)),
            engine.on_headline(_headline(i, now_ns)),
            engine.on_command(buy, now_ns)[1],
        ):
            sent += _settle(engine, actions, now_ns)
        engine.on_timer(now_ns)
    return sent


def _settle(engine: Engine, actions: Sequence[Action], now_ns: int) -> int:
    """Let every order that was sent expire; return how many there were."""
    orders = [action.order for action in actions if isinstance(action, Send)]
    for order in orders:
        engine.on_execution(expired(order, now_ns))
    return len(orders)


def expired(order: ApprovedOrder, now_ns: int) -> ExecutionReport:
    """Return the report that an order has ended without a fill."""
    return ExecutionReport(
        symbol=order.symbol,
        client_order_id=order.client_order_id,
        venue_order_id=VenueOrderId(1),
        side=order.side,
        state=OrderState.EXPIRED,
        qty_lots=order.qty_lots,
        cum_qty_lots=0,
        cum_quote_e8=0,
        fill_id=0,
        last_qty_lots=0,
        last_price_ticks=0,
        fee_e8=0,
        fee_asset="",
        is_maker=False,
        reason="",
        ts_exchange_ns=now_ns,
        ts_recv_ns=now_ns,
    )


def _trade(number: int, price_ticks: int, now_ns: int) -> Trade:
    return Trade(SCRATCH.symbol, number, price_ticks, 5, False, now_ns, now_ns)


def _book(now_ns: int) -> BookUpdate:
    steps = np.arange(1, 21)
    bids = np.stack((FIRST_TICKS - steps, 100 * steps), axis=1)
    asks = np.stack((FIRST_TICKS + steps, 100 * steps), axis=1)
    return BookUpdate(SCRATCH.symbol, True, 1, 1, bids, asks, now_ns, now_ns)


def _quote(now_ns: int) -> Quote:
    return Quote(SCRATCH.symbol, 1, FIRST_TICKS - 1, 100, FIRST_TICKS + 1, 100, now_ns)


def _headline(number: int, now_ns: int) -> Headline:
    item = NewsItem("scratch", str(number), "a scratch headline", "", now_ns, now_ns)
    return Headline(item, "listing", 1.0, (SCRATCH.symbol,), ("listing +1.00",))
