"""The rule table: which words tell of which kind of event, and how much they count; found by a title's words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from engine.news.patterns import Patterns
from engine.news.words import NO_WORDS, Points, Words

EVENTS: Final = ("listing", "delisting", "product", "partnership", "hack", "regulation", "upgrade", "alert")
"""The kinds of event; an alert is what a chart says through TradingView."""
QUALIFIERS: Final = ("denial", "negation", "rumour", "maybe", "noise")
"""How sure an event is; what each does is told in ``rules.toml``."""
EITHER: Final = "|"
"""Between words of which any may stand there; only in a table's file, where it is read."""


class Rule(NamedTuple):
    """One kind of event, or one doubt, and the words that tell of it."""

    label: str
    """One of ``EVENTS`` or ``QUALIFIERS``."""
    weight: float
    """Between -1 and 1: bad or good for the symbols, times how sure these words are."""
    patterns: tuple[str, ...]
    """Words as ``text.normalise`` leaves them; ``*``: any ending, ``…``: up to four words, ``^``: a title's start."""


class Fired(msgspec.Struct, frozen=True, gc=False):
    """A rule that fired, and on what. A structure, as tuples with names take three times as long to make."""

    rule: Rule
    name: str
    """Its label and weight, for people."""
    title: bytes
    """The normalised title, in UTF-8 ..."""
    at: int
    end: int
    """... and where in it that begins and ends."""

    @property
    def words(self) -> str:
        """What it fired on."""
        return self.title[self.at : self.end].decode()

    @property
    def reason(self) -> str:
        """Say what fired on what, for people."""
        return f'{self.name} ("{self.title[self.at : self.end].decode()}")'


class Rules:
    """All rules, found by the words of a title."""

    def __init__(self, table: Iterable[Rule], words: Words = NO_WORDS) -> None:
        """Lay the patterns out; ``words``: what the words of a title count besides."""
        self.table = tuple(table)
        self.words = words
        self._names = [f"{rule.label} {rule.weight:+.2f}" for rule in self.table]
        self._points = Points(words, self._names)
        self.kind: Final = self._points.kind
        """Says what a title is called by all of its words, of its label by the rules and its points from ``hear``."""
        every = [*(rule.patterns for rule in self.table), *(word.patterns for word in words.table)]
        self._patterns = Patterns(every, self._points.counts)

    def hear(self, normalised: str) -> tuple[list[Fired], list[int]]:
        """Return each rule that fires on a normalised title, once, in the title's order, and what its words count."""
        title, table, names = normalised.encode(), self.table, self._names
        found, points = self._patterns.hear(title, len(table))
        return [Fired(table[rule], names[rule], title, at, end) for rule, at, end in found], points

    def fire(self, normalised: str) -> list[Fired]:
        """Return the rules alone."""
        return self.hear(normalised)[0]

    def most_telling(self, normalised: str, kind: str) -> str:
        """Return of a title's words that which counts most for a kind, empty where none does."""
        title, rules, counts = normalised.encode(), len(self.table), self._points.of(kind)
        found, _ = self._patterns.hear(title, len(counts))
        most, at, end = max(
            ((int(counts[each]), at, end) for each, at, end in found if each >= rules), default=(0, 0, 0)
        )
        return title[at:end].decode() if most > 0 else ""
