"""Targets in steps: which part of what is held is sold at which profit.

A step's part is of what is held and what targets have sold already. So it stays the same while steps fill, and shrinks
in proportion where a person or the stop has sold some. A part that the venue would not take is sold with the next one,
and a rest that small with the one before.
"""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

from engine.core.kernels.gate import least_lots
from engine.core.market import Market
from engine.core.portfolio import RoundTrip


class Target(NamedTuple):
    """A part of a position and where it is sold."""

    step: int
    """Its number from 1 on; 0 for the last target, or where there is none, for what only the stop sells."""
    lots: int
    ticks: int
    """0 for no target."""


def split(trip: RoundTrip, lots: int, least: int) -> list[Target]:
    """Split so many lots of a position into its parts, nearest target first; their sum is ``lots``.

    Each is of ``least`` lots or more, or the only one.
    """
    parts, whole, begun = [], lots + trip.taken_lots, 0
    waiting = 0
    for step, (until_pct, ticks) in enumerate(_steps(trip), start=1):
        until = int(whole * until_pct / 100.0)
        waiting = min(waiting + max(until - max(begun, trip.taken_lots), 0), lots)
        begun = until
        if waiting >= least and waiting > 0:
            parts.append(Target(step, waiting, ticks))
            lots, waiting = lots - waiting, 0
    if lots >= least or not parts:
        return [*parts, Target(0, lots, trip.target_ticks)]
    return [*parts[:-1], parts[-1]._replace(lots=parts[-1].lots + lots)]


def least_part(trip: RoundTrip, market: Market, collar_pct: float) -> int:
    """Return the least that a part may be, in lots: the venue takes its stop, whose limit lies a collar below (C4)."""
    stop_ticks = trip.kept_ticks or market.bid_ticks
    return least_lots(market.numbers, max(stop_ticks - int(stop_ticks * collar_pct / 100.0), 1))


def due_step(trip: RoundTrip, market: Market, collar_pct: float) -> Target | None:
    """Return what of the steps the market has come to and is still held, as one part; None for nothing."""
    steps, bid_ticks = _steps(trip), market.bid_ticks
    if not steps or bid_ticks < steps[0][1]:
        return None
    parts = split(trip, trip.lots, least_part(trip, market, collar_pct))
    due = [part for part in parts if part.step and bid_ticks >= part.ticks]
    return Target(due[-1].step, sum(part.lots for part in due), due[-1].ticks) if due else None


def step_ticks(trip: RoundTrip) -> list[int]:
    """Return the prices of the steps, upwards."""
    return [ticks for _, ticks in _steps(trip)]


def _steps(trip: RoundTrip) -> list[tuple[float, int]]:
    """Return each step as how much has been sold when it is done, in percent, and its price in ticks, rounded up."""
    if trip.plan is None or not trip.plan.steps:
        return []
    entry_ticks, until_pct, steps = trip.entry_ticks(), 0.0, []
    for step in trip.plan.steps:
        until_pct += step.part_pct
        steps.append((until_pct, ceil(entry_ticks * (1.0 + step.at_pct / 100.0) - 1e-6)))
    return steps
