"""The rule table: which words tell of which kind of event, and how much they count; found by a title's words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

EVENTS: Final = ("listing", "delisting", "product", "partnership", "hack", "regulation", "upgrade", "alert")
"""The kinds of event; an alert is what a chart says through TradingView."""
QUALIFIERS: Final = ("denial", "negation", "rumour", "maybe", "noise")
"""How sure an event is; what each does is told in ``rules.toml``."""
START: Final = "^"
GAP: Final = "…"
EITHER: Final = "|"
"""Between words of which any may stand there; only in a table's file, where it is read."""
WIDEST_GAP: Final = 4
"""Words that ``…`` stands for at most."""
SHORTEST_STEM: Final = 3
"""Letters before a ``*`` at least."""


class Rule(NamedTuple):
    """One kind of event, or one doubt, and the words that tell of it."""

    label: str
    """One of ``EVENTS`` or ``QUALIFIERS``."""
    weight: float
    """Between -1 and 1: bad or good for the symbols, times how sure these words are."""
    patterns: tuple[str, ...]
    """Words as ``text.normalise`` leaves them; ``*``: any ending, ``…``: up to four words, ``^``: a title's start."""


class Fired(NamedTuple):
    """A rule that fired, and where in the title."""

    rule: Rule
    title: Sequence[str]
    """All of its words."""
    first: int
    end: int

    @property
    def words(self) -> str:
        """Return the words that it fired on."""
        return " ".join(self.title[self.first : self.end])

    def __str__(self) -> str:
        return f'{self.rule.label} {self.rule.weight:+.2f} ("{self.words}")'


class _Node:
    """Where patterns that begin with the same words part."""

    __slots__ = ("ends", "gap", "stems", "words")

    def __init__(self) -> None:
        self.words: dict[str, _Node] = {}
        self.stems: dict[str, list[tuple[str, _Node]]] = {}
        """By the first letters, ``SHORTEST_STEM`` of them: whole stems."""
        self.gap: _Node | None = None
        self.ends: list[int] = []
        """The rules of which a pattern ends here, by their place in the table."""

    def may_go_on(self, word: str) -> bool:
        """Say whether a pattern could go on with a word from here, or has a gap here."""
        return word in self.words or word[:SHORTEST_STEM] in self.stems or self.gap is not None

    def add(self, pattern: Sequence[str], rule: int) -> None:
        """Grow the tree by one pattern of a rule."""
        if not pattern:
            self.ends.append(rule)
            return
        self._next(pattern[0]).add(pattern[1:], rule)

    def _next(self, word: str) -> _Node:
        if word == GAP:
            self.gap = self.gap or _Node()
            return self.gap
        if not word.endswith("*"):
            return self.words.setdefault(word, _Node())
        stem = word[:-1]
        family = self.stems.setdefault(stem[:SHORTEST_STEM], [])
        found = next((node for known, node in family if known == stem), None)
        if found is None:
            found = _Node()
            family.append((stem, found))
        return found


class Rules:
    """All rules as one tree of words: a title meets only those that its own words lead to.

    So the time grows with the title, and hardly with the table.
    """

    def __init__(self, table: Iterable[Rule]) -> None:
        """Build the tree."""
        self.table = tuple(table)
        self._anywhere, self._at_start = _Node(), _Node()
        for number, rule in enumerate(self.table):
            for pattern in rule.patterns:
                tree = self._at_start if pattern.startswith(START) else self._anywhere
                tree.add(pattern.removeprefix(START).split(), number)

    def fire(self, normalised: str) -> list[Fired]:
        """Return each rule that fires on a normalised title, once, in the order of the title."""
        words = normalised.split()
        fired: dict[int, int] = {}
        """Rule -> where its words begin and end, as one number."""
        first, stems = self._anywhere.words, self._anywhere.stems
        for start, word in enumerate(words):  # the first step of ``_walk`` without its call: most words lead nowhere
            if word in first:
                _walk(first[word], words, start, start + 1, fired)
            if word[:SHORTEST_STEM] in stems:
                for stem, deeper in stems[word[:SHORTEST_STEM]]:
                    if word.startswith(stem):
                        _walk(deeper, words, start, start + 1, fired)
        if words and self._at_start.may_go_on(words[0]):
            _walk(self._at_start, words, 0, 0, fired)
        table = self.table
        return [Fired(table[number], words, span >> 16, span & 0xFFFF) for number, span in fired.items()]


def _walk(node: _Node, words: Sequence[str], start: int, at: int, fired: dict[int, int]) -> None:
    """Follow a title's words from one on, and note the rules of which a pattern ends on the way.

    It only calls itself where patterns part in more ways than by whole words, and where one of them goes on.
    """
    count = len(words)
    while True:
        for rule in node.ends:
            fired.setdefault(rule, start << 16 | at)
        if at == count:
            return
        word, deeper = words[at], node.words.get(words[at])
        if node.stems or node.gap is not None:
            if deeper is not None:
                _walk(deeper, words, start, at + 1, fired)
            break
        if deeper is None:
            return
        node, at = deeper, at + 1
    for stem, deeper in node.stems.get(word[:SHORTEST_STEM], ()):
        if word.startswith(stem):
            _walk(deeper, words, start, at + 1, fired)
    if (gap := node.gap) is not None:
        for reached in range(at, min(at + WIDEST_GAP + 1, count)):
            if gap.may_go_on(words[reached]):
                _walk(gap, words, start, reached, fired)
