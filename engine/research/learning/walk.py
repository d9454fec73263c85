"""Walks forward: learns from the past alone, acts on what came after, and counts what that would have earned.

Acting is buying on a score of *ask* or more and selling on its opposite, at the first price of the next minute, out at
the end of the horizon; its net return is the abnormal one in that direction less the cost of getting in and out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from engine.news.classify import judge
from engine.news.rules import Rules
from engine.research.learning.sparse import LEAST_CASES, Known, before, learn_patterns
from engine.research.learning.table import revise

FOLDS: Final = 4
_FIRST: Final = 0.4
"""So much of the time is past before the first fold."""
_DRAWS: Final = 1000


class Outcome(NamedTuple):
    """What acting by one table would have been worth."""

    name: str
    acts: int
    worth: int
    """Headlines after which the coin moved by more than the cost, whichever way."""
    precision: float | None
    """Share of the acts that earned something; None without acts."""
    recall: float | None
    """Share of those that were worth it that were acted on, the right way; None without any."""
    mean_net: float | None
    """Log return of an act."""
    low: float | None
    high: float | None
    """Of ``mean_net``: 95 % of the means of days drawn again lie between these."""


class _Act(NamedTuple):
    day: int
    net: float


def walk_forward(
    known: Sequence[Known], present: Rules, horizon_min: int, cost: float, ask: float, seed: int
) -> list[Outcome]:
    """Return the outcome of the present table, of the learned one, and of never acting; [] with too few headlines."""
    if len(known) < LEAST_CASES:
        return []
    policies: dict[str, list[_Act]] = {"present rules": [], "learned rules": []}
    tested: list[Known] = []
    for past, later in folds(known, horizon_min):
        patterns = learn_patterns(past, horizon_min, cost)
        learned = revise(present, patterns, past, horizon_min).rules
        policies["present rules"] += _acts(later, present, cost, ask)
        policies["learned rules"] += _acts(later, learned, cost, ask)
        tested += later
    worth = sum(abs(earned) > cost for _, earned in tested)
    chance = np.random.default_rng(seed)
    outcomes = [_outcome(name, acts, worth, chance) for name, acts in policies.items()]
    return [*outcomes, Outcome("always no", 0, worth, None, 0.0 if worth else None, None, None, None)]


def folds(known: Sequence[Known], horizon_min: int) -> list[tuple[list[Known], list[Known]]]:
    """Cut the later time into equal parts, and give each everything that was over, embargo included, before it."""
    borders = [int(len(known) * (_FIRST + (1.0 - _FIRST) * fold / FOLDS)) for fold in range(FOLDS + 1)]
    cut = []
    for start, stop in pairwise(borders):
        past = before(known, known[start][0].entry_ms, horizon_min)
        cut.append((past, list(known[start:stop])))
    return cut


def _acts(later: Sequence[Known], rules: Rules, cost: float, ask: float) -> list[_Act]:
    acts = []
    for case, earned in later:
        score = judge(case.title, rules).score
        if abs(score) >= ask:
            acts.append(_Act(case.day, (earned if score > 0 else -earned) - cost))
    return acts


def _outcome(name: str, acts: Sequence[_Act], worth: int, chance: np.random.Generator) -> Outcome:
    if not acts:
        return Outcome(name, 0, worth, None, 0.0 if worth else None, None, None, None)
    won = sum(act.net > 0.0 for act in acts)
    low, high = _spread(acts, chance)
    mean = float(np.mean([act.net for act in acts]))
    return Outcome(name, len(acts), worth, won / len(acts), won / worth if worth else None, mean, low, high)


def _spread(acts: Sequence[_Act], chance: np.random.Generator) -> tuple[float, float]:
    """Draw whole days again and again, because what happens on one day hangs together."""
    days = sorted({act.day for act in acts})
    sums = np.array([[sum(a.net for a in acts if a.day == day), sum(a.day == day for a in acts)] for day in days])
    drawn = sums[chance.integers(len(days), size=(_DRAWS, len(days)))].sum(axis=1)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], (0.025, 0.975)).tolist()
    return low, high
