"""Fits the steps of a calibration: drawn on the past, counted on what came after.

Isotonic regression on the first part of the signals says where the share of winners changes with the score. These steps
are then counted anew on the later part, a horizon apart, so that what is shown was not chosen for looking good. Steps
that fewer than ``LEAST_SIGNALS`` of the later signals fall on join their neighbour, and what does not rise is pooled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from engine.core.calibration import LEAST_SIGNALS, Calibration, Step
from engine.research.calibration.outcome import Outcome

DRAWS: Final = 0.4
"""So much of the signals draws the steps."""


class Quality(NamedTuple):
    """How much better the steps are than one share for all, on the later part."""

    brier: float
    """Mean square of share less outcome; the steps' shares are the first part's here."""
    brier_of_one_share: float


def calibrate(strategy: str, fingerprint: str, outcomes: Sequence[Outcome]) -> tuple[Calibration, Quality | None]:
    """Return a strategy's calibration, without steps where there are too few signals, and how good it is."""
    ordered = sorted(outcomes)
    drawn, counted = split(ordered)
    if len(counted) < LEAST_SIGNALS or not drawn:
        return _bare(strategy, fingerprint, counted or ordered, ()), None
    past = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    past.fit([one.score for one in drawn], [float(one.is_won) for one in drawn])
    scores = np.array([one.score for one in counted])
    won = np.array([one.is_won for one in counted], np.float64)
    edges = _edges(past, scores)
    steps = _pooled(_joined(_counted(edges, scores, won)))
    said, base = past.predict(scores), float(np.mean([one.is_won for one in drawn]))
    quality = Quality(float(np.mean((said - won) ** 2)), float(np.mean((base - won) ** 2)))
    return _bare(strategy, fingerprint, counted, tuple(steps)), quality


def split(ordered: Sequence[Outcome]) -> tuple[list[Outcome], list[Outcome]]:
    """Divide by time; of the first part only what was over when the later one began."""
    if not ordered:
        return [], []
    border_ns = ordered[int(len(ordered) * DRAWS)].ts_ns
    drawn = [one for one in ordered if one.ts_ns + one.horizon_ns < border_ns]
    return drawn, [one for one in ordered if one.ts_ns >= border_ns]


def interval(step: Step) -> tuple[float, float]:
    """Return where the true share lies with 95 %. Source: E. B. Wilson, "Probable Inference", 1927."""
    n, z = step.signals, 1.96
    middle = (step.share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(step.share * (1 - step.share) / n + z * z / (4 * n * n))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _edges(past: IsotonicRegression, scores: NDArray[np.float64]) -> list[float]:
    """Return the lowest score of each level that the past's curve has, rising."""
    said = past.predict(np.sort(scores))
    return [float(score) for at, score in enumerate(np.sort(scores)) if at == 0 or said[at] > said[at - 1] + 1e-9]


def _counted(edges: Sequence[float], scores: NDArray[np.float64], won: NDArray[np.float64]) -> list[Step]:
    steps = []
    for low, high in zip(edges, [*edges[1:], math.inf], strict=True):
        inside = (scores >= low) & (scores < high)
        steps.append(_step(low, int(inside.sum()), int(won[inside].sum())))
    return steps


def _joined(steps: Sequence[Step]) -> list[Step]:
    """Join steps with too few signals to the next; the last ones to the one before."""
    joined: list[Step] = []
    for step in steps:
        if joined and joined[-1].signals < LEAST_SIGNALS:
            joined[-1] = _both(joined[-1], step)
        else:
            joined.append(step)
    if len(joined) > 1 and joined[-1].signals < LEAST_SIGNALS:
        last = joined.pop()
        joined[-1] = _both(joined[-1], last)
    return joined


def _pooled(steps: Sequence[Step]) -> list[Step]:
    """Pool neighbours whose share does not rise. Source: Ayer et al., "An Empirical Distribution Function", 1955."""
    pooled: list[Step] = []
    for step in steps:
        pooled.append(step)
        while len(pooled) > 1 and pooled[-1].share <= pooled[-2].share:
            last = pooled.pop()
            pooled[-1] = _both(pooled[-1], last)
    return pooled


def _both(low: Step, high: Step) -> Step:
    return _step(low.from_score, low.signals + high.signals, low.won + high.won)


def _step(from_score: float, signals: int, won: int) -> Step:
    return Step(round(from_score, 6), signals, won, won / signals if signals else 0.0)


def _bare(strategy: str, fingerprint: str, counted: Sequence[Outcome], steps: tuple[Step, ...]) -> Calibration:
    times = [one.ts_ns for one in counted]
    return Calibration(strategy, fingerprint, len(counted), min(times, default=0), max(times, default=0), steps)
