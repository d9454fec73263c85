"""The composite: several strategies weighed together; none of them need be on for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import msgspec

from engine.core.strategies.technical.base import Technical
from engine.core.strategy_config import ModeName, Ratio, Seconds, StrategyConfig

Weight = Annotated[float, msgspec.Meta(ge=0.0, le=100.0)]


class Composite(StrategyConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the others said of late."""

    mode: ModeName = "off"
    ask: Ratio = 0.35
    act: Ratio = 0.6
    half_life_s: Annotated[float, msgspec.Meta(gt=0.0, le=86_400.0)] = 300.0
    cooldown_s: Seconds = 300.0
    sma_cross: Weight = 1.0
    order_flow: Weight = 0.5
    momentum: Weight = 1.0
    reversion: Weight = 0.5
    breakout: Weight = 1.0
    book_pressure: Weight = 0.25

    def __post_init__(self) -> None:
        """Refuse weights that are all 0."""
        super().__post_init__()
        if not any(weights(self).values()):
            raise ValueError("every weight is 0: give at least one strategy a weight")


def weights(config: Composite) -> dict[str, float]:
    """Return the weight of each strategy that may have one, by name."""
    own = frozenset(Composite.__struct_fields__) - frozenset(StrategyConfig.__struct_fields__)
    return {name: getattr(config, name) for name in sorted(own - {"half_life_s", "cooldown_s"})}


class CompositeStrategy(Technical):
    """See ``kernels/composite.py`` for what it computes. It has to stand last in the list."""

    name: ClassVar[str] = "composite"
    settings: ClassVar[type[Composite]] = Composite
    hears: ClassVar[frozenset[Literal["trades", "quotes"]]] = frozenset({"trades", "quotes"})
    horizon_s: ClassVar[float] = 1800.0
    explains: ClassVar[tuple[str, str]] = (
        "several strategies together would buy",
        "several strategies together would sell",
    )

    def params(self) -> list[float]:
        """Return half-life and cool-down in ns, the thresholds, the first strategy's bit, and a weight for each."""
        from engine.core.strategies.technical.catalog import TECHNICAL
        from engine.core.strategies.technical.stepping import FIRST_BIT

        config, by_name = self.config, weights(self.config)
        others = [by_name.get(strategy.name, 0.0) for strategy in TECHNICAL if strategy.name != self.name]
        return [config.half_life_s * 1e9, config.cooldown_s * 1e9, config.ask, config.act, FIRST_BIT, *others]

    def listens_to(self) -> tuple[str, ...]:
        """Name those that have a weight."""
        return tuple(name for name, weight in weights(self.config).items() if weight)

    def numbers(self, state: Sequence[float]) -> tuple[str, ...]:
        """Say what each counts for now."""
        from engine.core.kernels.composite import VOICES
        from engine.core.strategies.technical.catalog import TECHNICAL

        voices = zip((strategy.name for strategy in TECHNICAL), state[VOICES:], strict=False)
        return (", ".join(f"{name} {voice:+.2f}" for name, voice in voices if abs(voice) >= 0.005),)
