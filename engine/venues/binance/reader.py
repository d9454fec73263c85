"""Frames in, market events out, in sequence and each once: the same for a socket, a recording and a test.

No socket and no clock here: the live feed and the replay differ only in who supplies the frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.core.instrument import Instrument
from engine.core.types import BookUpdate, Quote, Symbol, Trade
from engine.venues.binance.booksync import BookSync, SyncStep
from engine.venues.binance.codec import MarketCodec
from engine.venues.binance.errors import BadFrame
from engine.venues.sinks import MarketSink


class MarketReader:
    """Hands each frame's event to the sink, synchronously, and says which book needs a snapshot."""

    def __init__(
        self,
        instruments: Iterable[Instrument],
        sink: MarketSink,
        ask_snapshot: Callable[[Symbol], None],
        on_shutdown: Callable[[], None] = lambda: None,
    ) -> None:
        known = tuple(instruments)
        self.books: dict[Symbol, BookSync] = {instrument.symbol: BookSync() for instrument in known}
        self.frames = 0
        self.bad_frames = 0
        self.duplicates = 0
        """Trades and quotes that were dropped because a newer one was there already (F1)."""
        self._codec = MarketCodec(known)
        self._sink = sink
        self._ask_snapshot = ask_snapshot
        self._on_shutdown = on_shutdown
        self._last_fill_id: dict[Symbol, int] = {}
        self._last_quote_id: dict[Symbol, int] = {}

    def on_frame(self, frame: bytes, ts_recv_ns: int) -> None:
        """Take one frame; one that makes no sense is counted and told, and changes nothing."""
        self.frames += 1
        try:
            event = self._codec.decode(frame, ts_recv_ns)
        except BadFrame as error:
            self.bad_frames += 1
            self._sink.on_bad_frame(str(error), ts_recv_ns)
            return
        if isinstance(event, Quote):
            self._on_quote(event)
        elif isinstance(event, Trade):
            self._on_trade(event)
        elif isinstance(event, BookUpdate):
            book = self.books[event.symbol]
            step = book.on_snapshot(event) if event.is_snapshot else book.on_depth(event)
            self._follow(event.symbol, step, ts_recv_ns)
        elif event.is_shutdown:
            self._on_shutdown()

    def on_disconnect(self, symbols: Iterable[Symbol], ts_recv_ns: int) -> None:
        """Hear that the connection of some symbols is gone: their books are lost, and numbering may start anew."""
        for symbol in symbols:
            self._last_fill_id.pop(symbol, None)
            self._last_quote_id.pop(symbol, None)
            self._follow(symbol, self.books[symbol].on_disconnect(), ts_recv_ns)

    def _on_trade(self, trade: Trade) -> None:
        if trade.fill_id <= self._last_fill_id.get(trade.symbol, -1):
            self.duplicates += 1
            return
        self._last_fill_id[trade.symbol] = trade.fill_id
        self._sink.on_trade(trade)

    def _on_quote(self, quote: Quote) -> None:
        if quote.update_id < self._last_quote_id.get(quote.symbol, -1):
            self.duplicates += 1
            return
        self._last_quote_id[quote.symbol] = quote.update_id
        self._sink.on_quote(quote)

    def _follow(self, symbol: Symbol, step: SyncStep, ts_recv_ns: int) -> None:
        if step.lost_reason:
            self._sink.on_book_lost(symbol, step.lost_reason, ts_recv_ns)
        for update in step.apply:
            self._sink.on_book(update)
        if step.wants_snapshot:
            self._ask_snapshot(symbol)
