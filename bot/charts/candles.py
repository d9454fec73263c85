"""A symbol's candles with volume, what was bought and sold, and the levels that matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from bot.charts import ThemeName
from bot.charts.canvas import THEMES, Theme, decimals, head, moments, new_figure, png
from bot.charts.words import MOST_CANDLES, Level, Mark, at
from engine.wire.answers import CandlesView
from engine.wire.figures import price

_LEAST_CANDLES: Final = 20
"""Fewer leave room on their left, where earlier ones would be: a lone one would be as wide as the chart."""
_DAY_NS: Final = 86_400e9


def candle_chart(
    view: CandlesView, marks: Sequence[Mark] = (), levels: Sequence[Level] = (), theme: ThemeName = "light"
) -> bytes:
    """Draw candles, volume, marks and levels as PNG; raises ValueError where there is no candle yet."""
    candles = view.candles[-MOST_CANDLES:]
    if not candles:
        raise ValueError(f"there is no candle of {view.symbol} yet")
    colours = THEMES[theme]
    figure, (prices, volumes) = new_figure(colours, (4.0, 1.0))
    x = moments([candle.ts_open_ns for candle in candles]) + view.bar_ns / _DAY_NS / 2
    table = np.array([(c.open, c.high, c.low, c.close, c.volume) for c in candles], np.float64)
    width = view.bar_ns / _DAY_NS * 0.7
    _draw_candles(prices, x, table, width, colours)
    rises = table[:, 3] >= table[:, 0]
    volumes.bar(x[rises], table[rises, 4], width, facecolor="none", edgecolor=colours.rise, linewidth=0.8)
    volumes.bar(x[~rises], table[~rises, 4], width, color=colours.fall)
    decimals(volumes, 0 if table[:, 4].max() >= 10.0 else 2)
    volumes.set_ylabel("volume", color=colours.ink, fontsize=8)
    low, high = _reach(table)
    levels = [level for level in levels if low <= level.price <= high]
    marks = [mark for mark in marks if low <= mark.price <= high and mark.ts_ns >= candles[0].ts_open_ns]
    _draw_levels(prices, levels, colours, _digits(candles[-1].close))
    _draw_marks(prices, marks, colours)
    first = min(x[0] - width, x[-1] - _LEAST_CANDLES * view.bar_ns / _DAY_NS)
    prices.set_xlim(first, x[-1] + max(width, (x[-1] - x[0]) * 0.02))
    _fit(prices, table, [*(mark.price for mark in marks), *(level.price for level in levels)])
    decimals(prices, _digits(candles[-1].close))
    last = at(candles[-1].ts_open_ns)
    head(prices, colours, f"{view.symbol}  {view.bar}", f"{price(candles[-1].close)}  at {last:%d %b %Y %H:%M} UTC")
    return png(figure)


def _draw_candles(panel: Axes, x: np.ndarray, table: np.ndarray, width: float, colours: Theme) -> None:
    for rises in (True, False):
        chosen = (table[:, 3] >= table[:, 0]) == rises
        colour = colours.rise if rises else colours.fall
        rows = table[chosen]
        low_body, high_body = rows[:, (0, 3)].min(axis=1), rows[:, (0, 3)].max(axis=1)
        wicks = [
            ((at_x, low), (at_x, high))
            for at_x, row, bottom, top in zip(x[chosen], rows, low_body, high_body, strict=True)
            for low, high in ((row[2], bottom), (top, row[1]))
        ]
        panel.add_collection(LineCollection(wicks, colors=colour, linewidths=1.0))
        least = (table[:, 1].max() - table[:, 2].min()) * 0.002
        for at_x, bottom, top in zip(x[chosen], low_body, high_body, strict=True):
            panel.add_patch(
                Rectangle(
                    (at_x - width / 2, bottom),
                    width,
                    max(top - bottom, least),
                    facecolor="none" if rises else colour,
                    edgecolor=colour,
                    linewidth=1.0,
                )
            )


def _draw_levels(panel: Axes, levels: Sequence[Level], colours: Theme, digits: int) -> None:
    styles = {"stop": (colours.bad, (0, (1, 1.5))), "target": (colours.good, (0, (5, 2)))}
    for level in levels:
        colour, dashes = styles.get(level.name.split()[0], (colours.ink, (0, (3, 1, 1, 1))))
        panel.axhline(level.price, color=colour, linewidth=1.2, linestyle=dashes)
        panel.annotate(
            f"{level.name} {level.price:,.{digits}f}",
            (0.005, level.price),
            xycoords=("axes fraction", "data"),
            xytext=(0, 3),
            textcoords="offset points",
            color=colour,
            fontsize=8,
            bbox={"facecolor": colours.paper, "edgecolor": "none", "alpha": 0.85, "pad": 1.0},
            zorder=4,
        )


def _draw_marks(panel: Axes, marks: Sequence[Mark], colours: Theme) -> None:
    for mark in marks:
        is_buy = mark.side == "buy"
        panel.plot(
            [moments(mark.ts_ns)],
            [mark.price],
            marker="^" if is_buy else "v",
            markersize=9,
            color=colours.mark,
            markeredgecolor=colours.paper,
            zorder=5,
        )
        panel.annotate(
            "bought" if is_buy else "sold",
            (moments(mark.ts_ns), mark.price),
            xytext=(0, -16 if is_buy else 9),
            textcoords="offset points",
            ha="center",
            color=colours.mark,
            fontsize=8,
            fontweight="bold",
            path_effects=[withStroke(linewidth=3, foreground=colours.paper)],
            zorder=6,
        )


def _reach(table: np.ndarray) -> tuple[float, float]:
    """Return between which prices anything is drawn: the candles' own range twice over on either side."""
    low, high = table[:, 2].min(), table[:, 1].max()
    reach = max(high - low, high * 1e-4) * 2
    return float(low - reach), float(high + reach)


def _fit(panel: Axes, table: np.ndarray, others: Sequence[float]) -> None:
    """Let everything that is drawn be seen, with some room around it."""
    low, high = min([table[:, 2].min(), *others]), max([table[:, 1].max(), *others])
    room = max(high - low, high * 1e-4) * 0.08
    panel.set_ylim(low - room, high + room)


def _digits(price: str) -> int:
    return len(price.partition(".")[2].rstrip("0")) or 2
