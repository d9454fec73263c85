"""Order-flow momentum: follow the aggressors while the price goes their way."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.core.config import OrderFlow
from engine.core.kernels import market as kernel
from engine.core.market import Market
from engine.core.strategies.technical.base import Technical
from engine.core.types import Candle


class OrderFlowStrategy(Technical):
    """See ``kernels/order_flow.py`` for what it computes."""

    name: ClassVar[str] = "order_flow"
    horizon_ns: ClassVar[int] = 60_000_000_000
    bit: ClassVar[int] = kernel.ORDER_FLOW
    said: ClassVar[int] = kernel.FLOW_SAID
    params: ClassVar[slice] = slice(kernel.FLOW_PARAMS, kernel.FLOW_STATE)
    state: ClassVar[slice] = slice(kernel.FLOW_STATE, kernel.SMA_STATE)

    def __init__(self, config: OrderFlow) -> None:
        params = [config.half_life_s * 1e9, config.min_trades, config.cooldown_s * 1e9, config.ask, config.act]
        words = f"are the aggressors (half-life {config.half_life_s:g} s) and the price follows"
        super().__init__(config, np.array(params, np.float64), (f"buyers {words} up", f"sellers {words} down"))

    def on_candle(self, candle: Candle, market: Market) -> None:
        """Pass history over: a candle does not say who was the aggressor, so that this warms up on live trades."""
