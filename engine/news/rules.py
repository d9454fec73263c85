"""The rule table: which words tell of which kind of event, and how much they count; found by a title's words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from engine.news.patterns import Patterns

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
    words: str
    """What it fired on."""
    at: int
    """Where in the title that begins, in bytes of UTF-8."""

    @property
    def reason(self) -> str:
        """Say what fired on what, for people."""
        return f'{self.name} ("{self.words}")'


class Rules:
    """All rules, found by the words of a title."""

    def __init__(self, table: Iterable[Rule]) -> None:
        """Lay the patterns out."""
        self.table = tuple(table)
        self._names = [f"{rule.label} {rule.weight:+.2f}" for rule in self.table]
        self._patterns = Patterns(rule.patterns for rule in self.table)

    def fire(self, normalised: str) -> list[Fired]:
        """Return each rule that fires on a normalised title, once, in the order of the title."""
        text, table, names = normalised.encode(), self.table, self._names
        return [
            Fired(table[rule], names[rule], text[at:end].decode(), at) for rule, at, end in self._patterns.find(text)
        ]
