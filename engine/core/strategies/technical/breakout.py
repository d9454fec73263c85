"""Breakout: follow a close beyond everything of the last bars, with a stop in average true ranges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

import msgspec

from engine.core.strategies.technical.base import AtrConfig, AtrStrategy
from engine.core.strategy_config import ModeName, Ratio


class Breakout(AtrConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Donchian's channel."""

    mode: ModeName = "off"
    ask: Ratio = 0.4
    act: Ratio = 0.6
    channel: Annotated[int, msgspec.Meta(ge=2, le=500)] = 20


class BreakoutStrategy(AtrStrategy):
    """See ``kernels/breakout.py`` for what it computes."""

    name: ClassVar[str] = "breakout"
    settings: ClassVar[type[Breakout]] = Breakout
    horizon_bars: ClassVar[int] = 40
    explains: ClassVar[tuple[str, str]] = (
        "it closed above the highest of {channel} bars ({bar_s} s bars)",
        "it closed below the lowest of {channel} bars ({bar_s} s bars)",
    )

    def params(self) -> list[float]:
        """Return those of bars, and the channel's length in bars."""
        return [self.bar_ns, self.config.atr_bars, self.config.channel]

    def numbers(self, state: Sequence[float]) -> tuple[str, ...]:
        """Say how far beyond."""
        from engine.core.kernels.breakout import BEYOND

        return (f"{state[BEYOND]:.1f} average true ranges beyond",)
