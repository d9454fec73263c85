"""Warms the deciding code up on scratch state, so that the first real event finds everything compiled and cached."""

from __future__ import annotations

import numpy as np

from engine.core.config import TradingConfig
from engine.core.engine import Engine
from engine.core.instrument import E8, Instrument
from engine.core.queries import Identity
from engine.core.types import AccountSnapshot, Balance, BookUpdate, Quote, Symbol, Trade
from engine.wire.commands import Amount, Buy, Resume, Who

_ROUNDS = 300
_SECOND_NS = 1_000_000_000


def warm_up(config: TradingConfig) -> int:
    """Run a scratch engine through books, quotes, trades and an order; returns how many actions it decided.

    It shares code with the real engine and no state: its instrument, account and journal records are its own, and
    what it decides is counted and thrown away.
    """
    symbol = Symbol("WARMUP" + config.quote_asset)
    engine = Engine(config, {symbol: _instrument(symbol, config.quote_asset)}, "paper", Identity("", "", "", 0))
    engine.trading.is_warm = True
    who = Who("warm", "warm", "cli")
    bids = np.array([[9_999 - i, 100] for i in range(20)], np.int64)
    asks = np.array([[10_001 + i, 100] for i in range(20)], np.int64)
    balances = (Balance(config.quote_asset, 1_000_000 * E8, 0),)
    actions = engine.on_book(BookUpdate(symbol, True, 1, 1, bids, asks, 1, 1))
    actions += engine.on_clock(0)
    actions += engine.on_account(AccountSnapshot(balances, (), 1))
    actions += engine.on_command(Resume(id="resume", who=who), 1)[1]
    for i in range(_ROUNDS):
        now_ns = i * _SECOND_NS + 1
        price = 10_000 + (i % 7) - 3
        actions += engine.on_quote(Quote(symbol, i, price - 1, 10, price + 1, 10, now_ns))
        actions += engine.on_trade(Trade(symbol, i, price, 5, i % 3 == 0, now_ns, now_ns))
        actions += engine.on_timer(now_ns)
        amount = Amount("quote", "100")
        actions += engine.on_command(Buy(id=str(i), who=who, symbol=symbol, amount=amount), now_ns)[1]
    return len(actions)


def _instrument(symbol: Symbol, quote_asset: str) -> Instrument:
    return Instrument(
        symbol=symbol,
        base_asset="WARMUP",
        quote_asset=quote_asset,
        tick_e8=E8 // 100,
        lot_e8=E8 // 100,
        min_qty_lots=1,
        max_qty_lots=10**9,
        min_notional_e8=E8,
        max_notional_e8=0,
        min_price_ticks=1,
        max_price_ticks=10**9,
        is_trading=True,
    )
