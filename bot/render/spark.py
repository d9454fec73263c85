"""A curve in one line of text, with the words for those who can't see it."""

from __future__ import annotations

from typing import Final

from bot.render.say import money
from engine.wire.answers import EquityView
from engine.wire.figures import day_and_clock, percent

_BARS: Final = "▁▂▃▄▅▆▇█"
_WIDE: Final = 40


def spark(view: EquityView) -> str:
    """Draw the worth of the account with one bar for each moment, at most 40, the newest at the right."""
    values = [float(point.equity_quote) for point in view.points]
    step = max(1, -(-len(values) // _WIDE))
    shown = values[::-1][::step][::-1]
    low, high = min(shown), max(shown)
    if high == low:
        return _BARS[0] * len(shown)
    return "".join(_BARS[round((value - low) / (high - low) * (len(_BARS) - 1))] for value in shown)


def spark_words(view: EquityView) -> str:
    """Say what the curve shows: from what to what, since when, lowest and highest."""
    values = [float(point.equity_quote) for point in view.points]
    since = day_and_clock(view.points[0].ts_ns)
    change = percent(100.0 * (values[-1] / values[0] - 1.0)) if values[0] > 0 else ""
    low, high = money(f"{min(values):.2f}"), money(f"{max(values):.2f}")
    now = money(f"{values[-1]:.2f}", view.quote_asset)
    return f"Equity since {since}: {money(f'{values[0]:.2f}')} to {now} {change}, low {low}, high {high}"
