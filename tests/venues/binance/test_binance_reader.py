"""A real recording, read frame by frame, gives the book that the venue had, and a missing line is noticed once."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.core.instrument import Instrument, scaled_text
from engine.core.types import BookUpdate, Quote, Symbol, Trade
from engine.venues.binance.reader import MarketReader

ETH = Instrument(Symbol("ETHUSDT"), "ETH", "USDT", 1_000_000, 10_000, 1, 90_000_000, 500_000_000, 0, 1, 10**8, True)


class DictBook:
    """A sink that keeps the book as plain dictionaries."""

    def __init__(self) -> None:
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}
        self.final_update_id = 0
        self.trades = self.quotes = self.bad = 0
        self.lost: list[str] = []
        self.tops: dict[int, tuple[int, int, int, int]] = {}
        self.quoted: dict[int, tuple[int, int, int, int]] = {}

    def on_trade(self, trade: Trade) -> None:
        self.trades += 1

    def on_quote(self, quote: Quote) -> None:
        self.quotes += 1
        self.quoted[quote.update_id] = (quote.bid_ticks, quote.bid_lots, quote.ask_ticks, quote.ask_lots)

    def on_book(self, update: BookUpdate) -> None:
        if update.is_snapshot:
            self.bids, self.asks = {}, {}
        for side, rows in ((self.bids, update.bids), (self.asks, update.asks)):
            for ticks, lots in rows.tolist():
                if lots:
                    side[ticks] = lots
                else:
                    side.pop(ticks, None)
        self.final_update_id = update.final_update_id
        if not update.is_snapshot:
            self.tops[update.final_update_id] = self.top()

    def on_book_lost(self, symbol: Symbol, reason: str, ts_recv_ns: int) -> None:
        self.lost.append(reason)

    def on_bad_frame(self, reason: str, ts_recv_ns: int) -> None:
        self.bad += 1

    def top(self) -> tuple[int, int, int, int]:
        bid, ask = max(self.bids), min(self.asks)
        return bid, self.bids[bid], ask, self.asks[ask]

    def sha256(self) -> str:
        levels = [*sorted(self.bids.items(), reverse=True)[:20], *sorted(self.asks.items())[:20]]
        text = [[scaled_text(p * ETH.tick_e8, 8), scaled_text(q * ETH.lot_e8, 8)] for p, q in levels]
        return hashlib.sha256(json.dumps(text, separators=(",", ":")).encode()).hexdigest()


class Line(NamedTuple):
    """One line of a recording."""

    ts_recv_ns: int
    frame: bytes


@pytest.fixture(scope="module")
def lines(eth_recording: Path) -> list[Line]:
    """The whole recording."""
    with gzip.open(eth_recording) as file:
        parts = [line.rstrip(b"\n").partition(b" ") for line in file]
    return [Line(int(stamp), frame) for stamp, _, frame in parts]


def read(lines: list[Line]) -> tuple[DictBook, MarketReader, list[Symbol]]:
    """Read lines into a book; also return which snapshots were asked for."""
    sink, asked = DictBook(), []
    reader = MarketReader([ETH], sink, asked.append)
    for line in lines:
        reader.on_frame(line.frame, line.ts_recv_ns)
    return sink, reader, asked


def test_the_recording_gives_its_known_numbers(lines: list[Line]) -> None:
    sink, reader, asked = read(lines)
    book = reader.books[Symbol("ETHUSDT")]
    assert (book.applied, book.stale, book.gaps, book.resyncs) == (3432, 0, 0, 0)
    assert (sink.trades, sink.quotes, sink.bad, reader.duplicates) == (6106, 24077, 0, 0)
    assert asked == ["ETHUSDT"]
    assert sink.final_update_id == 35346671849
    assert sink.top() == (268250, 33168, 268251, 489739)
    assert sink.sha256() == "0f32d1ad7efb14fc13c7f49192915a38a7d289efd555471f65507f22889c9760"
    checked = [update_id for update_id in sink.tops if update_id in sink.quoted]
    assert len(checked) == 577
    assert all(sink.tops[update_id] == sink.quoted[update_id] for update_id in checked)


def test_any_one_missing_depth_line_is_one_gap_and_one_resync(lines: list[Line]) -> None:
    positions = [i for i, line in enumerate(lines) if b"@depth" in line.frame[:40]][2:]
    end = len(lines)
    for at in [*positions[:3], *positions[3:-1:400], positions[-2]]:
        following = next(i for i in positions if i > at)
        sink, reader, asked = read([*lines[:at], *lines[at + 1 : min(following + 50, end)]])
        book = reader.books[Symbol("ETHUSDT")]
        assert (book.gaps, book.resyncs, len(asked), len(sink.lost)) == (1, 1, 2, 1)
        assert not book.is_synced
        assert sink.final_update_id == book.last_update_id, "nothing is applied between the gap and the next snapshot"


def test_frames_that_come_twice_change_nothing(lines: list[Line]) -> None:
    short = lines[:3000]
    once, _, _ = read(short)
    twice, reader, asked = read([line for line in short for _ in range(2)])
    book = reader.books[Symbol("ETHUSDT")]
    assert (twice.bids, twice.asks, twice.trades) == (once.bids, once.asks, once.trades)
    assert (book.gaps, book.resyncs, len(asked)) == (0, 0, 1)
    assert book.stale > 0
    assert reader.duplicates == once.trades


def test_a_bad_frame_is_counted_and_told_and_changes_nothing(lines: list[Line]) -> None:
    short = lines[:500]
    broken = [line for each in short for line in (each, Line(each.ts_recv_ns, each.frame[:-3]))]
    sound, _, _ = read(short)
    sink, reader, _ = read(broken)
    assert reader.bad_frames == sink.bad == len(short)
    assert (sink.bids, sink.asks, sink.trades, sink.quotes) == (sound.bids, sound.asks, sound.trades, sound.quotes)


def test_a_hundred_thousand_damaged_frames_are_each_counted_or_sane(lines: list[Line]) -> None:
    chance = random.Random(7)
    sources = [line.frame for line in lines[:3000] if len(line.frame) < 10_000]
    sink = DictBook()
    reader = MarketReader([ETH], sink, lambda symbol: None)
    for number in range(100_000):
        reader.on_frame(damaged(chance.choice(sources), chance), number)
    assert reader.frames == 100_000
    assert reader.bad_frames == sink.bad > 90_000
    assert min((*sink.bids, *sink.asks), default=1) > 0


def damaged(frame: bytes, chance: random.Random) -> bytes:
    """Damage a frame in one to three places: bytes changed, lost, added, or the rest cut off."""
    worse = bytearray(frame)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(worse) + 1)
        match chance.randrange(4):
            case 0:
                worse[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del worse[at : at + chance.randint(1, 30)]
            case 2:
                worse[at:at] = chance.choice(
                    [b'"', b"[", b"{", b"\\", b"}", b",", b"null", b"1e308", b"NaN", b"-", b"0"]
                )
            case _:
                del worse[at:]
    return bytes(worse)


def test_a_cut_loses_the_books_of_its_symbols_and_lets_their_numbering_start_anew(lines: list[Line]) -> None:
    sink, reader, asked = read(lines[:500])
    reader.on_disconnect([], 1)
    assert not sink.lost
    reader.on_disconnect([ETH.symbol], 1)
    assert len(sink.lost) == 1
    trades = sink.trades
    for line in lines[:500]:
        reader.on_frame(line.frame, line.ts_recv_ns)
    assert sink.trades == 2 * trades
    assert reader.books[Symbol("ETHUSDT")].is_synced
    assert asked == ["ETHUSDT", "ETHUSDT"]


def test_a_shutdown_is_passed_on() -> None:
    heard: list[bool] = []
    reader = MarketReader([ETH], DictBook(), lambda symbol: None, lambda: heard.append(True))
    reader.on_frame(b'{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}', 1)
    assert heard == [True]
