"""Order-flow momentum: follow the aggressors while the price goes their way."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from engine.core.strategies.technical.base import Technical
from engine.core.strategy_config import Ratio, Seconds, StrategyConfig


class OrderFlow(StrategyConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Order-flow momentum: signed volume that leans one way while the price follows."""

    ask: Ratio = 0.3
    act: Ratio = 0.5
    half_life_s: Annotated[float, msgspec.Meta(gt=0.0, le=3600.0)] = 10.0
    min_trades: Annotated[int, msgspec.Meta(ge=5, le=100_000)] = 50
    cooldown_s: Seconds = 30.0


class OrderFlowStrategy(Technical):
    """See ``kernels/order_flow.py``. No candle says who was the aggressor, so that it warms up on live trades only."""

    name: ClassVar[str] = "order_flow"
    settings: ClassVar[type[OrderFlow]] = OrderFlow
    horizon_s: ClassVar[float] = 60.0
    explains: ClassVar[tuple[str, str]] = (
        "buyers are the aggressors (half-life {half_life_s:g} s) and the price follows up",
        "sellers are the aggressors (half-life {half_life_s:g} s) and the price follows down",
    )

    def params(self) -> list[float]:
        """Return half-life and cool-down in ns, fewest trades, and the two thresholds."""
        config = self.config
        return [config.half_life_s * 1e9, config.min_trades, config.cooldown_s * 1e9, config.ask, config.act]
