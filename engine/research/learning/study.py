"""The event study: what coins earned beyond the market after each kind of headline, and whether that can be chance.

Two things would make chance look like knowledge, and are taken care of. Headlines about one thing overlap: of a
coin's, those that begin within the horizon of the last one are left out, and the rest are averaged by day, so that a
day counts once. And who looks at fifty numbers finds three that are rare: Benjamini and Hochberg's step-up rule holds
the share of false ones among those that are called findings.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from scipy.special import stdtr

from engine.research.learning.cases import HORIZONS_MIN, Case, at_horizon
from engine.research.learning.prices import MINUTE_MS, Floats

LEAST_DAYS: Final = 8
"""With fewer days nothing is tested: the t distribution of so few leans on returns being normal, which they aren't."""
FALSE_SHARE: Final = 0.05
"""Of what is called a finding, so much may be false (the false discovery rate)."""


class Effect(NamedTuple):
    """A mean abnormal return, and how sure it is."""

    mean: float
    """Log return."""
    t: float
    """NaN where there are too few days to say."""
    p: float
    """Two-sided; NaN likewise."""
    cases: int
    """After those that overlap were left out."""
    days: int

    @property
    def is_tested(self) -> bool:
        """True where there were days enough."""
        return not math.isnan(self.p)


class Cell(NamedTuple):
    """One kind of headline at one horizon."""

    kind: str
    horizon_min: int
    effect: Effect
    is_found: bool
    """True where it is called a finding, all cells considered."""


def event_study(cases: Sequence[Case]) -> list[Cell]:
    """Measure every kind of headline at every horizon, and correct for having looked at all of them."""
    kinds = sorted({case.kind for case in cases})
    cells = []
    for kind in kinds:
        alike = [case for case in cases if case.kind == kind]
        for horizon_min in HORIZONS_MIN:
            known = at_horizon(alike, horizon_min)
            if known:
                cells.append(Cell(kind, horizon_min, measure(known, horizon_min), False))
    found = discoveries([cell.effect.p for cell in cells])
    return [cell._replace(is_found=is_found) for cell, is_found in zip(cells, found, strict=True)]


def measure(known: Iterable[tuple[Case, float]], horizon_min: int) -> Effect:
    """Return the mean by day of what does not overlap, with Student's t over the days."""
    apart = without_overlap(known, horizon_min * MINUTE_MS)
    by_day: dict[int, list[float]] = {}
    for case, earned in apart:
        by_day.setdefault(case.day, []).append(earned)
    days = np.array([np.mean(each) for each in by_day.values()])
    return student(days, len(apart))


def without_overlap(known: Iterable[tuple[Case, float]], horizon_ms: int) -> list[tuple[Case, float]]:
    """Leave out what begins before the horizon of the same coin's last one is over."""
    kept, until_ms = [], dict[str, int]()
    for case, earned in sorted(known, key=lambda one: one[0].entry_ms):
        if case.entry_ms >= until_ms.get(case.symbol, 0):
            until_ms[case.symbol] = case.entry_ms + horizon_ms
            kept.append((case, earned))
    return kept


def student(days: Floats, cases: int) -> Effect:
    """Test the mean of ``days``, shape (n,), against nothing. Source: Student, "The Probable Error of a Mean", 1908."""
    n = len(days)
    mean = float(np.mean(days)) if n else 0.0
    error = float(np.std(days, ddof=1)) / math.sqrt(n) if n > 1 else 0.0
    if n < LEAST_DAYS or not error:
        return Effect(mean, float("nan"), float("nan"), cases, n)
    t = mean / error
    return Effect(mean, t, 2.0 * float(stdtr(n - 1, -abs(t))), cases, n)


def discoveries(p_values: Sequence[float], share: float = FALSE_SHARE) -> list[bool]:
    """Say which p-values are findings; NaN is none and does not count as looked at.

    Source: Benjamini and Hochberg, "Controlling the False Discovery Rate", 1995: the largest k with
    p(k) <= share * k / m, and all up to it.
    """
    order = sorted((number for number, p in enumerate(p_values) if not math.isnan(p)), key=lambda n: p_values[n])
    last = 0
    for rank, number in enumerate(order, start=1):
        if p_values[number] <= share * rank / len(order):
            last = rank
    found = set(order[:last])
    return [number in found for number in range(len(p_values))]
