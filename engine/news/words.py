"""What each word of a title counts for: points for the kinds of event, learned from labelled titles.

The rule table knows what its author thought of. Most headlines are told by words that nobody would write a rule for,
because none of them is sure alone: "users", "tokens" and "stolen" together are a theft. Their points are added up,
with those for what the rules say; the kind that gets most is what the title is called. ``words.toml`` has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Word(NamedTuple):
    """A word, or a few, and what they count."""

    kind: str
    points: float
    patterns: tuple[str, ...]
    """As ``rules.Rule`` has them; of several that are found the title gets the points once."""


class Words(NamedTuple):
    """All words that count, and what each kind has without them."""

    start: dict[str, float]
    """By kind what every title begins with."""
    told: dict[str, float]
    """By kind what a title gets that the rules call so."""
    rules: dict[str, dict[str, float]]
    """What it counts that a rule fired, by the rule's name and by kind."""
    table: tuple[Word, ...]


NO_WORDS: Final = Words({}, {}, {}, ())


_HUNDREDTHS: Final = 100
"""Points are added up as whole numbers, so that their order can't matter."""


class Points:
    """What rules and words count, laid out in an array."""

    def __init__(self, words: Words, rules: Sequence[str]) -> None:
        """Put kinds into an order; ``rules``: the names of the rules, which are numbered before the words."""
        self.kinds = tuple(words.start)
        places = {kind: place for place, kind in enumerate(self.kinds)}
        self.patterns = tuple(dict.fromkeys(word.patterns for word in words.table))
        """Of the words, each once: one that counts for several kinds is found once for all of them."""
        self._told = {kind: (place, round(_HUNDREDTHS * words.told[kind])) for kind, place in places.items()}
        self.counts: NDArray[np.int32] = np.zeros((1 + len(rules) + len(self.patterns), len(places)), np.int32)
        """Hundredths of points, a column for each kind: what every title begins with, and a row for each rule and each
        of ``patterns``."""
        self.counts[0] = [round(_HUNDREDTHS * each) for each in words.start.values()]
        for number, name in enumerate(rules, start=1):
            for kind, points in words.rules.get(name, {}).items():
                self.counts[number, places[kind]] = round(_HUNDREDTHS * points)
        numbers = {patterns: number for number, patterns in enumerate(self.patterns, start=1 + len(rules))}
        for word in words.table:
            self.counts[numbers[word.patterns], places[word.kind]] += round(_HUNDREDTHS * word.points)

    def of(self, kind: str) -> NDArray[np.int32]:
        """Return what each rule and word counts for a kind."""
        return self.counts[1:, self.kinds.index(kind)]

    def kind(self, told: str, points: list[int]) -> str:
        """Return the kind with most points; ``told``: what the rules call the title, which counts too."""
        if told not in self._told:
            return told
        place, more = self._told[told]
        points[place] += more
        return self.kinds[points.index(max(points))]
