"""The express lane: a trade's or a quote's frame goes from its bytes into the core's arrays in one compiled call.

Nothing is made of it that Python would have to hold, unless it stirs something. What it means is the core's own
``take_trade`` and ``take_quote``, and each strategy's own step; what is read, and how strictly, is the scanner's: the
same as without the lane.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from engine.core.instrument import Instrument
from engine.core.kernels import direct
from engine.core.kernels.market import (
    LAST_FILL_ID,
    LAST_QUOTE_ID,
    LOT_E8,
    NAME_SIZE,
    TICK_E8,
    take_quote,
    take_trade,
)
from engine.core.market import Market
from engine.core.strategies.technical.stepping import after_quote, after_trade
from engine.core.types import Symbol
from engine.venues.binance.codec import DATA, DATA_SIZE, DEPTH_STREAM, FLAT_STREAMS, stream_head
from engine.venues.binance.depth_kernel import ANOTHER, ROWS, take_depth
from engine.venues.binance.kernels import (
    NAME_AT,
    QUOTE,
    REASONS,
    TRADE,
    scan_flat,
)
from engine.venues.binance.reader import MarketReader
from engine.venues.sinks import ExpressSink

DUPLICATE: Final = -100
"""What a call answers to a trade or quote that was there already (F1); other negative answers are the scanner's."""
_MS: Final = 1_000_000
_INTS: Any = types.int64[::1]
_FRAME: Any = types.Bytes(types.uint8, 1, "C", readonly=True)


@direct
@njit([types.int64(_FRAME, types.int64, _INTS, types.int64)], cache=True)
def take_flat(frame: Any, data_at: int, numbers: Any, ts_recv_ns: int) -> Any:
    """Take a combined stream's trade or quote whose data object starts at ``data_at``.

    Returns what it stirs as bits of ``core.kernels.market``, 0 for nothing, or a negative reason why it was dropped:
    then nothing has changed.
    """
    kind, ident, price, size, ask, ask_size, time_ms, is_sale = scan_flat(
        frame, data_at, 1, NAME_AT, numbers[NAME_SIZE], numbers[TICK_E8], numbers[LOT_E8]
    )
    if kind == QUOTE:
        if ident < numbers[LAST_QUOTE_ID]:
            return DUPLICATE
        numbers[LAST_QUOTE_ID] = ident
        return take_quote(numbers, price, size, ask, ask_size, ts_recv_ns) | after_quote(numbers)
    if kind == TRADE:
        if ident <= numbers[LAST_FILL_ID]:
            return DUPLICATE
        numbers[LAST_FILL_ID] = ident
        look = take_trade(numbers, ident, price, size, is_sale == 1, time_ms * _MS, ts_recv_ns)
        return look | after_trade(numbers)
    return kind


class _Lane(NamedTuple):
    """Where the frames of one symbol go."""

    market: Market
    numbers: NDArray[np.int64]


class ExpressReader(MarketReader):
    """Takes trades and quotes of combined streams by the lane, and everything else as its parent does."""

    def __init__(
        self,
        markets: Mapping[Symbol, Market],
        sink: ExpressSink,
        ask_snapshot: Callable[[Symbol], None],
        on_shutdown: Callable[[], None] = lambda: None,
    ) -> None:
        """Begin; ``markets`` are the core's own, and their arrays are written to."""
        super().__init__([market.instrument for market in markets.values()], sink, ask_snapshot, on_shutdown)
        self._stirs = sink
        self._by_symbol = {symbol: _Lane(market, market.numbers) for symbol, market in markets.items()}
        self._lanes = {
            stream_head(symbol, stream): lane for symbol, lane in self._by_symbol.items() for stream in FLAT_STREAMS
        }
        self._depths = {stream_head(symbol, DEPTH_STREAM): lane for symbol, lane in self._by_symbol.items()}
        self._rows = np.zeros((ROWS, 2), np.int64)
        """Where a frame's levels stand until all of it has been read."""

    def on_frame(self, frame: bytes, ts_recv_ns: int) -> None:
        """Take one frame; one that makes no sense is counted and told, and changes nothing."""
        data_at = frame.find(DATA, 0, 96) + DATA_SIZE
        lane = self._lanes.get(frame[:data_at])
        if lane is None:
            depth = self._depths.get(frame[:data_at])
            if depth is None or not self._took_depth(depth, frame, data_at - 1, ts_recv_ns):
                super().on_frame(frame, ts_recv_ns)
            return
        self.frames += 1
        market, numbers = lane
        try:
            stirred = take_flat(frame, data_at - 1, numbers, ts_recv_ns)
        except Exception as error:  # noqa: BLE001  a step is deciding: who decides halts; raised, it would cut the stream
            self._stirs.on_step_failed(error)
            return
        if stirred > 0:
            self._stirs.on_stirred(market, stirred, ts_recv_ns)
        elif stirred < 0:
            self._drop(market.instrument, stirred, ts_recv_ns)

    def on_disconnect(self, symbols: Iterable[Symbol], ts_recv_ns: int) -> None:
        """Hear that the connection of some symbols is gone: their books are lost, and numbering may start anew."""
        gone = tuple(symbols)
        for symbol in gone:
            self._by_symbol[symbol].numbers[LAST_FILL_ID : LAST_QUOTE_ID + 1] = -1
        super().on_disconnect(gone, ts_recv_ns)

    def _took_depth(self, lane: _Lane, frame: bytes, data_at: int, ts_recv_ns: int) -> bool:
        """Take the next change of a book that is in sequence; False leaves anything else to the parent."""
        market = lane.market
        sync, book = self.books[market.instrument.symbol], market.book
        if not sync.is_synced:
            return False
        bids, asks = book.bids, book.asks
        final_id, bids.count, asks.count, stirred = take_depth(
            frame,
            data_at,
            lane.numbers,
            sync.last_update_id + 1,
            bids.keys,
            bids.lots,
            bids.count,
            asks.keys,
            asks.lots,
            asks.count,
            self._rows,
            ts_recv_ns,
        )
        if final_id == ANOTHER:
            return False
        self.frames += 1
        sync.went_on(final_id)
        book.final_update_id = final_id
        if stirred:
            self._stirs.on_stirred(market, stirred, ts_recv_ns)
        return True

    def _drop(self, instrument: Instrument, why: int, ts_recv_ns: int) -> None:
        if why == DUPLICATE:
            self.duplicates += 1
            return
        self.bad_frames += 1
        self._stirs.on_bad_frame(f"{instrument.symbol}: a market frame was dropped: {REASONS[why]}", ts_recv_ns)
