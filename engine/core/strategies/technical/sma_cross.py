"""The moving-average cross: buy when the fast average rises through the slow one, sell when it falls through."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.core.config import SmaCross
from engine.core.kernels import sma_cross as kernel
from engine.core.strategies.technical.base import Technical


class SmaCrossStrategy(Technical):
    """See ``kernels/sma_cross.py`` for what it computes."""

    name: ClassVar[str] = "sma_cross"
    horizon_ns: ClassVar[int] = 1_800_000_000_000

    def __init__(self, config: SmaCross) -> None:
        super().__init__(config, np.array([config.bar_s * 1e9, config.fast, config.slow]))
        self._lengths = (config.fast, config.slow, config.bar_s)

    def new_state(self) -> NDArray[np.float64]:
        """Return a fresh state: float64, shape (7 + slow,)."""
        return kernel.new_state(self._lengths[1])

    def step(self, state: NDArray[np.float64], price_ticks: float, signed_lots: float, ts_ns: int) -> float:
        """Run the kernel once."""
        return float(kernel.step(state, self._params, price_ticks, signed_lots, ts_ns))

    def reason(self, confidence: float) -> str:
        """Say which way the averages crossed."""
        fast, slow, bar_s = self._lengths
        way = "rose above" if confidence > 0 else "fell below"
        return f"the {fast}-bar average {way} the {slow}-bar average ({bar_s} s bars)"
