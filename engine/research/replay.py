"""`trader replay`: the whole engine over a recording, as fast as it goes, the same bytes out every time."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from engine import __version__
from engine.core.engine import Engine
from engine.core.instrument import E8, Instrument, scaled_text
from engine.core.market import Book
from engine.core.queries import Identity
from engine.core.records import Reported
from engine.core.tidings import Headline
from engine.core.types import BookUpdate, Candle, Levels, Quote, Symbol, Trade
from engine.core.warm import warm_up
from engine.research.backtest import Backtest
from engine.settings import Settings
from engine.venues.binance.reader import MarketReader
from engine.venues.paper.local import LocalExchange
from engine.venues.paper.rules import SymbolRules
from engine.venues.paper.tape.recording import read_recording
from engine.venues.paper.tape.survey import rules_of, survey_recording
from engine.venues.sinks import MarketSink
from engine.wire.commands import Resume, Who
from engine.wire.events import AnyEvent
from engine.wire.views import StrategyView

STARTING_QUOTE_E8: Final = 100_000 * E8
"""What the account begins with, as the paper exchange's does."""
_REPLAY: Final = Who("replay", "replay", "cli")
_TOP: Final = 20


class Observer(MarketSink):
    """Stands between the reader and the backtest, and checks the book against the best bid and ask it was sent.

    A depth update and a quote that carry the same update id describe the same moment: their best prices and sizes
    must agree, whichever of the two came first.
    """

    def __init__(self, inner: Backtest) -> None:
        self._inner = inner
        self.checked = self.matched = 0
        self._tops: dict[int, tuple[int, int, int, int]] = {}
        self._quotes: dict[int, tuple[int, int, int, int]] = {}

    def on_trade(self, trade: Trade) -> None:
        """Pass a trade on."""
        self._inner.on_trade(trade)

    def on_quote(self, quote: Quote) -> None:
        """Compare with the book after the same update, and pass on."""
        self._inner.on_quote(quote)
        seen = (quote.bid_ticks, quote.bid_lots, quote.ask_ticks, quote.ask_lots)
        if quote.update_id not in self._quotes:
            self._quotes[quote.update_id] = seen
            if (top := self._tops.get(quote.update_id)) is not None:
                self._compare(top, seen)

    def on_book(self, update: BookUpdate) -> None:
        """Pass an update on, and compare the book after it with the quote of the same id."""
        self._inner.on_book(update)
        if update.is_snapshot:
            return
        top = best(self._inner.engine.trading.markets[update.symbol].book)
        self._tops[update.final_update_id] = top
        if (seen := self._quotes.get(update.final_update_id)) is not None:
            self._compare(top, seen)

    def on_book_lost(self, symbol: Symbol, reason: str, ts_recv_ns: int) -> None:
        """Pass on that the book is lost."""
        self._inner.on_book_lost(symbol, reason, ts_recv_ns)

    def on_bad_frame(self, reason: str, ts_recv_ns: int) -> None:
        """Pass on that a frame was dropped."""
        self._inner.on_bad_frame(reason, ts_recv_ns)

    def _compare(self, top: tuple[int, int, int, int], seen: tuple[int, int, int, int]) -> None:
        self.checked += 1
        self.matched += top == seen


def run_replay(path: Path, settings: Settings) -> dict[str, Any]:
    """Run the engine over a recording of raw frames with its trading armed as soon as it can be.

    The mode is the settings'. Raises TapeError with the line where the recording is broken, ValueError when a symbol
    is asked for that it does not hold.
    """
    survey = survey_recording(path, allow_gaps=True)
    instruments = [instrument_of(rules_of(seen)) for seen in survey.symbols.values()]
    chosen = {it.symbol: it for it in instruments if not settings.symbols or it.symbol in settings.symbols}
    if not chosen:
        raise ValueError(f"{path} holds {', '.join(survey.symbols)} and none of {', '.join(settings.symbols)}")
    replay = Replay(settings, chosen)
    for frame in read_recording(path):
        replay.on_frame(frame.data, frame.ts_recv_ns)
    return replay.result()


class Replay:
    """One run over one recording, or whatever else tells of a market as recordings do."""

    def __init__(self, settings: Settings, instruments: dict[Symbol, Instrument]) -> None:
        """Prepare; the account holds ``STARTING_QUOTE_E8`` of the quote asset."""
        trading = settings.trading
        warm_up()
        self._engine = Engine(trading, instruments, "paper", Identity(__version__, settings.config_hash, "replay", 0))
        self._engine.trading.is_warm = True
        exchange = LocalExchange(instruments, {trading.quote_asset: STARTING_QUOTE_E8})
        self._events: Counter[str] = Counter()
        self._backtest = Backtest(self._engine, exchange, self._count)
        self._observer = Observer(self._backtest)
        self._reader = MarketReader(instruments.values(), self._observer, lambda symbol: None)
        self._trading = trading
        self._is_armed = False

    def warm_with(self, candles: Iterable[Candle]) -> None:
        """Let the strategies warm up on the candles before, the oldest first."""
        for candle in candles:
            self._engine.on_candle(candle)

    def on_headline(self, headline: Headline) -> None:
        """Take a classified headline."""
        self._backtest.on_headline(headline)

    def on_frame(self, data: bytes, ts_recv_ns: int) -> None:
        """Take one line of the recording."""
        self._reader.on_frame(data, ts_recv_ns)
        if not self._is_armed:
            reply = self._backtest.on_command(Resume(id=f"resume-{ts_recv_ns}", who=_REPLAY))
            self._is_armed = reply.ok

    def result(self) -> dict[str, Any]:
        """Say what was seen and done; every value follows from the recording and the settings alone."""
        trading, books = self._engine.trading, self._reader.books
        first = next(iter(books))
        market = trading.markets[first]
        return {
            "frames": self._reader.frames,
            "bad_frames": self._reader.bad_frames,
            "symbols": list(books),
            "depth_applied": sum(book.applied for book in books.values()),
            "stale": sum(book.stale for book in books.values()),
            "gaps": sum(book.gaps for book in books.values()),
            "resyncs": sum(book.resyncs for book in books.values()),
            "bookticker_checked": self._observer.checked,
            "bookticker_matched": self._observer.matched,
            "final_update_id": market.book.final_update_id,
            "book_sha256": book_sha256(market.book, market.instrument),
            "mode": self._trading.mode,
            "signals": {s.name: _tally(s) for s in self._engine.people.status().strategies},
            "orders": len(self._backtest.sent),
            "protective_orders": len(self._backtest.protective),
            "fills": sum(isinstance(r, Reported) and r.report.last_qty_lots > 0 for r in self._backtest.journal),
            "refusals": trading.refusals,
            "events": dict(sorted(self._events.items())),
            "equity_quote": scaled_text(trading.equity_e8(), 8),
        }

    def _count(self, event: AnyEvent) -> None:
        self._events[str(type(event).__struct_config__.tag)] += 1


def best(book: Book) -> tuple[int, int, int, int]:
    """Return best bid and ask: ticks and lots of each."""
    return book.bids.best_ticks(), book.bids.best_lots(), book.asks.best_ticks(), book.asks.best_lots()


def book_sha256(book: Book, instrument: Instrument) -> str:
    """Return SHA-256 of the compact JSON of the best 20 bids, then asks, written as the venue writes them."""
    levels = [_written(row, instrument) for side in (book.bids, book.asks) for row in side.top(_TOP)]
    return hashlib.sha256(msgspec.json.encode(levels)).hexdigest()


def _written(row: Levels, instrument: Instrument) -> tuple[str, str]:
    price, lots = int(row[0]) * instrument.tick_e8, int(row[1]) * instrument.lot_e8
    return scaled_text(price, 8), scaled_text(lots, 8)


def _tally(strategy: StrategyView) -> dict[str, int]:
    return {
        "signals": strategy.signals,
        "ignored": strategy.ignored,
        "asked": strategy.asked,
        "acted": strategy.acted,
    }


def instrument_of(rules: SymbolRules) -> Instrument:
    """Word what a recording's survey learned as the engine's instrument."""
    return Instrument(
        symbol=Symbol(rules.symbol),
        base_asset=rules.base_asset,
        quote_asset=rules.quote_asset,
        tick_e8=rules.tick,
        lot_e8=rules.lot,
        min_qty_lots=rules.min_qty // rules.lot,
        max_qty_lots=rules.max_qty // rules.lot,
        min_notional_e8=rules.min_notional,
        max_notional_e8=rules.max_notional,
        min_price_ticks=rules.min_price // rules.tick,
        max_price_ticks=rules.max_price // rules.tick,
        is_trading=True,
    )
