"""How a position is to be left besides its stop and last target: trailing, break-even, time, targets in steps.

The same type is the setting of a strategy (``[strategies.X.exits]``), that of buys by hand (``[by_hand]``), and what an
order carries into the journal, so that a restart goes on by the plan that the position was opened with.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

import msgspec

_Profit = Annotated[float, msgspec.Meta(ge=0.0, le=1000.0)]
_Part = Annotated[float, msgspec.Meta(gt=0.0, lt=100.0)]
MOST_STEPS = 3
"""The venue lets five stops of a symbol wait (MAX_NUM_ALGO_ORDERS): three steps and the rest are four, and a stop that
takes the place of another one is counted before that has gone. Source: Binance, "Filters"."""


class Step(msgspec.Struct, frozen=True, array_like=True):
    """A part of a position that is sold at a profit: ``[2.0, 50.0]`` sells 50 % of it at +2 %."""

    at_pct: Annotated[float, msgspec.Meta(gt=0.0, le=1000.0)]
    """Above the average entry price, in percent of it."""
    part_pct: _Part
    """Of what was held before the first step."""


class ExitPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything is off where it is 0; percentages are of the average entry price unless said."""

    target: bool = True
    """False: no last target; the stop alone ends it, wherever it has been moved to."""
    steps: Annotated[tuple[Step, ...], msgspec.Meta(max_length=MOST_STEPS)] = ()
    """Sold before the last target, which takes the rest; upwards."""
    trail_pct: Annotated[float, msgspec.Meta(ge=0.0, le=99.0)] = 0.0
    """The stop follows so far below the highest price, in percent of that."""
    trail_atr: Annotated[float, msgspec.Meta(ge=0.0, le=100.0)] = 0.0
    """The same in average true ranges."""
    atr_bars: Annotated[int, msgspec.Meta(ge=2, le=500)] = 14
    """One-minute candles that the true range is averaged over."""
    trail_after_pct: _Profit = 0.0
    """The trail begins when the profit has reached so much."""
    move_step_pct: Annotated[float, msgspec.Meta(ge=0.01, le=50.0)] = 0.1
    """At the exchange the stop is moved by no less than this, in percent of where it is ..."""
    move_every_s: Annotated[float, msgspec.Meta(ge=1.0, le=3600.0)] = 5.0
    """... and no more often than this; in between the engine watches the exact level."""
    break_even_pct: _Profit = 0.0
    """At so much profit the stop moves to the entry price plus what fees cost ..."""
    break_even_r: Annotated[float, msgspec.Meta(ge=0.0, le=100.0)] = 0.0
    """... or at so many times the risk that the first stop left."""
    time_s: Annotated[float, msgspec.Meta(ge=0.0, le=2_592_000.0)] = 0.0
    """Sold after so many seconds ..."""
    time_below_pct: _Profit = 0.0
    """... unless the profit is at least this by then; 0: whatever it is."""

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.trail_pct and self.trail_atr:
            raise ValueError("trail_pct and trail_atr are both set: a stop follows by one of them")
        if self.trail_after_pct and not self.is_trailing:
            raise ValueError("trail_after_pct is set without trail_pct or trail_atr: say how the stop follows")
        if self.break_even_pct and self.break_even_r:
            raise ValueError("break_even_pct and break_even_r are both set: the stop moves at one of them")
        if self.time_below_pct and not self.time_s:
            raise ValueError("time_below_pct is set without time_s: say after how many seconds")
        levels = [step.at_pct for step in self.steps]
        if any(low >= high for low, high in pairwise(levels)):
            raise ValueError("steps must go upwards, each at a higher profit than the one before")
        if (whole := sum(step.part_pct for step in self.steps)) >= 100.0:
            raise ValueError(f"steps sell {whole:g} % in all: leave a part for the last target, or for the stop")

    @property
    def is_trailing(self) -> bool:
        """True where the stop follows the price."""
        return bool(self.trail_pct or self.trail_atr)

    @property
    def is_plain(self) -> bool:
        """True where there is nothing but a stop and a last target."""
        moves = self.is_trailing or self.break_even_pct or self.break_even_r
        return not (moves or self.time_s or self.steps)


def plan_of(exits: ExitPlan) -> ExitPlan | None:
    """Return what an order has to carry: nothing where a stop and a target are all there is."""
    return None if exits.is_plain else exits


def plan_words(exits: ExitPlan) -> str:
    """Say in words how a position is left besides its stop and last target; empty where by nothing else."""
    parts = [f"{step.part_pct:g} % at {step.at_pct:+g} %" for step in exits.steps]
    if exits.is_trailing:
        by = f"{exits.trail_pct:g} %" if exits.trail_pct else f"{exits.trail_atr:g} true ranges"
        after = f" from {exits.trail_after_pct:+g} % on" if exits.trail_after_pct else ""
        parts.append(f"the stop follows by {by}{after}")
    if exits.break_even_pct or exits.break_even_r:
        at = f"{exits.break_even_pct:+g} %" if exits.break_even_pct else f"{exits.break_even_r:g} R"
        parts.append(f"break-even at {at}")
    if exits.time_s:
        unless = f" unless at {exits.time_below_pct:+g} %" if exits.time_below_pct else ""
        parts.append(f"sold after {span_words(exits.time_s)}{unless}")
    return ", ".join(parts)


def span_words(seconds: float) -> str:
    """Write a time in its largest whole unit: ``2 h``, ``90 min``."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size and not seconds % size:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"
