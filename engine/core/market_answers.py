"""Answers about the market's past and the news: candles of any length, and the last headlines."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.core.amounts import Unclear
from engine.core.instrument import Instrument
from engine.core.kernels.tape import CLOSE, HIGH, LOW, OPEN, OPEN_NS, VOLUME
from engine.core.market import CANDLE_NS
from engine.core.past import HEADLINES_KEPT, summed
from engine.core.trading import Trading
from engine.core.types import Symbol
from engine.wire.answers import CandlesView, CandleView, HeadlinesView
from engine.wire.questions import BarName

BARS_NS: Final[dict[BarName, int]] = {
    "1m": CANDLE_NS,
    "5m": 5 * CANDLE_NS,
    "15m": 15 * CANDLE_NS,
    "1h": 60 * CANDLE_NS,
    "4h": 240 * CANDLE_NS,
    "1d": 1_440 * CANDLE_NS,
}
_MOST_CANDLES: Final = 1_000


def candles(trading: Trading, symbol: Symbol, bar: BarName, most: int) -> CandlesView:
    """Show a symbol's newest candles, the one still being made last; a minute without a trade has none."""
    if not 1 <= most <= _MOST_CANDLES:
        raise Unclear("BAD_REQUEST", f"Ask for 1 to {_MOST_CANDLES} candles.")
    market = trading.markets[symbol]
    trading.past.follow(market)
    rows = np.concatenate((trading.past.candles(symbol).rows(), market.last_candles(1)))
    newest = summed(rows, BARS_NS[bar])[-most:].tolist()
    return CandlesView(symbol, bar, BARS_NS[bar], tuple(_candle(market.instrument, row) for row in newest))


def headlines(trading: Trading, most: int) -> HeadlinesView:
    """Show the last headlines, newest first."""
    if not 1 <= most <= HEADLINES_KEPT:
        raise Unclear("BAD_REQUEST", f"Ask for 1 to {HEADLINES_KEPT} headlines.")
    return HeadlinesView(tuple(reversed(trading.past.headlines))[:most])


def _candle(it: Instrument, row: list[int]) -> CandleView:
    opened, high, low, closed = (it.price_text(row[column]) for column in (OPEN, HIGH, LOW, CLOSE))
    return CandleView(row[OPEN_NS], opened, high, low, closed, it.qty_text(row[VOLUME]))
