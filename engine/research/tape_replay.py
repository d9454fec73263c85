"""Replays a tape of the paper exchange, the story or candles, for whoever has no recording: its headlines as well."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

from engine.core.instrument import Instrument
from engine.core.tidings import NewsItem
from engine.core.types import Candle
from engine.news.build import trust_of
from engine.news.classify import classify
from engine.news.rules_file import BUILT_IN, read_rules
from engine.news.symbols import SymbolIndex
from engine.research.replay import Replay, instrument_of
from engine.settings import Settings
from engine.venues.binance.codec import snapshot_frame
from engine.venues.paper.tape.candles import CandleTape
from engine.venues.paper.tape.events import BookSnapshot, Frame, Kline, Publication, TapeEvent
from engine.venues.paper.tape.open import open_tape
from engine.venues.paper.tape.story import StoryTape
from engine.venues.paper.units import text8

_TAPE: Final = re.compile(r"story|candles:.+")
_NS_PER_MS: Final = 1_000_000


def is_tape(name: str) -> bool:
    """Say whether a name means a tape that can be replayed, and no file."""
    return _TAPE.fullmatch(name) is not None


def replay_tape(name: str, settings: Settings) -> dict[str, Any]:
    """Run the engine over ``story``, once through, or over ``candles:PATH``; returns what a recording's replay does.

    A candle is played as trades along its open, extremes and close inside a made-up book, so what single trades or the
    book say is made up as well. Raises TapeError in a sentence.
    """
    tape = open_tape(name, math.inf)
    assert isinstance(tape, StoryTape | CandleTape)  # noqa: S101  is_tape has looked
    (instrument,) = map(instrument_of, tape.rules)
    if settings.symbols and instrument.symbol not in settings.symbols:
        raise ValueError(f"{name} holds {instrument.symbol} and none of {', '.join(settings.symbols)}")
    replay = Replay(settings, {instrument.symbol: instrument})
    replay.warm_with([_candle(kline, instrument) for kline in tape.history(instrument.symbol)])
    tell = _teller(replay, instrument, settings)
    for book in tape.snapshots():
        tell(book)
    for event in tape.events():
        if tape.lap:
            break
        tell(event)
    return replay.result()


def _teller(replay: Replay, instrument: Instrument, settings: Settings) -> Callable[[TapeEvent], None]:
    """Return what lets the engine hear an event of a tape, in the tape's own time."""
    rules, trust = read_rules(settings.rules_file or BUILT_IN), trust_of(settings.news)
    index = SymbolIndex([instrument], settings.trading.quote_asset)

    def tell(event: TapeEvent) -> None:
        ts_ns = event.ts_ms * _NS_PER_MS
        if isinstance(event, Frame):
            replay.on_frame(b'{"stream":"%b","data":%b}' % (event.stream.encode(), event.data), ts_ns)
        elif isinstance(event, BookSnapshot):
            replay.on_frame(snapshot_frame(_as_asked(event), instrument.symbol), ts_ns)
        elif isinstance(event, Publication):
            item = NewsItem(event.source, event.id, event.title, event.url, ts_ns, ts_ns)
            replay.on_headline(classify(item, rules, index, trust.of(event.source)))

    return tell


def _as_asked(book: BookSnapshot) -> bytes:
    """Word a book as the venue answers for it over REST."""
    bids, asks = ([(text8(price), text8(qty)) for price, qty in side] for side in (book.bids, book.asks))
    return msgspec.json.encode({"lastUpdateId": book.last_update_id, "bids": bids, "asks": asks})


def _candle(kline: Kline, it: Instrument) -> Candle:
    prices = (kline.open // it.tick_e8, kline.high // it.tick_e8, kline.low // it.tick_e8, kline.close // it.tick_e8)
    interval_ns = kline.interval_ms * _NS_PER_MS
    return Candle(it.symbol, kline.open_ms * _NS_PER_MS, interval_ns, *prices, kline.volume // it.lot_e8)
