"""Book pressure: best bid and ask are pushed one way, and the micro-price lies there as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import msgspec

from engine.core.strategies.technical.base import Technical
from engine.core.strategy_config import ModeName, Ratio, Seconds, StrategyConfig


class BookPressure(StrategyConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Order-flow imbalance and micro-price of the best bid and ask."""

    mode: ModeName = "off"
    ask: Ratio = 0.7
    act: Ratio = 0.9
    stop_pct: Annotated[float, msgspec.Meta(gt=0.0, le=100.0)] = 0.5
    target_pct: Annotated[float, msgspec.Meta(gt=0.0, le=100.0)] = 0.5
    half_life_s: Annotated[float, msgspec.Meta(gt=0.0, le=3600.0)] = 5.0
    min_quotes: Annotated[int, msgspec.Meta(ge=5, le=100_000)] = 200
    cooldown_s: Seconds = 60.0


class BookPressureStrategy(Technical):
    """See ``kernels/book_pressure.py``. Candles know no book, so that it warms up on live quotes only."""

    name: ClassVar[str] = "book_pressure"
    settings: ClassVar[type[BookPressure]] = BookPressure
    hears: ClassVar[frozenset[Literal["trades", "quotes"]]] = frozenset({"quotes"})
    horizon_s: ClassVar[float] = 30.0
    explains: ClassVar[tuple[str, str]] = (
        "the book is pushed up (half-life {half_life_s:g} s), and more is bid than asked",
        "the book is pushed down (half-life {half_life_s:g} s), and more is asked than bid",
    )

    def params(self) -> list[float]:
        """Return half-life and cool-down in ns, fewest quotes, and the two thresholds."""
        config = self.config
        return [config.half_life_s * 1e9, config.min_quotes, config.cooldown_s * 1e9, config.ask, config.act]

    def numbers(self, state: Sequence[float]) -> tuple[str, ...]:
        """Say how strongly."""
        from engine.core.kernels.book_pressure import LEAN, MICRO

        return (
            f"order-flow imbalance {state[LEAN]:+.2f}, micro-price {state[MICRO]:+.2f} half spreads from the middle",
        )
