"""What all charts share: their size, their two sets of colours, and how a figure becomes PNG bytes."""

from __future__ import annotations

import io
import logging
from datetime import UTC
from typing import Any, Final, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from bot.charts import ThemeName

logging.getLogger("matplotlib").setLevel(logging.WARNING)  # it tells of every font that it looks at

_WIDTH_IN: Final = 8.0
_HEIGHT_IN: Final = 4.5
_DPI: Final = 125
"""1000 x 562 pixels: Slack shows it whole, and lets people enlarge it."""


class Theme(NamedTuple):
    """The colours of a chart. Rising and falling differ in form as well: hollow and filled."""

    paper: str
    ink: str
    faint: str
    rise: str
    fall: str
    mark: str
    good: str
    bad: str


# Blue and orange: told apart by those who do not see red and green. Source: Okabe and Ito, "Color Universal Design".
THEMES: Final[dict[ThemeName, Theme]] = {
    "light": Theme("#ffffff", "#1d1c1d", "#d9d9d9", "#0072b2", "#d55e00", "#1d1c1d", "#006b54", "#a33b00"),
    "dark": Theme("#1a1d21", "#e8e8e8", "#3c4046", "#56b4e9", "#e69f00", "#ffffff", "#4fd1a5", "#ff9d66"),
}


def new_figure(theme: Theme, heights: tuple[float, ...]) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels of these relative heights, one above the other, that share their time axis."""
    figure = Figure(figsize=(_WIDTH_IN, _HEIGHT_IN), dpi=_DPI, facecolor=theme.paper, layout="constrained")
    panels = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    for panel in panels:
        panel.set_facecolor(theme.paper)
        panel.tick_params(colors=theme.ink, labelsize=8, length=0)
        panel.yaxis.tick_right()
        panel.grid(axis="y", color=theme.faint, linewidth=0.6)
        panel.set_axisbelow(True)
        for edge in panel.spines.values():
            edge.set_visible(False)
    locator = AutoDateLocator(minticks=4, maxticks=9, tz=UTC)  # type: ignore[no-untyped-call]
    panels[-1].xaxis.set_major_locator(locator)
    panels[-1].xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=UTC))  # type: ignore[no-untyped-call]
    panels[-1].xaxis.get_offset_text().set(color=theme.ink, fontsize=8)
    return figure, list(panels)


def head(panel: Axes, theme: Theme, title: str, beside: str) -> None:
    """Write a title at the left and something about it at the right."""
    panel.set_title(title, loc="left", color=theme.ink, fontsize=11, fontweight="bold")
    panel.set_title(beside, loc="right", color=theme.ink, fontsize=9)


def decimals(panel: Axes, digits: int) -> None:
    """Write the values of an axis with so many decimals and thousands apart."""
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value or 0.0:,.{digits}f}"))


def png(figure: Figure) -> bytes:
    """Return a figure's bytes; the same figure always gives the same."""
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer, metadata={"Software": None})  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def moments(ts_ns: Any) -> Any:
    """Return moments as matplotlib counts them: days since the epoch; float64."""
    return np.asarray(ts_ns, np.float64) / 86_400e9
