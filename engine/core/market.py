"""The market as we know it: a book, the last trades and the candles of each symbol, in preallocated arrays."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.core.instrument import Instrument
from engine.core.kernels.book import apply_levels
from engine.core.kernels.tape import CANDLES_SEEN, TRADES_SEEN, record_trade
from engine.core.types import BookUpdate, Candle, Levels, Quote, Trade

TRADE_ROWS: Final = 1024
CANDLE_ROWS: Final = 512
CANDLE_NS: Final = 60_000_000_000
_FIRST_CAPACITY: Final = 1024


class BookSide:
    """One side of a book: bids (sign +1) or asks (sign -1)."""

    __slots__ = ("_keys", "_lots", "_sign", "count")

    def __init__(self, sign: Literal[1, -1]) -> None:
        self._sign = sign
        self._keys: NDArray[np.int64] = np.zeros(_FIRST_CAPACITY, np.int64)
        self._lots: NDArray[np.int64] = np.zeros(_FIRST_CAPACITY, np.int64)
        self.count = 0

    def apply(self, levels: Levels) -> None:
        """Set, insert and remove levels; the arrays double when they are full, so that no level is ever lost."""
        while (count := apply_levels(self._keys, self._lots, self.count, levels, self._sign)) < 0:
            self.count = len(self._keys)
            self._keys = np.concatenate((self._keys, np.zeros_like(self._keys)))
            self._lots = np.concatenate((self._lots, np.zeros_like(self._lots)))
        self.count = count

    def clear(self) -> None:
        """Forget every level."""
        self.count = 0

    def best_ticks(self) -> int:
        """Return the best price in ticks, 0 when the side is empty."""
        return int(self._keys[self.count - 1]) * self._sign if self.count else 0

    def best_lots(self) -> int:
        """Return the quantity at the best price in lots, 0 when the side is empty."""
        return int(self._lots[self.count - 1]) if self.count else 0

    def top(self, levels: int) -> Levels:
        """Return the best levels, best first: int64, shape (at most ``levels``, 2), a copy."""
        part = slice(max(self.count - levels, 0), self.count)
        return np.stack((self._keys[part][::-1] * self._sign, self._lots[part][::-1]), axis=1)


class Book:
    """A symbol's order book, in sequence or known not to be."""

    __slots__ = ("asks", "bids", "final_update_id", "is_in_sync")

    def __init__(self) -> None:
        self.bids = BookSide(1)
        self.asks = BookSide(-1)
        self.is_in_sync = False
        self.final_update_id = 0

    def apply(self, update: BookUpdate) -> None:
        """Take a snapshot or the next update; the venue's own sequence rule was applied before."""
        if update.is_snapshot:
            self.bids.clear()
            self.asks.clear()
            self.is_in_sync = True
        self.bids.apply(update.bids)
        self.asks.apply(update.asks)
        self.final_update_id = update.final_update_id


class Market:
    """Everything that is known of one symbol's market; changed by the engine's events only."""

    __slots__ = (
        "ask_lots",
        "ask_ticks",
        "bid_lots",
        "bid_ticks",
        "book",
        "candles",
        "first_ticks",
        "heard_ns",
        "instrument",
        "last_ticks",
        "seen",
        "trade_recv_ns",
        "trades",
        "ts_exchange_ns",
    )

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.book = Book()
        self.trades: NDArray[np.int64] = np.zeros((TRADE_ROWS, 3), np.int64)
        """Columns: price in ticks, signed lots (+ the aggressor bought), exchange time in ns."""
        self.candles: NDArray[np.int64] = np.zeros((CANDLE_ROWS, 6), np.int64)
        """One-minute candles; columns as in ``kernels.tape``."""
        self.seen: NDArray[np.int64] = np.zeros(2, np.int64)
        self.bid_ticks = self.bid_lots = self.ask_ticks = self.ask_lots = 0
        self.heard_ns = 0
        """When the last frame of any kind was received: what C5 calls the age of the data."""
        self.last_ticks = self.first_ticks = 0
        self.ts_exchange_ns = 0
        """The last trade's time by the venue's own clock, which for a tape is the tape's."""
        self.trade_recv_ns = 0

    def on_trade(self, trade: Trade) -> None:
        """Append a trade to the ring and to the current candle."""
        record_trade(
            self.trades,
            self.candles,
            self.seen,
            trade.price_ticks,
            trade.qty_lots,
            -1 if trade.is_buyer_maker else 1,
            trade.ts_exchange_ns,
            CANDLE_NS,
        )
        self.last_ticks = trade.price_ticks
        self.ts_exchange_ns = trade.ts_exchange_ns
        self.trade_recv_ns = self.heard_ns = trade.ts_recv_ns
        if not self.first_ticks:
            self.first_ticks = trade.price_ticks

    def on_quote(self, quote: Quote) -> None:
        """Take the new best bid and ask."""
        self.bid_ticks, self.bid_lots = quote.bid_ticks, quote.bid_lots
        self.ask_ticks, self.ask_lots = quote.ask_ticks, quote.ask_lots
        self.heard_ns = quote.ts_recv_ns

    def on_book(self, update: BookUpdate) -> None:
        """Take a snapshot or the next change of the book."""
        self.book.apply(update)
        self.heard_ns = update.ts_recv_ns

    def on_candle(self, candle: Candle) -> None:
        """Append a finished candle of the venue's history, before the first live trade."""
        row = int(self.seen[CANDLES_SEEN]) % CANDLE_ROWS
        self.candles[row] = (
            candle.open_ns,
            candle.open_ticks,
            candle.high_ticks,
            candle.low_ticks,
            candle.close_ticks,
            candle.volume_lots,
        )
        self.seen[CANDLES_SEEN] += 1

    def last_trades(self, rows: int) -> NDArray[np.int64]:
        """Return the newest trades, oldest first: int64, shape (at most ``rows``, 3), a copy."""
        return _newest(self.trades, int(self.seen[TRADES_SEEN]), rows)

    def last_candles(self, rows: int) -> NDArray[np.int64]:
        """Return the newest candles, oldest first, the current one last: int64, shape (at most ``rows``, 6), a copy."""
        return _newest(self.candles, int(self.seen[CANDLES_SEEN]), rows)


def _newest(ring: NDArray[np.int64], seen: int, rows: int) -> NDArray[np.int64]:
    wanted = min(rows, seen, len(ring))
    return ring[np.arange(seen - wanted, seen) % len(ring)]
