"""Fetches the candles of the last seven days in the background, for people's questions and charts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.core.past import CANDLES_KEPT
from engine.core.types import Candle, Symbol
from engine.venues.binance.account import Account
from engine.venues.binance.errors import VenueError

PAGE: Final = 999
"""Candles of one request: the venue sends 1,000 rows at most, and the last one is left out."""
PAUSE_S: Final = 0.25
"""Between two requests of weight 2: a tenth of what the venue allows. Source: Binance, "Kline/Candlestick data"."""
_log = logging.getLogger(__name__)


async def fetch_history(
    account: Account, on_history: Callable[[Symbol, NDArray[np.int64]], None], symbols: Sequence[Symbol]
) -> None:
    """Fetch each symbol's candles, the newest page first, and hand them on; a venue that fails is told in the log."""
    for symbol in symbols:
        try:
            await _fetch(account, on_history, symbol)
        except VenueError as error:
            _log.warning("the candles of %s before the start are missing: %s", symbol, error)


async def _fetch(account: Account, on_history: Callable[[Symbol, NDArray[np.int64]], None], symbol: Symbol) -> None:
    fetched, before_ns = 0, 0
    while fetched < CANDLES_KEPT:
        candles = await account.candles(symbol, PAGE, before_ns=before_ns)
        if not candles:
            return
        on_history(symbol, _rows(candles))
        fetched, before_ns = fetched + len(candles), candles[0].open_ns
        if len(candles) < PAGE:
            return
        await asyncio.sleep(PAUSE_S)


def _rows(candles: Sequence[Candle]) -> NDArray[np.int64]:
    """Return candles as rows of the ring: int64, shape (n, 6), columns as in ``kernels.tape``."""
    return np.array(
        [(c.open_ns, c.open_ticks, c.high_ticks, c.low_ticks, c.close_ticks, c.volume_lots) for c in candles], np.int64
    )
