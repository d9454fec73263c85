"""The moving-average cross: buy when the fast average rises through the slow one, sell when it falls through."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from engine.core.strategies.technical.base import BarConfig, BarStrategy
from engine.core.strategy_config import Ratio


class SmaCross(BarConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A moving-average cross on candles made from trades."""

    ask: Ratio = 0.4
    act: Ratio = 0.6
    fast: Annotated[int, msgspec.Meta(ge=2, le=500)] = 5
    slow: Annotated[int, msgspec.Meta(ge=3, le=1000)] = 20

    def __post_init__(self) -> None:
        """Refuse a fast average that is not faster than the slow one."""
        super().__post_init__()
        if self.fast >= self.slow:
            raise ValueError(f"fast = {self.fast} must be smaller than slow = {self.slow}")


class SmaCrossStrategy(BarStrategy):
    """See ``kernels/sma_cross.py`` for what it computes."""

    name: ClassVar[str] = "sma_cross"
    settings: ClassVar[type[SmaCross]] = SmaCross
    horizon_bars: ClassVar[int] = 30
    explains: ClassVar[tuple[str, str]] = (
        "the {fast}-bar average rose above the {slow}-bar average ({bar_s} s bars)",
        "the {fast}-bar average fell below the {slow}-bar average ({bar_s} s bars)",
    )

    def params(self) -> list[float]:
        """Return bar length in ns, and the two lengths in bars."""
        return [self.bar_ns, self.config.fast, self.config.slow]
