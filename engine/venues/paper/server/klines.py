"""Candles of one symbol, made from its trades: kept by the minute and by the second, summed up to any interval."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, takewhile
from typing import Any, Final

from msgspec.structs import replace

from engine.venues.paper.errors import Refused
from engine.venues.paper.tape.events import Kline
from engine.venues.paper.units import quote_of, text8

MINUTE_MS: Final = 60_000
INTERVALS: Final = {
    "1s": 1_000,
    "1m": MINUTE_MS,
    "3m": 3 * MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": 60 * MINUTE_MS,
    "2h": 120 * MINUTE_MS,
    "4h": 240 * MINUTE_MS,
    "6h": 360 * MINUTE_MS,
    "8h": 480 * MINUTE_MS,
    "12h": 720 * MINUTE_MS,
    "1d": 1_440 * MINUTE_MS,
    "3d": 4_320 * MINUTE_MS,
    "1w": 10_080 * MINUTE_MS,
}
KEPT: Final = 20_000
"""Candles of each base interval: two weeks of minutes."""
MONDAY_MS: Final = 4 * 86_400_000
"""Weeks begin on Mondays; the epoch began on a Thursday."""


class Klines:
    """One symbol's candles, oldest first."""

    def __init__(self, history: Sequence[Kline] = ()) -> None:
        """Begin with one-minute candles from before."""
        self._minutes: deque[Kline] = deque(history, maxlen=KEPT)
        self._seconds: deque[Kline] = deque(maxlen=KEPT)

    def add(self, price: int, qty: int, is_buyer_maker: bool, ts_ms: int) -> None:
        """Take one trade."""
        for candles, interval_ms in ((self._minutes, MINUTE_MS), (self._seconds, 1_000)):
            trade = _candle(price, qty, is_buyer_maker, ts_ms - ts_ms % interval_ms, interval_ms)
            if candles and candles[-1].open_ms == trade.open_ms:
                candles[-1] = _sum((candles[-1], trade), trade.open_ms, interval_ms)
            else:
                candles.append(trade)

    def rows(self, interval: str, start_ms: int | None, end_ms: int | None, limit: int) -> list[Kline]:
        """Return candles of an interval: the first ones from a start, or else the last ones before an end."""
        candles = [
            candle
            for candle in self._of(interval)
            if (start_ms is None or candle.open_ms >= start_ms) and (end_ms is None or candle.open_ms <= end_ms)
        ]
        return candles[:limit] if start_ms is not None else candles[-limit:]

    def last(self, interval: str) -> Kline | None:
        """Return the candle of an interval that the last trade is in."""
        interval_ms = interval_of(interval)
        candles = self._seconds if interval_ms == 1_000 else self._minutes
        if not candles or interval_ms <= MINUTE_MS:
            return candles[-1] if candles else None
        begin_ms = _opening(candles[-1].open_ms, interval_ms)
        recent = list(takewhile(lambda candle: candle.open_ms >= begin_ms, reversed(candles)))
        return _sum(recent[::-1], begin_ms, interval_ms)

    def day(self) -> Kline | None:
        """Return the last 24 hours as one candle."""
        if not self._minutes:
            return None
        begin_ms = self._minutes[-1].open_ms - 1_439 * MINUTE_MS
        return _sum([c for c in self._minutes if c.open_ms >= begin_ms], begin_ms, 1_440 * MINUTE_MS)

    def _of(self, interval: str) -> Iterator[Kline]:
        interval_ms = interval_of(interval)
        if interval_ms <= MINUTE_MS:
            yield from self._seconds if interval_ms == 1_000 else self._minutes
            return
        for open_ms, candles in groupby(self._minutes, key=lambda candle: _opening(candle.open_ms, interval_ms)):
            yield _sum(candles, open_ms, interval_ms)


def interval_of(name: str) -> int:
    """Return an interval's milliseconds; raises Refused (-1120)."""
    if name not in INTERVALS:
        raise Refused(-1120, "Invalid interval.")
    return INTERVALS[name]


def row(candle: Kline) -> list[Any]:
    """Return a candle as a row of ``GET /api/v3/klines``."""
    return [
        candle.open_ms,
        text8(candle.open),
        text8(candle.high),
        text8(candle.low),
        text8(candle.close),
        text8(candle.volume),
        candle.open_ms + candle.interval_ms - 1,
        text8(candle.quote_volume),
        candle.trades,
        text8(candle.taker_volume),
        text8(candle.taker_quote_volume),
        "0",
    ]


def kline_event(symbol: str, interval: str, candle: Kline, is_closed: bool, ts_ms: int) -> dict[str, Any]:
    """Return a candle as an event of ``<symbol>@kline_<interval>``."""
    return {
        "e": "kline",
        "E": ts_ms,
        "s": symbol,
        "k": {
            "t": candle.open_ms,
            "T": candle.open_ms + candle.interval_ms - 1,
            "s": symbol,
            "i": interval,
            "f": -1,
            "L": -1,
            "o": text8(candle.open),
            "c": text8(candle.close),
            "h": text8(candle.high),
            "l": text8(candle.low),
            "v": text8(candle.volume),
            "n": candle.trades,
            "x": is_closed,
            "q": text8(candle.quote_volume),
            "V": text8(candle.taker_volume),
            "Q": text8(candle.taker_quote_volume),
            "B": "0",
        },
    }


def _opening(ts_ms: int, interval_ms: int) -> int:
    offset = MONDAY_MS if interval_ms == INTERVALS["1w"] else 0
    return ts_ms - (ts_ms - offset) % interval_ms


def _candle(price: int, qty: int, is_buyer_maker: bool, open_ms: int, interval_ms: int) -> Kline:
    quote = quote_of(price, qty)
    taker = (0, 0) if is_buyer_maker else (qty, quote)
    return Kline(open_ms, interval_ms, price, price, price, price, qty, quote, 1, *taker)


def _sum(candles: Iterable[Kline], open_ms: int, interval_ms: int) -> Kline:
    first, *rest = candles
    total = replace(first, open_ms=open_ms, interval_ms=interval_ms)
    for candle in rest:
        total = replace(
            total,
            high=max(total.high, candle.high),
            low=min(total.low, candle.low),
            close=candle.close,
            volume=total.volume + candle.volume,
            quote_volume=total.quote_volume + candle.quote_volume,
            trades=total.trades + candle.trades,
            taker_volume=total.taker_volume + candle.taker_volume,
            taker_quote_volume=total.taker_quote_volume + candle.taker_quote_volume,
        )
    return total
