"""The rule table: which words tell of which kind of event, and how much they count; found by a title's words."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.news.kernels import FIRED_COLUMNS, hear
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
        every = [*(rule.patterns for rule in self.table), *self._points.patterns]
        kinds, patterns = len(self._points.kinds), Patterns(every)
        heard: NDArray[np.int64] = np.zeros(kinds + FIRED_COLUMNS * (1 + len(every)), np.int64)
        self._search = partial(hear, patterns.tree, patterns.edges, patterns.letters, self._points.counts, heard)
        self._counted: Any = heard[:kinds].data
        self._found: Any = heard[kinds:].reshape(-1, FIRED_COLUMNS).data
        """What was found, to be read: numpy's own way to a list takes twice as long where its code has gone cold."""

    def hear(self, normalised: str) -> tuple[list[Fired], list[int]]:
        """Return each rule that fires on a normalised title, once, in the title's order, and what its words count."""
        title, table, names = normalised.encode(), self.table, self._names
        found = self._search(len(table), title)
        rows = self._found[:found].tolist() if found else ()
        return [Fired(table[rule], names[rule], title, at, end) for rule, at, end in rows], self._counted.tolist()

    def fire(self, normalised: str) -> list[Fired]:
        """Return the rules alone."""
        return self.hear(normalised)[0]

    def most_telling(self, normalised: str, kind: str) -> str:
        """Return of a title's words that which counts most for a kind, empty where none does."""
        title, rules, counts = normalised.encode(), len(self.table), self._points.of(kind)
        found = self._found[: self._search(len(counts), title)].tolist()
        most, at, end = max(
            ((int(counts[each]), at, end) for each, at, end in found if each >= rules), default=(0, 0, 0)
        )
        return title[at:end].decode() if most > 0 else ""
