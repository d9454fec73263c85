"""What a technical strategy is: settings, the parameters that its kernel gets, and why it speaks, in words.

A strategy's file says no more than this; its kernel (``kernels/NAME.py``) has ``step`` and ``state_size``. Nothing here
imports a compiled function, so that settings can be read in no time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from engine.core.strategy_config import StrategyConfig


class BarConfig(StrategyConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The settings of a strategy that decides as a bar closes."""

    bar_s: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 60


class AtrConfig(BarConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The same, with exits in average true ranges of its bars, between a quarter of the percentages and all of them."""

    atr_bars: Annotated[int, msgspec.Meta(ge=2, le=500)] = 14
    stop_atrs: Annotated[float, msgspec.Meta(gt=0.0, le=100.0)] = 2.0
    target_atrs: Annotated[float, msgspec.Meta(gt=0.0, le=100.0)] = 4.0


class Technical(ABC):
    """A jitted step over (state, parameters, the symbol's numbers) that returns a signed confidence, mostly 0."""

    name: ClassVar[str]
    """In trader.toml and in every message; its kernel is the module of this name in ``kernels``."""
    settings: ClassVar[type[StrategyConfig]]
    kind: ClassVar[Literal["technical"]] = "technical"
    hears: ClassVar[frozenset[Literal["trades", "quotes"]]] = frozenset({"trades"})
    """After what it steps."""
    horizon_s: ClassVar[float]
    """How far ahead a signal means, where it is not counted in bars."""
    explains: ClassVar[tuple[str, str]]
    """Why it would buy, and why it would sell, in words; ``{name}`` is a setting."""

    def __init__(self, config: Any) -> None:
        """Keep the settings, which are of this strategy's own type."""
        self.config = config
        values = {name: getattr(config, name) for name in config.__struct_fields__}
        self.buys, self.sells = ((words.format(**values),) for words in self.explains)

    @abstractmethod
    def params(self) -> list[float]:
        """Return what its kernel calls its parameters, in their order."""

    @property
    def horizon_ns(self) -> int:
        """How far ahead a signal means."""
        return int(self.horizon_s * 1e9)

    @property
    def bar_ns(self) -> int:
        """How long its bars are, so that candles warm it up; 0 where they can't, because it looks at more."""
        return 0

    def listens_to(self) -> tuple[str, ...]:
        """Name the strategies whose words it weighs, which step while it is on."""
        return ()

    def numbers(self, state: Sequence[float]) -> tuple[str, ...]:
        """Say with numbers why the last step spoke; ``state`` is the kernel's, as that step left it."""
        return ()


class BarStrategy(Technical):
    """One that decides as a bar closes, and that candles of history warm up."""

    horizon_bars: ClassVar[int]

    @property
    def horizon_ns(self) -> int:
        """So many bars."""
        return self.horizon_bars * self.bar_ns

    @property
    def bar_ns(self) -> int:
        """The setting ``bar_s``."""
        return int(self.config.bar_s) * 1_000_000_000


class AtrStrategy(BarStrategy):
    """One whose kernel keeps bars and average true range by ``kernels.bars``: its exits are measured in these."""
