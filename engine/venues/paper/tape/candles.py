"""Plays candles: each becomes a handful of trades along its open, extremes and close, inside a made-up book.

Rows are ``ts_ms,open,close,high,low,volume``: the close comes before the high, as in the public exports of
bitfinex. Minutes without a trade may be absent. With ``?laps=N`` they are played N times (0: without end), each lap
later than the one before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np

from engine.core.instrument import E8
from engine.venues.paper.rules import SymbolRules
from engine.venues.paper.tape.events import BookSnapshot, Kline, TapeError, TapeEvent
from engine.venues.paper.tape.files import numbered_lines
from engine.venues.paper.tape.pace import pace
from engine.venues.paper.tape.survey import split_symbol
from engine.venues.paper.tape.synthetic import SyntheticMarket

HEADER: Final = "ts_ms,open,close,high,low,volume"
STOPS: Final = 25
"""Trades that a candle is played with: eight on each of its three ways, and the open."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """One candle of the file."""

    ts_ms: int
    open: float
    close: float
    high: float
    low: float
    volume: float


class Survey(NamedTuple):
    """What reading a file through has told of it."""

    first: Row
    lap_ms: int
    """From the first row to the end of the last."""
    interval_ms: int
    """The shortest between two rows."""
    mean_volume: float


class CandleTape:
    """A file of candles."""

    has_news = False

    def __init__(self, path: Path, symbol: str, speed: float, seed: int, *, laps: int = 1) -> None:
        """Check the whole file; raises TapeError where it is missing, wrong or out of order."""
        self.spec = f"candles:{path}"
        self.speed = speed
        self._path = path
        self._laps = laps
        self._lap = 0
        self._survey = _survey(path)
        self._first = self._survey.first
        self._rules = _rules(symbol, self._first.open)
        chance = np.random.default_rng(seed)
        self._chance = chance
        typical_lots = max(10, int(self._survey.mean_volume * E8 / self._rules.lot / 10))
        self._market = SyntheticMarket(self._rules, typical_lots, chance)
        self._market.requote(0, self._first.ts_ms, self._ticks(self._first.open), 1)

    async def prepare(self) -> None:
        """Do nothing: the file has been read."""

    @property
    def rules(self) -> Sequence[SymbolRules]:
        """Return the one symbol's."""
        return (self._rules,)

    @property
    def lap(self) -> int:
        """How often it has begun anew."""
        return self._lap

    def snapshots(self) -> Sequence[BookSnapshot]:
        """Return the book that the first candle opens with."""
        return (self._market.snapshot(0, self._first.ts_ms),)

    def history(self, symbol: str) -> Sequence[Kline]:
        """Return nothing: what is before the first row isn't known."""
        return ()

    async def play(self, listener: Callable[[TapeEvent], None]) -> None:
        """Play all laps."""
        await pace(self.events(), self.speed, listener)

    def events(self) -> Iterator[TapeEvent]:
        """Go through every quote and trade of every candle of all laps."""
        for lap in islice(count(), self._laps or None):
            self._lap = lap
            for row in read_candles(self._path):
                yield from self._play_row(row, lap * self._survey.lap_ms)

    def _play_row(self, row: Row, later_ms: int) -> Iterator[TapeEvent]:
        prices = _walk(row)
        lots = max(STOPS, int(row.volume * E8 / self._rules.lot))
        sizes = np.floor(self._chance.dirichlet(np.ones(STOPS)) * (lots - STOPS)).astype(np.int64) + 1
        sizes[0] += lots - int(sizes.sum())
        for i, (price, size) in enumerate(zip(prices, sizes.tolist(), strict=True)):
            ts_ms = row.ts_ms + later_ms + i * self._survey.interval_ms // STOPS
            at_ns = (ts_ms - self._first.ts_ms) * 1_000_000
            is_buy = price >= prices[i - 1] if i else row.close >= row.open
            spread = 1 + int(self._chance.integers(2))
            ask = self._ticks(price) + (0 if is_buy else spread)
            yield from self._market.requote(at_ns, ts_ms, ask, spread)
            yield self._market.trade(at_ns, ts_ms, is_buy, size)

    def _ticks(self, price: float) -> int:
        return max(2, round(price * E8 / self._rules.tick))


def read_candles(path: Path) -> Iterator[Row]:
    """Go through a file's rows; raises TapeError with the line number where one is wrong."""
    before_ms = 0
    for number, line in numbered_lines(path):
        text = line.decode("utf-8", "replace").strip()
        if number == 1 and text.startswith("ts_ms"):
            _check_header(path, text)
            continue
        row = _row(path, number, text)
        if row.ts_ms <= before_ms:
            raise TapeError(
                f"{path}, line {number}: time {row.ts_ms} is not after the previous row's {before_ms}. "
                "Sort the file by its first column and remove duplicates."
            )
        before_ms = row.ts_ms
        yield row
    if not before_ms:
        raise TapeError(f"{path}: no candles in it. Give rows of {HEADER}")


def symbol_from(path: Path) -> str:
    """Guess the symbol from a file's name (``bitfinex_IOTUSD_1m_2017.csv``); raises TapeError where it holds none.

    Dollars become USDT, which is what paper accounts hold.
    """
    for part in path.name.split(".")[0].split("_"):
        base, quote = split_symbol(part)
        if part.isupper() and len(part) >= 5 and base != part:
            return base + ("USDT" if quote == "USD" else quote)
    raise TapeError(f"{path}: its name holds no symbol. Say which: candles:{path}?symbol=IOTAUSDT")


def _check_header(path: Path, text: str) -> None:
    if text != HEADER:
        raise TapeError(f"{path}, line 1: columns {text!r}, expected {HEADER!r}. Mind that close comes before high.")


def _row(path: Path, number: int, text: str) -> Row:
    parts = text.split(",")
    try:
        ts_ms, prices = int(parts[0]), [float(part) for part in parts[1:]]
        row = Row(ts_ms, *prices)
    except (ValueError, TypeError):
        raise TapeError(
            f"{path}, line {number}: {text[:60]!r} is not {HEADER}. "
            "The line is truncated, or this is no file of candles; for raw frames say recording:PATH."
        ) from None
    if not all(math.isfinite(price) for price in prices) or not 0 < row.low <= min(row.open, row.close):
        raise TapeError(f"{path}, line {number}: {text[:60]!r} is not a candle: check the order of its columns.")
    if row.high < max(row.open, row.close) or row.volume < 0:
        raise TapeError(f"{path}, line {number}: {text[:60]!r} is not a candle: check the order of its columns.")
    return row


def _survey(path: Path) -> Survey:
    """Read a file through; raises TapeError where it is wrong."""
    first: Row | None = None
    before_ms, interval_ms, volume, rows = 0, 0, 0.0, 0
    for row in read_candles(path):
        if first is None:
            first = row
        else:
            interval_ms = min(interval_ms or row.ts_ms - before_ms, row.ts_ms - before_ms)
        before_ms, volume, rows = row.ts_ms, volume + row.volume, rows + 1
    if first is None or not interval_ms:
        raise TapeError(f"{path}: a single candle is no market. Give a file with more rows.")
    return Survey(first, before_ms - first.ts_ms + interval_ms, interval_ms, volume / rows)


def _rules(symbol: str, price: float) -> SymbolRules:
    """Make rules for a price of some size: five significant digits, as the exporting exchange has."""
    decimals = max(0, min(8, 4 - math.floor(math.log10(price))))
    tick, lot = 10 ** (8 - decimals), E8 // 100 if price < 10 else E8 // 10_000
    base, quote = split_symbol(symbol)
    return SymbolRules(
        symbol=symbol, base_asset=base, quote_asset=quote, tick=tick, lot=lot, min_price=tick, min_qty=lot
    )


def _walk(row: Row) -> list[float]:
    """Lay a path through a candle: a rising one dips to its low first, a falling one peaks first."""
    turns = (row.low, row.high) if row.close >= row.open else (row.high, row.low)
    knots = (row.open, *turns, row.close)
    return [float(price) for price in np.interp(np.linspace(0, 3, STOPS), range(4), knots)]
