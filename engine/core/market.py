"""The market as we know it: a book, the last trades and the candles of each symbol, in preallocated arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, cast

import numpy as np
from numpy.typing import NDArray

from engine.core.instrument import Instrument
from engine.core.kernels import market as kernel
from engine.core.kernels.book import apply_levels
from engine.core.kernels.market import CANDLE_NS, CANDLE_ROWS, TRADE_ROWS
from engine.core.kernels.tape import CANDLES_SEEN, TRADES_SEEN
from engine.core.types import BookUpdate, Candle, Levels, Quote, Trade

__all__ = ["CANDLE_NS", "Book", "BookSide", "Market"]

_FIRST_CAPACITY: Final = 1024


class BookSide:
    """One side of a book: bids (sign +1) or asks (sign -1)."""

    __slots__ = ("_sign", "count", "keys", "lots")

    def __init__(self, sign: Literal[1, -1]) -> None:
        self._sign = sign
        self.keys: NDArray[np.int64] = np.zeros(_FIRST_CAPACITY, np.int64)
        """As ``kernels.book`` has them, with ``lots``; the first ``count`` are in use."""
        self.lots: NDArray[np.int64] = np.zeros(_FIRST_CAPACITY, np.int64)
        self.count = 0

    def apply(self, levels: Levels) -> None:
        """Set, insert and remove levels; the arrays double when they are full, so that no level is ever lost."""
        while (count := apply_levels(self.keys, self.lots, self.count, levels, self._sign)) < 0:
            self.count = len(self.keys)
            self.keys = np.concatenate((self.keys, np.zeros_like(self.keys)))
            self.lots = np.concatenate((self.lots, np.zeros_like(self.lots)))
        self.count = count

    def clear(self) -> None:
        """Forget every level."""
        self.count = 0

    def best_ticks(self) -> int:
        """Return the best price in ticks, 0 when the side is empty."""
        return int(self.keys[self.count - 1]) * self._sign if self.count else 0

    def best_lots(self) -> int:
        """Return the quantity at the best price in lots, 0 when the side is empty."""
        return int(self.lots[self.count - 1]) if self.count else 0

    def top(self, levels: int) -> Levels:
        """Return the best levels, best first: int64, shape (at most ``levels``, 2), a copy."""
        part = slice(max(self.count - levels, 0), self.count)
        return np.stack((self.keys[part][::-1] * self._sign, self.lots[part][::-1]), axis=1)


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
    """Everything that is known of one symbol's market; changed by the engine's events only.

    What kernels know is in one array, ``numbers``, laid out in ``kernels.market``; the properties read it for people
    and for what is decided in Python.
    """

    __slots__ = ("_instrument", "book", "candles", "floats", "ints", "minds", "numbers", "seen", "symbol", "trades")

    def __init__(self, instrument: Instrument, minds: int = 0) -> None:
        """Begin with nothing heard; ``minds``: how long the strategies' part is."""
        self.symbol: Final = instrument.symbol
        self.book = Book()
        self.numbers: NDArray[np.int64] = kernel.new_numbers(minds)
        self.instrument = instrument
        self.minds: NDArray[np.float64] = self.numbers[kernel.MINDS :].view(np.float64)
        """Its last part: what the technical strategies say, their places, parameters and states."""
        self.ints = cast(Sequence[int], self.numbers.data)
        self.floats = cast(Sequence[float], self.minds.data)
        """The same two, for reading one number at a time: a third of what it takes through NumPy."""
        numbers = self.numbers
        self.trades: NDArray[np.int64] = numbers[kernel.TRADES : kernel.CANDLES].reshape(TRADE_ROWS, 3)
        """Columns: price in ticks, signed lots (+ the aggressor bought), exchange time in ns."""
        self.candles: NDArray[np.int64] = numbers[kernel.CANDLES : kernel.MINDS].reshape(CANDLE_ROWS, 6)
        """One-minute candles; columns as in ``kernels.tape``."""
        self.seen: NDArray[np.int64] = numbers[kernel.TAPE : kernel.TRADES]

    @property
    def instrument(self) -> Instrument:
        """The symbol's units and the venue's filters, which are among the numbers too."""
        return self._instrument

    @instrument.setter
    def instrument(self, it: Instrument) -> None:
        """Take new units and filters, from the next message on."""
        self._instrument = it
        self.numbers[kernel.NAME_SIZE] = len(it.symbol)
        self.numbers[kernel.TICK_E8 : kernel.IS_TRADING + 1] = (
            it.tick_e8,
            it.lot_e8,
            it.min_qty_lots,
            it.max_qty_lots,
            it.min_notional_e8,
            it.max_notional_e8,
            it.min_price_ticks,
            it.max_price_ticks,
            it.is_trading,
        )

    @property
    def bid_ticks(self) -> int:
        """The best bid; 0 while there is none."""
        return self.ints[kernel.BID]

    @property
    def bid_lots(self) -> int:
        """What is bid at it."""
        return self.ints[kernel.BID_LOTS]

    @property
    def ask_ticks(self) -> int:
        """The best ask; 0 while there is none."""
        return self.ints[kernel.ASK]

    @property
    def ask_lots(self) -> int:
        """What is asked at it."""
        return self.ints[kernel.ASK_LOTS]

    @property
    def last_ticks(self) -> int:
        """The last trade's price; 0 before the first."""
        return self.ints[kernel.LAST]

    @property
    def first_ticks(self) -> int:
        """The first trade's price."""
        return self.ints[kernel.FIRST]

    @property
    def heard_ns(self) -> int:
        """When the last frame of any kind was received: what C5 calls the age of the data."""
        return self.ints[kernel.HEARD_NS]

    @property
    def ts_exchange_ns(self) -> int:
        """The last trade's time by the venue's own clock, which for a tape is the tape's."""
        return self.ints[kernel.EXCHANGE_NS]

    @property
    def trade_recv_ns(self) -> int:
        """When the last trade was received."""
        return self.ints[kernel.TRADE_RECV_NS]

    def watch(self, is_held: bool) -> None:
        """Have every trade and quote say ``LOOK`` from now on, because something is held; or no longer."""
        self.numbers[kernel.IS_WATCHED] = is_held

    @property
    def is_watched(self) -> bool:
        """Say whether something of it is held, so that every trade and quote says ``LOOK``."""
        return bool(self.numbers[kernel.IS_WATCHED])

    def on_trade(self, trade: Trade) -> int:
        """Take a trade; return what it stirs, as bits of ``kernels.market``."""
        return kernel.take_trade(
            self.numbers,
            trade.fill_id,
            trade.price_ticks,
            trade.qty_lots,
            trade.is_buyer_maker,
            trade.ts_exchange_ns,
            trade.ts_recv_ns,
        )

    def on_quote(self, quote: Quote) -> int:
        """Take the new best bid and ask; return what it stirs."""
        return kernel.take_quote(
            self.numbers, quote.bid_ticks, quote.bid_lots, quote.ask_ticks, quote.ask_lots, quote.ts_recv_ns
        )

    def on_book(self, update: BookUpdate) -> None:
        """Take a snapshot or the next change of the book."""
        self.book.apply(update)
        self.numbers[kernel.HEARD_NS] = update.ts_recv_ns

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
