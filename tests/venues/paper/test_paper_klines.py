"""Candles are made from trades, and longer ones from shorter ones."""

from __future__ import annotations

import pytest
from paper_bench import e8

from engine.venues.paper.errors import Refused
from engine.venues.paper.server.klines import MINUTE_MS, Klines, row


def _klines() -> Klines:
    candles = Klines()
    for minute, price, qty, is_sell in [(0, 10, 1, False), (0, 12, 2, True), (4, 9, 1, False), (5, 11, 3, False)]:
        candles.add(e8(price), e8(qty), is_sell, minute * MINUTE_MS + 1_500)
    return candles


def test_a_minute_holds_its_trades() -> None:
    """Open, high, low, close, volume, takers; a minute without a trade has no candle."""
    rows = [row(candle) for candle in _klines().rows("1m", None, None, 10)]
    assert [r[0] // MINUTE_MS for r in rows] == [0, 4, 5]
    assert rows[0][1:6] == ["10.00000000", "12.00000000", "10.00000000", "12.00000000", "3.00000000"]
    assert (rows[0][8], rows[0][9]) == (2, "1.00000000")


def test_longer_intervals_are_sums() -> None:
    """Five minutes are summed from one to the next multiple of five."""
    first, second = _klines().rows("5m", None, None, 10)
    assert (first.open, first.high, first.low, first.close) == (e8(10), e8(12), e8(9), e8(9))
    assert (first.volume, second.volume) == (e8(4), e8(3))
    assert _klines().last("5m") == second
    assert _klines().last("1h") == _klines().rows("1h", None, None, 1)[-1]


def test_seconds_are_kept_apart() -> None:
    """The shortest interval comes from the trades themselves."""
    assert [candle.open_ms for candle in _klines().rows("1s", None, None, 10)] == [1_000, 241_000, 301_000]


def test_a_window_and_a_limit() -> None:
    """From a start the first ones are returned, otherwise the last ones."""
    assert [c.open_ms for c in _klines().rows("1m", 1, None, 1)] == [4 * MINUTE_MS]
    assert [c.open_ms for c in _klines().rows("1m", None, 4 * MINUTE_MS, 1)] == [4 * MINUTE_MS]


def test_weeks_begin_on_monday() -> None:
    """The epoch's first Monday was the fifth of January."""
    candles = Klines()
    candles.add(1, 1, False, 4 * 86_400_000)
    assert candles.rows("1w", None, None, 1)[0].open_ms == 4 * 86_400_000


def test_an_unknown_interval_is_refused() -> None:
    """-1120, as at Binance."""
    with pytest.raises(Refused) as refused:
        _klines().rows("7m", None, None, 1)
    assert refused.value.code == -1120
