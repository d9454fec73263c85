"""Whether the market itself corroborates a headline: its price and volume against their own last hour."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from engine.core.kernels.market import CANDLE_NS
from engine.core.kernels.tape import CLOSE, OPEN_NS, VOLUME
from engine.core.types import Levels

LEAST_MINUTES: Final = 20
"""Of fewer there is no distribution to speak of."""
_LEAST_SIGMA: Final = 2e-4
"""A market that stood still has no sigma; two basis points a minute keep any single trade from being a miracle."""
_BEFORE_NS: Final = 2 * CANDLE_NS
"""The move may have begun before we heard of its reason."""


class Evidence(NamedTuple):
    """How unusual the market is."""

    sigmas: float
    """The move since the headline, in the direction that it should go, over what is usual in as many minutes."""
    volumes: float
    """The volume of its busiest minute over the median."""
    is_enough: bool

    def __str__(self) -> str:
        return f"a move of {self.sigmas:.1f} sigmas on {self.volumes:.1f} times the volume"


NONE: Final = Evidence(0.0, 0.0, False)


def market_evidence(candles: Levels, sign: int, since_ns: int, *, least_sigmas: float, least_volume: float) -> Evidence:
    """Measure the market since a headline against the hour before it.

    ``candles``: int64, shape (n, 6), one-minute candles, oldest first and the current one last, as
    ``Market.last_candles`` has them; ``since_ns``: when the headline came, in the candles' time; ``sign``: +1 where it
    should rise.
    """
    is_after = candles[:, OPEN_NS] > since_ns - _BEFORE_NS
    before, after = candles[~is_after], candles[is_after]
    if len(before) < LEAST_MINUTES or not len(after):
        return NONE
    closes = np.log(before[:, CLOSE].astype(np.float64))
    minutes = max((int(after[-1, OPEN_NS]) - int(before[-1, OPEN_NS])) / CANDLE_NS, 1.0)
    sigma = max(float(np.std(np.diff(closes))), _LEAST_SIGMA) * minutes**0.5
    sigmas = sign * (float(np.log(after[-1, CLOSE])) - closes[-1]) / sigma
    volumes = float(after[:, VOLUME].max()) / max(float(np.median(before[:, VOLUME])), 1.0)
    return Evidence(sigmas, volumes, sigmas >= least_sigmas and volumes >= least_volume)
