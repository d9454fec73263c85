"""What the process that draws is asked for: the library, a third of a second and 40 MB, is loaded there alone."""

from __future__ import annotations

from collections.abc import Sequence

from bot.charts import ThemeName
from bot.charts.words import Level, Mark
from engine.wire.answers import CandlesView, EquityView


def draw_candles(view: CandlesView, marks: Sequence[Mark], levels: Sequence[Level], theme: ThemeName) -> bytes:
    """Draw ``candle_chart``."""
    from bot.charts.candles import candle_chart

    return candle_chart(view, marks, levels, theme)


def draw_equity(view: EquityView, theme: ThemeName) -> bytes:
    """Draw ``equity_chart``."""
    from bot.charts.equity import equity_chart

    return equity_chart(view, theme)
