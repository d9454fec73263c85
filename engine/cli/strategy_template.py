"""What a new strategy begins as: kernel, settings and test, small and sensible; ``drift`` and ``Drift`` are replaced.

It follows a close that lies far from its exponential average, in average true ranges.
"""

from __future__ import annotations

from typing import Final

KERNEL: Final = '''"""The step of drift: the close is far from its average, in average true ranges of its bars."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from engine.core.kernels import bars
from engine.core.kernels.averages import EMA_SIZE, ema_step

LENGTH, FAR = range(bars.PARAMS, bars.PARAMS + 2)
"""Places in the parameter array, behind those of ``kernels.bars``."""
AWAY, AVERAGE = range(bars.HEAD, bars.HEAD + 2)
"""Places in the state array, behind the bars: how far it was, and the state of the average."""


def state_size(params: np.ndarray) -> int:
    """Return the length of a state."""
    return AVERAGE + EMA_SIZE


@njit("float64(float64[::1], float64[::1], int64[::1])", cache=True, error_model="numpy")  # x / 0 is inf or nan
def step(state: np.ndarray, params: np.ndarray, numbers: np.ndarray) -> float:
    """Take the last trade; return the signed confidence when it closes a bar that went far, else 0.

    Confidence is |d| / (1 + |d|), where d is the distance in average true ranges. It is told as it comes to ``FAR``.
    """
    if not bars.is_over(state, params, numbers):
        return 0.0
    close, reach, before = state[bars.CLOSE], state[bars.ATR], state[AWAY]
    average = ema_step(state[AVERAGE:], int(params[LENGTH]), close)
    bars.begin(state, params, numbers)
    if math.isnan(average) or reach <= 0.0:
        return 0.0
    away = state[AWAY] = (close - average) / reach
    if abs(away) < params[FAR] or (abs(before) >= params[FAR] and before * away > 0.0):
        return 0.0
    return math.copysign(abs(away) / (1.0 + abs(away)), away)
'''

STRATEGY: Final = '''"""Drift: follow a close that lies far from its average."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

import msgspec

from engine.core.strategies.technical.base import AtrConfig, AtrStrategy
from engine.core.strategy_config import ModeName, Ratio


class Drift(AtrConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A close far from its exponential average."""

    mode: ModeName = "off"
    ask: Ratio = 0.5
    act: Ratio = 0.7
    length: Annotated[int, msgspec.Meta(ge=2, le=500)] = 10
    far: Annotated[float, msgspec.Meta(gt=0.0, le=20.0)] = 1.0


class DriftStrategy(AtrStrategy):
    """See ``kernels/drift.py`` for what it computes."""

    name: ClassVar[str] = "drift"
    settings: ClassVar[type[Drift]] = Drift
    horizon_bars: ClassVar[int] = 20
    explains: ClassVar[tuple[str, str]] = (
        "the close is far above its {length}-bar average ({bar_s} s bars)",
        "the close is far below its {length}-bar average ({bar_s} s bars)",
    )

    def params(self) -> list[float]:
        """Return those of bars, the average's length in bars, and what is far."""
        return [self.bar_ns, self.config.atr_bars, self.config.length, self.config.far]

    def numbers(self, state: Sequence[float]) -> tuple[str, ...]:
        """Say how far."""
        from engine.core.kernels.drift import AWAY

        return (f"{state[AWAY]:+.1f} average true ranges",)
'''

TEST: Final = '''"""Drift speaks once when the price runs away, in its direction, and says how far."""

from __future__ import annotations

from core_builders import ETH, T0, S, instrument

from engine.core.config import Strategies
from engine.core.market import Market
from engine.core.strategies.technical.crew import Crew
from engine.core.strategies.technical.drift import Drift
from engine.core.strategies.technical.stepping import after_trade
from engine.core.types import Side, Signal, Trade


def signals_of(prices: list[int]) -> list[Signal]:
    """What it says of one trade a second, with bars of a second."""
    crew = Crew(Strategies(drift=Drift(bar_s=1, length=5, atr_bars=5)))
    drift, market, said = crew["drift"], Market(instrument(), crew.size), []
    crew.follow(market, lambda name: name == "drift")
    for i, price in enumerate(prices):
        market.on_trade(Trade(ETH, i, price, 10, False, T0 + i * S, T0 + i * S))
        if after_trade(market.numbers) & drift.bit:
            said.append(drift.signal(market))
            assert drift.reasons(said[-1], market)[1].endswith("average true ranges")
    return said


QUIET = [100_000 + 10 * (i % 2) for i in range(20)]


def test_drift_says_nothing_of_a_quiet_market() -> None:
    assert signals_of(QUIET) == []


def test_drift_follows_a_run_up_once_and_stops_below_it() -> None:
    (signal,) = signals_of(QUIET + [100_000 + 100 * i for i in range(1, 20)])
    assert signal.side is Side.BUY
    assert 0.5 <= signal.confidence < 1.0
    assert 0 < signal.stop_ticks < signal.price_ticks < signal.target_ticks


def test_drift_follows_a_fall() -> None:
    (signal,) = signals_of(QUIET + [100_000 - 100 * i for i in range(1, 20)])
    assert signal.side is Side.SELL
'''

TOML: Final = """
[strategies.drift]
symbols = []
mode = "off"
ask = 0.5
act = 0.7
stop_pct = 1.5
target_pct = 3.0
expires_s = 60.0
bar_s = 60
atr_bars = 14
stop_atrs = 2.0
target_atrs = 4.0
length = 10                 # bars of the average
far = 1.0                   # average true ranges from it that are far
"""
