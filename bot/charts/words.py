"""What a chart shows, in words, for those who can't see it; and what is drawn on one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Final, Literal, NamedTuple

from engine.wire.answers import CandlesView, EquityView

MOST_CANDLES: Final = 160
"""More than these can't be told apart; the last ones are shown."""
LEAST_POINTS: Final = 2
"""A curve of fewer is none."""


class Mark(NamedTuple):
    """Something that was bought or sold."""

    ts_ns: int
    price: float
    side: Literal["buy", "sell"]


class Level(NamedTuple):
    """A price that a line is drawn at."""

    name: str
    """``stop``, ``target``, ``entry`` …"""
    price: float


def at(ts_ns: int) -> datetime:
    """Return a moment in UTC."""
    return datetime.fromtimestamp(ts_ns / 1e9, UTC)


def candle_words(view: CandlesView, marks: Sequence[Mark] = (), levels: Sequence[Level] = ()) -> str:
    """Say what the chart shows, for those who can't see it."""
    candles = view.candles[-MOST_CANDLES:]
    if not candles:
        return f"{view.symbol}: no candle yet"
    low, high = min(candles, key=lambda one: float(one.low)).low, max(candles, key=lambda one: float(one.high)).high
    first, last = candles[0], candles[-1]
    parts = [
        f"{view.symbol}, {len(candles)} candles of {view.bar} from {at(first.ts_open_ns):%d %b %H:%M}"
        f" to {at(last.ts_open_ns):%d %b %H:%M} UTC: from {first.open} to {last.close}, low {low}, high {high}"
    ]
    parts += [f"{'bought' if mark.side == 'buy' else 'sold'} at {mark.price:g}" for mark in marks]
    parts += [f"{level.name} {level.price:g}" for level in levels]
    return "; ".join(parts)


def drawdowns_pct(equity: Sequence[float]) -> list[float]:
    """Return how far each point of a curve is below the highest so far, in percent: 0 or less."""
    peaks = accumulate(equity, max)
    return [100.0 * (worth / peak - 1.0) if peak > 0 else 0.0 for worth, peak in zip(equity, peaks, strict=True)]


def equity_words(view: EquityView) -> str:
    """Say what the chart shows, for those who can't see it."""
    if len(view.points) < LEAST_POINTS:
        return "Equity: no history yet"
    equity = [float(point.equity_quote) for point in view.points]
    first, last = view.points[0], view.points[-1]
    return (
        f"Equity from {at(first.ts_ns):%d %b %H:%M} to {at(last.ts_ns):%d %b %H:%M} UTC: from {equity[0]:,.2f} to"
        f" {equity[-1]:,.2f} {view.quote_asset}, low {min(equity):,.2f}, high {max(equity):,.2f},"
        f" largest drawdown {abs(min(drawdowns_pct(equity))):.1f} %"
    )
