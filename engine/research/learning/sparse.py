"""Finds the words that prices followed: a sparse model proposes them on the past, later headlines confirm them.

The model is linear with an L1 penalty, over the same normalised words that rules are made of. Its penalty is
sigma * sqrt(2 log p / n), below which the largest of p coefficients of pure noise lies. What it keeps has been chosen
for looking good, so its size says nothing; each is therefore measured again on the later part, which took no part in
the choice, and only there it may become a rule.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer
from sklearn.linear_model import Lasso

from engine.news.symbols import NAMES
from engine.news.text import normalise
from engine.research.learning.cases import Case
from engine.research.learning.prices import DAY_MS, Floats
from engine.research.learning.study import Effect, discoveries, measure

LEAST_CASES: Final = 60
"""With fewer there is nothing to divide into a past and a later part."""
EMBARGO_MS: Final = DAY_MS
"""Between the past and what is judged by it: moves outlast their horizon, and days are counted whole."""
_CHOOSES: Final = 0.5
"""So much of the past chooses words; the rest confirms them."""
_LEAST_TITLES: Final = 5
_WIDEST: Final = 3
_FAR: Final = 5.0
"""Returns further than so many robust standard deviations are drawn in: one pump must not write a rule."""
_MAD_TO_SIGMA: Final = 1.4826
_COINS: Final = (
    frozenset(word for text in (*NAMES, *NAMES.values(), "usd", "usdt") for word in normalise(text).split())
    - ENGLISH_STOP_WORDS
)

Known = tuple[Case, float]
"""A case, and its abnormal return over the horizon that is learned for."""


class Pattern(NamedTuple):
    """Words that were confirmed."""

    words: str
    effect: Effect
    """On the part that took no part in the choice."""
    sureness: float
    """Share of its titles there whose coin moved its way by more than the cost; (k + 1) / (n + 2)."""

    @property
    def weight(self) -> float:
        """What it counts as a rule: the sureness with the sign of the move, in steps of 0.05."""
        return math.copysign(max(math.floor(self.sureness * 20.0) / 20.0, 0.05), self.effect.mean)


def learn_patterns(known: Sequence[Known], horizon_min: int, cost: float) -> list[Pattern]:
    """Return the confirmed patterns, the surest first; ``cost`` is a log return. Nothing where nothing is sure."""
    if len(known) < LEAST_CASES:
        return []
    past, later = split(known, _CHOOSES, horizon_min)
    chosen = _choose(past)
    confirmed = []
    for words, sign in chosen:
        hit = [one for one in later if has(one[0], words)]
        effect = measure(hit, horizon_min)
        if effect.is_tested:
            p_one_sided = effect.p / 2.0 if effect.mean * sign > 0 else 1.0
            confirmed.append((p_one_sided, Pattern(words, effect, _sureness(hit, sign, cost))))
    found = discoveries([p for p, _ in confirmed])
    patterns = [pattern for (_, pattern), is_found in zip(confirmed, found, strict=True) if is_found]
    return sorted(patterns, key=lambda it: (-abs(it.weight), it.words))


def split(known: Sequence[Known], part: float, horizon_min: int) -> tuple[list[Known], list[Known]]:
    """Divide by time into a past and what comes after it, an embargo apart."""
    border_ms = known[int(len(known) * part)][0].entry_ms
    return before(known, border_ms, horizon_min), [one for one in known if one[0].entry_ms >= border_ms]


def before(known: Sequence[Known], border_ms: int, horizon_min: int) -> list[Known]:
    """Return what was over, horizon and embargo included, when ``border_ms`` came."""
    last_ms = border_ms - horizon_min * 60_000 - EMBARGO_MS
    return [one for one in known if one[0].entry_ms < last_ms]


def has(case: Case, words: str) -> bool:
    """Say whether a title has these words, in this order and whole."""
    return f" {words} " in f" {case.words} "


def _choose(past: Sequence[Known]) -> list[tuple[str, float]]:
    """Return the words that the sparse model keeps, with the sign of each."""
    vectorizer = CountVectorizer(
        ngram_range=(1, _WIDEST),
        tokenizer=str.split,
        token_pattern=None,
        lowercase=False,
        binary=True,
        min_df=_LEAST_TITLES,
    )
    if len(past) < LEAST_CASES // 3:
        return []
    try:
        table = vectorizer.fit_transform([case.words for case, _ in past])
    except ValueError:  # no words are left that stand in titles enough
        return []
    names = vectorizer.get_feature_names_out()
    columns = [number for number, name in enumerate(names) if _says_something(str(name))]
    words = _without_twins(table[:, columns].toarray().astype(np.float64), [str(names[number]) for number in columns])
    if not words:
        return []
    matrix = np.array([[float(has(case, it)) for it in words] for case, _ in past])
    kept = _lasso(matrix, _drawn_in(np.array([earned for _, earned in past])))
    return [(words[number], sign) for number, sign in kept]


def _lasso(matrix: Floats, earned: Floats) -> list[tuple[int, float]]:
    """Fit, and return which columns of ``matrix``, shape (n, p), are kept, with their signs."""
    spread = matrix.std(axis=0)
    spread[spread == 0.0] = 1.0
    standard, n = (matrix - matrix.mean(axis=0)) / spread, len(earned)
    penalty = float(np.std(earned)) * math.sqrt(2.0 * math.log(max(matrix.shape[1], 2)) / n)
    if not penalty:
        return []
    weights = Lasso(alpha=penalty, max_iter=10_000).fit(standard, earned).coef_
    return [(number, math.copysign(1.0, weight)) for number, weight in enumerate(weights.tolist()) if weight]


def _without_twins(table: Floats, names: Sequence[str]) -> list[str]:
    """Of words that stand in the very same titles keep the longest, because it says most; in the order of names."""
    longest: dict[bytes, str] = {}
    for number, name in enumerate(names):
        key = table[:, number].tobytes()
        if len(name) > len(longest.get(key, "")):
            longest[key] = name
    return sorted(longest.values())


def _says_something(words: str) -> bool:
    """Leave out what begins or ends with a number or a little word, or names a coin: its own drift is no news."""
    each = words.split()
    ends = {each[0], each[-1]}
    return not (ends & ENGLISH_STOP_WORDS or _COINS.intersection(each) or any(word.isdigit() for word in ends))


def _drawn_in(earned: Floats) -> Floats:
    middle = float(np.median(earned))
    far = _FAR * _MAD_TO_SIGMA * float(np.median(np.abs(earned - middle)))
    return np.clip(earned, middle - far, middle + far) if far else earned


def _sureness(hit: Sequence[Known], sign: float, cost: float) -> float:
    won = sum(sign * earned > cost for _, earned in hit)
    return (won + 1) / (len(hit) + 2)
