"""Charts: that they are pictures of the right size, the same for the same data, and say in words what they show."""

from __future__ import annotations

import struct
from io import BytesIO
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from msgspec.structs import replace

from bot.charts import ThemeName
from bot.charts.candles import candle_chart
from bot.charts.canvas import THEMES
from bot.charts.equity import equity_chart
from bot.charts.words import Level, Mark, candle_words, equity_words
from engine.wire.answers import CandlesView, CandleView, EquityPoint, EquityView

T0 = 1_780_000_000 * 10**9
BAR = 900 * 10**9


def candles(closes: list[float]) -> CandlesView:
    rows = [
        CandleView(T0 + i * BAR, f"{o:.2f}", f"{max(o, c) + 1:.2f}", f"{min(o, c) - 1:.2f}", f"{c:.2f}", f"{i + 1}")
        for i, (o, c) in enumerate(pairwise([closes[0], *closes]))
    ]
    return CandlesView("ETHUSDT", "15m", BAR, tuple(rows))


def equity(values: list[float]) -> EquityView:
    points = tuple(EquityPoint(T0 + i * BAR, f"{value:.2f}") for i, value in enumerate(values))
    return EquityView("USDT", points, f"{max(values, default=0):.2f}")


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])  # type: ignore[return-value]


@pytest.mark.parametrize("theme", THEMES)
def test_a_chart_of_candles_is_a_picture_and_the_same_again(theme: ThemeName) -> None:
    view = candles([2000.0, 2010.0, 2005.0, 2020.0])
    marks, levels = [Mark(T0 + BAR, 2010.0, "buy")], [Level("stop", 1990.0), Level("target", 2040.0)]
    drawn = candle_chart(view, marks, levels, theme)
    assert size_of(drawn) == (1000, 562)
    assert candle_chart(view, marks, levels, theme) == drawn


def test_everything_in_a_chart_can_be_seen_in_its_bytes() -> None:
    """A mark, a level, a theme and a candle each make another picture."""
    view, other = candles([2000.0, 2010.0]), candles([2000.0, 2011.0])
    pictures = [
        candle_chart(view),
        candle_chart(other),
        candle_chart(view, [Mark(T0, 2005.0, "buy")]),
        candle_chart(view, [Mark(T0, 2005.0, "sell")]),
        candle_chart(view, (), [Level("stop", 2005.0)]),
        candle_chart(view, theme="dark"),
    ]
    assert len(set(pictures)) == len(pictures)


def test_a_lone_candle_is_as_narrow_as_one_of_many() -> None:
    view = candles([2010.0, 2000.0])
    picture = imread(BytesIO(candle_chart(replace(view, candles=view.candles[1:]))))
    is_body = (np.abs(picture[:, :, :3] - to_rgb(THEMES["light"].fall)) < 0.01).all(axis=2)
    columns = np.flatnonzero(is_body.any(axis=0))
    assert 0 < columns[-1] - columns[0] < picture.shape[1] / 20


def test_a_level_far_away_does_not_flatten_the_candles() -> None:
    """A target of ten times the price is not drawn, so that the picture stays the one without it."""
    view = candles([2000.0, 2010.0, 2005.0])
    assert candle_chart(view, (), [Level("target", 20_000.0)]) == candle_chart(view)


def test_a_chart_in_words() -> None:
    words = candle_words(candles([2000.0, 2010.0]), [Mark(T0, 2000.0, "buy")], [Level("stop", 1960.0)])
    assert words == (
        "ETHUSDT, 2 candles of 15m from 28 May 20:26 to 28 May 20:41 UTC: from 2000.00 to 2010.00, low 1999.00,"
        " high 2011.00; bought at 2000; stop 1960"
    )


def test_of_very_many_candles_the_last_are_drawn_and_told() -> None:
    words = candle_words(candles([2000.0 + i for i in range(500)]))
    assert words.startswith("ETHUSDT, 160 candles")
    assert "to 2499.00" in words


@pytest.mark.parametrize("theme", THEMES)
def test_a_chart_of_equity_is_a_picture_and_has_words(theme: ThemeName) -> None:
    view = equity([100_000.0, 101_000.0, 98_000.0, 99_000.0])
    assert size_of(equity_chart(view, theme)) == (1000, 562)
    assert equity_words(view).endswith(
        "from 100,000.00 to 99,000.00 USDT, low 98,000.00, high 101,000.00, largest drawdown 3.0 %"
    )


def test_what_can_not_be_drawn_is_said() -> None:
    with pytest.raises(ValueError, match="no candle of ETHUSDT"):
        candle_chart(CandlesView("ETHUSDT", "1h", BAR, ()))
    with pytest.raises(ValueError, match="no history"):
        equity_chart(equity([5.0]))
    assert candle_words(CandlesView("ETHUSDT", "1h", BAR, ())) == "ETHUSDT: no candle yet"
    assert equity_words(equity([])) == "Equity: no history yet"


def test_a_curve_that_only_rises_has_no_drawdown() -> None:
    """And none below nothing."""
    assert equity_words(equity([100.0, 100.0, 101.0])).endswith("largest drawdown 0.0 %")


@settings(max_examples=10)  # a picture takes 0.2 s
@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=5), st.floats(0, 1e7), st.integers(-(10**14), 10**14))
def test_whatever_prices_there_are_a_picture_comes_of_them(closes: list[float], level: float, offset: int) -> None:
    """Still prices, tiny ones, levels of nothing and marks long before the first candle break no chart."""
    with np.errstate(all="raise"):
        drawn = candle_chart(candles(closes), [Mark(T0 + offset, closes[0], "sell")], [Level("stop", level)])
    assert size_of(drawn) == (1000, 562)
