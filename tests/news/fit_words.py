"""Learns what each word of a title counts, from titles with a label that may be read; writes ``words.toml``.

To be run after a change of the rules or of the labels: ``python -m fit_words DATA`` in this folder, where DATA has
the real headlines; ``write_pages`` then tells in the pages how good it is. For each kind a logistic regression with
an L1 penalty tells the titles that are of it from those that are not, by their words and how those begin, pairs of
words, families of words, the rules that fire, and whether the rules call them so; what it leaves at 0 is not in the
table. Source: Tibshirani, Regression Shrinkage and Selection via the Lasso, 1996.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from labelled import CLASSES, MADE_UP, Labelled, first, fresh, made_up, more, our_own, published
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from engine.news.classify import judge
from engine.news.rules import Rule, Rules
from engine.news.rules_file import BUILT_IN, WORDS, parse_rules
from engine.news.text import normalise

LEAST_TITLES: Final = 3
"""That have a word, before it may count."""
_SHARPNESS: Final = 1.0
"""The inverse of the penalty."""
_RARE: Final = 0.6
"""How much titles of a rare kind count more: the power of how rare they are. 0: all the same."""
_OLDER: Final = 0.5
"""How much titles count on which the rules were written: the rules look better there than they are."""
_INVENTED: Final = 0.5
"""How much made-up titles count."""
_ELSEWHERE: Final = 5.0
"""By how much the penalty spares what made-up titles have besides their words: kinds are rarer in real ones."""
_STEP: Final = 0.25
"""Points are multiples of this."""
_TOLD: Final = 2.0
"""By how much the penalty spares what the rules say."""
_SHORTEST: Final = 4
"""Letters of a word's beginning that may count."""
_ENDINGS: Final = ("ations", "ation", "ings", "ing", "ers", "er", "ies", "ied", "ed", "es", "s", "e", "y")
"""What is cut off a word, the longest that there is, to find how it and its like begin."""
_HEAD: Final = """\
# What the words of a title count, in points for a kind of event; written by tests/news/fit_words.py from the titles of
# tests/data that may be read, and not by hand. A title is called what it has most points for.
#
# start    what each kind has without a word
# told     what it gets where the rules (rules.toml) call the title so
# rules    what it gets where a rule of that label and weight fires
# words    by what they count: as in rules.toml, {} for its families; each that a title has counts once
"""


class Points(NamedTuple):
    """What was learned of one kind."""

    start: float
    told: float
    rules: dict[str, float]
    words: dict[str, float]


def stem(word: str) -> str:
    """How a word begins that others of its kind begin with too, empty where that is too short to tell."""
    endings = [each for each in _ENDINGS if word.endswith(each) and len(word) - len(each) >= _SHORTEST]
    begun = word.removesuffix(endings[0]) if endings else word
    return begun if begun.isalpha() and len(begun) >= _SHORTEST else ""


def stems_of(titles: Iterable[Labelled]) -> set[str]:
    """How the words of titles begin."""
    return {stem(word) for one in titles for word in normalise(one.title).split()} - {""}


def words_of(title: str, stems: Set[str], families: Rules, rules: Rules) -> set[str]:
    """Everything of a title that may count: words as patterns are written, and names of rules, which have a sign."""
    words = normalise(title).split()
    plain = [word if word[0].isalpha() else "" for word in words]
    found = {word for word in plain if word} | {f"^{word}" for word in plain[:1] if word}
    found |= {f"{one} {other}" for one, other in pairwise(plain) if one and other}
    begun = {word[:length] for word in plain for length in range(_SHORTEST, len(word) + 1)}
    found |= {f"{each}*" for each in begun & stems}
    found |= {fired.name for fired in rules.fire(normalise(title))}
    return found | {fired.rule.patterns[0] for fired in families.fire(normalise(title))}


def families() -> Rules:
    """The families of the rule table, each as a rule that is called by its name."""
    named: Mapping[str, Sequence[str]] = tomllib.loads(BUILT_IN.read_text(encoding="utf-8"))["families"]
    return Rules(Rule("noise", 1.0, (f"{{{name}}}", *words)) for name, words in named.items())


def fit(titles: Sequence[Labelled], trust: NDArray[np.float64]) -> dict[str, Points]:
    """Learn what words count; ``trust``: how much each title does."""
    known, rules = families(), parse_rules(BUILT_IN.read_text(encoding="utf-8"))
    stems = stems_of(titles)
    found = [words_of(one.title, stems, known, rules) for one in titles]
    told = np.array([judge(one.title, rules).label for one in titles])
    labels = np.array([one.label for one in titles])
    counted = Counter(word for words in found for word in words)
    vocabulary = sorted(word for word, count in counted.items() if count >= LEAST_TITLES)
    elsewhere = np.array([_ELSEWHERE * (one.part == MADE_UP) for one in titles])
    table = sparse.hstack([sparse.csr_matrix(elsewhere[:, None]), _table(found, vocabulary)]).tocsr()
    return {kind: _kind(table, told == kind, labels == kind, trust, vocabulary) for kind in CLASSES}


def _table(found: Sequence[set[str]], vocabulary: Sequence[str]) -> sparse.csr_matrix:
    """A row for each title, a column for each word."""
    places = {word: place for place, word in enumerate(vocabulary)}
    cells = [(row, places[word]) for row, words in enumerate(found) for word in words if word in places]
    rows, columns = zip(*sorted(cells), strict=True)
    return sparse.csr_matrix((np.ones(len(cells)), (rows, columns)), shape=(len(found), len(vocabulary)))


def _kind(
    table: sparse.csr_matrix,
    told: NDArray[np.bool_],
    is_it: NDArray[np.bool_],
    trust: NDArray[np.float64],
    vocabulary: Sequence[str],
) -> Points:
    """Learn what words count for one kind; what made-up titles have besides, in the first column, counts here only."""
    spared = np.array([1.0, *(_TOLD if _is_rule(word) else 1.0 for word in (*vocabulary, "+"))])
    features = sparse.hstack([table, sparse.csr_matrix(told[:, None])]).tocsr() @ sparse.diags(spared)
    rare = max(float(trust[is_it].sum()), 8.0)
    weight = trust * np.where(is_it, (float(trust.sum()) / rare - 1.0) ** _RARE, 1.0)
    model = LogisticRegression(
        l1_ratio=1.0, solver="liblinear", C=_SHARPNESS, intercept_scaling=10.0, max_iter=300, random_state=0
    ).fit(features, is_it, sample_weight=weight)
    points = [_STEP * round(float(each) / _STEP) for each in (model.coef_[0] * spared)[1:]]
    counts = {word: count for word, count in zip(vocabulary, points, strict=False) if count}
    return Points(
        round(float(model.intercept_[0]), 2),
        points[-1],
        {word: count for word, count in counts.items() if _is_rule(word)},
        {word: count for word, count in counts.items() if not _is_rule(word)},
    )


def _is_rule(word: str) -> bool:
    return "+" in word or "-" in word


def to_toml(learned: Mapping[str, Points]) -> str:
    """Write what was learned as ``rules_file`` reads it."""
    parts = [_HEAD, "[start]", *(f"{kind} = {one.start}" for kind, one in learned.items())]
    parts += ["\n[told]", *(f"{kind} = {one.told}" for kind, one in learned.items())]
    parts.append("\n[rules]")
    for name in sorted({name for one in learned.values() for name in one.rules}):
        counts = ", ".join(f"{kind} = {one.rules[name]}" for kind, one in learned.items() if name in one.rules)
        parts.append(f'"{name}" = {{ {counts} }}')
    for kind, one in learned.items():
        parts.append(f"\n[words.{kind}]")
        for count in sorted(set(one.words.values()), key=lambda each: (-abs(each), -each)):
            written = sorted(word for word, other in one.words.items() if other == count)
            parts.append(f'"{count}" = [\n{_lines(written)}\n]')
    return "\n".join(parts) + "\n"


def _lines(written: Iterable[str]) -> str:
    """Write texts one after the other, in lines of at most 120 letters."""
    lines = [" "]
    for each in written:
        text = f" {json.dumps(each, ensure_ascii=False)},"
        if len(lines[-1]) + len(text) > 120:
            lines.append(" ")
        lines[-1] += text
    return "\n".join(lines)


def development(titles: Mapping[str, str]) -> tuple[list[Labelled], NDArray[np.float64]]:
    """Every title that may be read, and how much it counts."""
    newer = [one for one in more(titles) if one.part == "development"]
    older = [one for one in fresh(titles) if one.part == "development"] + first(titles) + our_own()
    made = made_up()
    trust = [1.0] * len(newer) + [_OLDER] * len(older) + [_INVENTED] * len(made)
    return newer + older + made, np.array(trust)


if __name__ == "__main__":
    WORDS.write_text(to_toml(fit(*development(published(Path(sys.argv[1]))))), encoding="utf-8")
