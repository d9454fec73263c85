"""What the account was worth, and how far below its peak."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.ticker import MaxNLocator

from bot.charts import ThemeName
from bot.charts.canvas import THEMES, decimals, head, moments, new_figure, png
from bot.charts.words import LEAST_POINTS, at, drawdowns_pct
from engine.wire.answers import EquityView

_LEAST_FALL: Final = -0.1
"""In percent: the axis reaches down so far, so that a fall of nothing looks like nothing."""
_DEEP: Final = -2.0
"""In percent: a deeper fall needs no second decimal."""


def equity_chart(view: EquityView, theme: ThemeName = "light") -> bytes:
    """Draw equity and drawdown as PNG; raises ValueError where there are fewer than two points."""
    if len(view.points) < LEAST_POINTS:
        raise ValueError("there is no history of the account yet")
    colours = THEMES[theme]
    figure, (worth, below) = new_figure(colours, (3.0, 1.2))
    x, equity, drawdown = _series(view)
    worth.plot(x, np.maximum.accumulate(equity), color=colours.faint, linewidth=1.2)
    worth.plot(x, equity, color=colours.rise, linewidth=1.6)
    below.fill_between(x, drawdown, 0.0, color=colours.fall, alpha=0.6, linewidth=0)
    below.set_ylabel("drawdown %", color=colours.ink, fontsize=8)
    decimals(worth, 2)
    below.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    below.set_ylim(min(1.05 * drawdown.min(), _LEAST_FALL), 0.0)
    decimals(below, 2 if drawdown.min() > _DEEP else 1)
    worth.set_xlim(x[0], x[-1])
    head(
        worth,
        colours,
        f"Equity  {view.quote_asset}",
        f"{equity[-1]:,.2f}  at {at(view.points[-1].ts_ns):%d %b %Y %H:%M} UTC",
    )
    return png(figure)


def _series(view: EquityView) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x = moments([point.ts_ns for point in view.points])
    equity = [float(point.equity_quote) for point in view.points]
    return x, np.array(equity, np.float64), np.array(drawdowns_pct(equity), np.float64)
