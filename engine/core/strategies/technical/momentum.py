"""Momentum with volume: follow a move that is large for this market, on more volume than is usual."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

import msgspec

from engine.core.strategies.technical.base import AtrConfig, AtrStrategy
from engine.core.strategy_config import ModeName, Ratio


class Momentum(AtrConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A move over some bars, measured in the volatility of many."""

    mode: ModeName = "off"
    ask: Ratio = 0.6
    act: Ratio = 0.8
    lookback: Annotated[int, msgspec.Meta(ge=2, le=200)] = 10
    long: Annotated[int, msgspec.Meta(ge=10, le=1000)] = 60
    volume_ratio: Annotated[float, msgspec.Meta(ge=0.0, le=100.0)] = 1.5

    def __post_init__(self) -> None:
        """Refuse a move that is longer than what it is measured by."""
        super().__post_init__()
        if self.lookback >= self.long:
            raise ValueError(f"lookback = {self.lookback} must be smaller than long = {self.long}")


class MomentumStrategy(AtrStrategy):
    """See ``kernels/momentum.py`` for what it computes."""

    name: ClassVar[str] = "momentum"
    settings: ClassVar[type[Momentum]] = Momentum
    horizon_bars: ClassVar[int] = 30
    explains: ClassVar[tuple[str, str]] = (
        "the price rose far in {lookback} bars on much volume ({bar_s} s bars)",
        "the price fell far in {lookback} bars on much volume ({bar_s} s bars)",
    )

    def params(self) -> list[float]:
        """Return those of bars, the two lengths in bars, and how many times the usual volume is much."""
        config = self.config
        return [self.bar_ns, config.atr_bars, config.lookback, config.long, config.volume_ratio]

    def numbers(self, state: Sequence[float]) -> tuple[str, ...]:
        """Say how far, and on how much."""
        from engine.core.kernels.momentum import RATIO, Z

        return (f"move {state[Z]:+.1f} standard deviations, volume {state[RATIO]:.1f} times the usual",)
