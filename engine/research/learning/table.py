"""The learned rule table: what is added to the present one and what is set to nothing, in TOML and in words."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from engine.news.rules import EVENTS, Rule, Rules
from engine.research.learning.cases import Case
from engine.research.learning.sparse import Known, Pattern, has
from engine.research.learning.study import Effect, discoveries, measure

_UNNAMED = "alert"
"""The kind of a pattern whose titles the present rules call nothing."""


class Change(NamedTuple):
    """One way in which the new table differs."""

    rule: Rule
    """As it will be."""
    before: float | None
    """Its weight in the present table; None where it is new."""
    effect: Effect

    def words(self) -> str:
        """Say it for people."""
        effect = self.effect
        seen = f"{percent(effect.mean)} on {effect.days} days ({effect.cases} titles), t = {effect.t:.1f}"
        if self.before is None:
            return f'new: {self.rule.label} {self.rule.weight:+.2f} for "{self.rule.patterns[0]}": {seen}'
        return f"{self.rule.label} {self.before:+.2f} becomes {self.rule.weight:+.2f}: prices went against it, {seen}"


class Revision(NamedTuple):
    """A table, and how it came about."""

    rules: Rules
    changes: tuple[Change, ...]


def revise(present: Rules, patterns: Sequence[Pattern], known: Sequence[Known], horizon_min: int) -> Revision:
    """Add what was confirmed to the present table, and set to 0 what prices contradict; leave everything else."""
    against = _contradicted(present, known, horizon_min)
    changes, table = [], []
    for number, rule in enumerate(present.table):
        if number in against:
            rule = rule._replace(weight=0.0)
            changes.append(Change(rule, present.table[number].weight, against[number]))
        table.append(rule)
    cases = [case for case, _ in known]
    for pattern in patterns:
        rule = Rule(_label(pattern.words, cases), pattern.weight, (pattern.words,))
        changes.append(Change(rule, None, pattern.effect))
        table.append(rule)
    return Revision(Rules(table, present.words), tuple(changes))


def percent(log_return: float) -> str:
    """Write a log return as a percentage with its sign."""
    return f"{100.0 * math.expm1(log_return):+.2f} %"


def to_toml(revision: Revision, head: Sequence[str]) -> str:
    """Write a table as ``rules_file`` reads it, what changed with the reason above it; ``head``: lines of comment."""
    why = {change.rule: change.words() for change in revision.changes}
    parts = ["\n".join(f"# {line}".rstrip() for line in head)]
    for rule in revision.rules.table:
        told = f"# {why[rule]}\n" if rule in why else ""
        words = ",\n".join(f"  {json.dumps(pattern, ensure_ascii=False)}" for pattern in rule.patterns)
        label = json.dumps(rule.label)
        parts.append(f"{told}[[rule]]\nlabel = {label}\nweight = {rule.weight:.2f}\nwords = [\n{words},\n]")
    return "\n\n".join(parts) + "\n"


def _contradicted(present: Rules, known: Sequence[Known], horizon_min: int) -> dict[int, Effect]:
    """Return the present rules after which prices went the other way, beyond chance, by their place in the table."""
    numbers = {id(rule): number for number, rule in enumerate(present.table)}
    hits: dict[int, list[Known]] = {}
    for case, earned in known:
        for fired in present.fire(case.words):
            if fired.rule.weight and fired.rule.label in EVENTS:
                hits.setdefault(numbers[id(fired.rule)], []).append((case, earned))
    measured = [(number, measure(hit, horizon_min)) for number, hit in sorted(hits.items())]
    found = discoveries([effect.p for _, effect in measured])
    return {
        number: effect
        for (number, effect), is_found in zip(measured, found, strict=True)
        if is_found and effect.mean * present.table[number].weight < 0
    }


def _label(words: str, cases: Sequence[Case]) -> str:
    """Name the kind that most titles with these words are of already."""
    labels = Counter(case.kind.split()[0] for case in cases if has(case, words))
    known = [(count, label) for label, count in labels.items() if label in EVENTS]
    return max(known)[1] if known else _UNNAMED
