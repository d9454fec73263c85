"""Order-flow momentum: follow the aggressors while the price goes their way."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.core.config import OrderFlow
from engine.core.kernels import order_flow as kernel
from engine.core.strategies.technical.base import Technical
from engine.core.types import Candle


class OrderFlowStrategy(Technical):
    """See ``kernels/order_flow.py`` for what it computes."""

    name: ClassVar[str] = "order_flow"
    horizon_ns: ClassVar[int] = 60_000_000_000

    def __init__(self, config: OrderFlow) -> None:
        params = [config.half_life_s * 1e9, config.min_trades, config.cooldown_s * 1e9, config.ask, config.act]
        super().__init__(config, np.array(params, np.float64))
        self._half_life_s = config.half_life_s

    def new_state(self) -> NDArray[np.float64]:
        """Return a fresh state: float64, shape (8,)."""
        return kernel.new_state()

    def on_candle(self, candle: Candle) -> None:
        """Pass history over: a candle does not say who was the aggressor, so that this warms up on live trades."""

    def step(self, state: NDArray[np.float64], price_ticks: float, signed_lots: float, ts_ns: int) -> float:
        """Run the kernel once."""
        return float(kernel.step(state, self._params, price_ticks, signed_lots, ts_ns))

    def reason(self, confidence: float) -> str:
        """Say which way the flow leans."""
        who, way = ("buyers", "up") if confidence > 0 else ("sellers", "down")
        return f"{who} are the aggressors (half-life {self._half_life_s:g} s) and the price follows {way}"
