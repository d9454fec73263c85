"""The moving-average cross: buy when the fast average rises through the slow one, sell when it falls through."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.core.config import SmaCross
from engine.core.kernels import market as kernel
from engine.core.kernels import sma_cross
from engine.core.market import Market
from engine.core.strategies.technical.base import Technical
from engine.core.types import Candle


class SmaCrossStrategy(Technical):
    """See ``kernels/sma_cross.py`` for what it computes."""

    name: ClassVar[str] = "sma_cross"
    horizon_ns: ClassVar[int] = 1_800_000_000_000
    bit: ClassVar[int] = kernel.SMA_CROSS
    said: ClassVar[int] = kernel.SMA_SAID
    params: ClassVar[slice] = slice(kernel.SMA_PARAMS, kernel.FLOW_PARAMS)
    state: ClassVar[slice] = slice(kernel.SMA_STATE, None)

    def __init__(self, config: SmaCross) -> None:
        rose, fell = (
            f"the {config.fast}-bar average {way} the {config.slow}-bar average ({config.bar_s} s bars)"
            for way in ("rose above", "fell below")
        )
        super().__init__(config, np.array([config.bar_s * 1e9, config.fast, config.slow]), (rose, fell))

    def on_candle(self, candle: Candle, market: Market) -> None:
        """Step once with the candle's close, as a trade in its last moment; what it says is ignored."""
        ts_ns, minds = candle.open_ns + candle.interval_ns - 1, market.minds
        sma_cross.step(minds[self.state], minds[self.params], float(candle.close_ticks), 0.0, ts_ns)
