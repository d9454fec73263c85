"""Mean reversion: when the price has left Bollinger's band and comes back into it, expect it at the mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

import msgspec

from engine.core.strategies.technical.base import AtrConfig, AtrStrategy
from engine.core.strategy_config import ModeName, Ratio


class Reversion(AtrConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Bollinger's band and the relative strength index."""

    mode: ModeName = "off"
    ask: Ratio = 0.4
    act: Ratio = 0.65
    target_atrs: Annotated[float, msgspec.Meta(gt=0.0, le=100.0)] = 2.0
    band_bars: Annotated[int, msgspec.Meta(ge=5, le=500)] = 20
    width: Annotated[float, msgspec.Meta(ge=0.5, le=5.0)] = 2.0
    rsi_bars: Annotated[int, msgspec.Meta(ge=2, le=200)] = 14
    oversold: Annotated[float, msgspec.Meta(gt=0.0, lt=50.0)] = 30.0


class ReversionStrategy(AtrStrategy):
    """See ``kernels/reversion.py`` for what it computes."""

    name: ClassVar[str] = "reversion"
    settings: ClassVar[type[Reversion]] = Reversion
    horizon_bars: ClassVar[int] = 20
    explains: ClassVar[tuple[str, str]] = (
        "the price came back into the {band_bars}-bar band from below ({bar_s} s bars)",
        "the price came back into the {band_bars}-bar band from above ({bar_s} s bars)",
    )

    def params(self) -> list[float]:
        """Return those of bars, length and width of the band, length of the RSI, and from where it is oversold."""
        config = self.config
        return [self.bar_ns, config.atr_bars, config.band_bars, config.width, config.rsi_bars, config.oversold]

    def numbers(self, state: Sequence[float]) -> tuple[str, ...]:
        """Say how far outside it was."""
        from engine.core.kernels.reversion import RSI, Z

        return (f"it was {abs(state[Z]):.1f} standard deviations from the mean, RSI {state[RSI]:.0f}",)
