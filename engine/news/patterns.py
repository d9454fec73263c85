"""The patterns of the rule table as one tree of words in arrays, as ``kernels.find`` wants them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.news.kernels import (
    ANYWHERE,
    AT_START,
    EDGE_COLUMNS,
    FILTER_SLOTS,
    FIRED_COLUMNS,
    NODE_COLUMNS,
    SHORTEST_STEM,
    TO,
    WIDEST_GAP,
    add_up,
    find,
    hash_of,
    slot_of,
)

START: Final = "^"
GAP: Final = "…"


class _Node:
    """Where patterns that begin with the same words part."""

    __slots__ = ("ends", "gap", "number", "stems", "words")

    def __init__(self, number: int) -> None:
        self.number = number
        self.words: dict[bytes, _Node] = {}
        self.stems: dict[bytes, _Node] = {}
        self.gap: _Node | None = None
        self.ends: list[int] = []
        """The rules of which a pattern ends here, by their place in the table."""


class Patterns:
    """All patterns of a table."""

    def __init__(self, of_rules: Iterable[Sequence[str]]) -> None:
        """Build the tree; ``of_rules``: each rule's patterns, written as ``rules.Rule`` says.

        A stem of less than ``SHORTEST_STEM`` letters leads nowhere.
        """
        anywhere, at_start = _Node(ANYWHERE), _Node(AT_START)
        self._nodes = [anywhere, at_start]
        rules = deepest = 0
        for patterns in of_rules:
            for pattern in patterns:
                words = pattern.removeprefix(START).split()
                self._grow(at_start if pattern.startswith(START) else anywhere, words, rules)
                deepest = max(deepest, len(words))
            rules += 1
        most_ways = 2 + WIDEST_GAP + max(len(_lengths(node)) for node in self._nodes)
        self._deepest = (deepest + 1) * most_ways
        self._lay_out()
        self._fired: NDArray[np.int64] = np.zeros((rules + 1, FIRED_COLUMNS), np.int64)
        self._rows: Any = self._fired.data
        """The same to be read: numpy's own way to a list takes twice as long where its code has gone cold."""

    def find(self, title: bytes) -> list[list[int]]:
        """Return the rules of which a normalised title has a pattern, each once, in the order of the title.

        Each as its place in the table, and where in the title a pattern begins to fit and ends.
        """
        found = find(title, self._edges, self._letters, self._tree, self._lists, self._deepest, self._fired)
        return self._rows[:found].tolist() if found else []

    def count(self, title: bytes, rules: int, counts: NDArray[np.int32], points: NDArray[np.int64]) -> list[list[int]]:
        """Return the same of the first ``rules`` alone, and add to ``points`` what each that is found counts."""
        found = find(title, self._edges, self._letters, self._tree, self._lists, self._deepest, self._fired)
        kept = add_up(self._fired, found, rules, counts, points)
        return self._rows[:kept].tolist() if kept else []

    def _grow(self, node: _Node, pattern: Sequence[str], rule: int) -> None:
        """Grow the tree by one pattern of a rule."""
        for word in pattern:
            if word == GAP:
                found = node.gap = node.gap or self._new()
            else:
                ways, letters = (node.stems, word[:-1]) if word.endswith("*") else (node.words, word)
                found = ways.get(letters.encode()) or ways.setdefault(letters.encode(), self._new())
            node = found
        node.ends.append(rule)

    def _new(self) -> _Node:
        self._nodes.append(_Node(len(self._nodes) + 1))
        return self._nodes[-1]

    def _lay_out(self) -> None:
        """Write the tree into arrays."""
        self._tree: NDArray[np.int64] = np.zeros((len(self._nodes) + 1, NODE_COLUMNS), np.int64)
        lists, letters, edges = list[int](), bytearray(FILTER_SLOTS), list[tuple[int, ...]]()
        for node in self._nodes:
            stems_at = len(lists)
            lists += _lengths(node)
            ends_at = len(lists)
            lists += node.ends
            gap = node.gap.number if node.gap else 0
            self._tree[node.number] = gap, stems_at, ends_at, ends_at, len(lists)
            for is_stem, ways in enumerate((node.words, node.stems)):
                source = 2 * node.number + is_stem
                for word, to in ways.items():
                    edges.append((source, hash_of(word), len(letters), len(word), to.number))
                    letters += word
                    told_by = word[:SHORTEST_STEM] if is_stem else word
                    letters[slot_of(source, hash_of(told_by), FILTER_SLOTS)] = 1
        self._lists = np.array([*lists, 0], np.int64)
        self._letters = np.frombuffer(letters, np.uint8).copy()
        self._edges = _hashed(edges)


def _lengths(node: _Node) -> list[int]:
    """Return how long its stems are, the shortest first: of each length at most one fits a word."""
    return sorted({len(stem) for stem in node.stems})


def _hashed(edges: Sequence[tuple[int, ...]]) -> NDArray[np.int64]:
    """Return edges as a table that is searched by hash, at most half full."""
    slots = 1 << (2 * len(edges)).bit_length()
    table: NDArray[np.int64] = np.zeros((slots, EDGE_COLUMNS), np.int64)
    for edge in edges:
        slot = slot_of(edge[0], edge[1], slots)
        while table[slot, TO]:
            slot = (slot + 1) % slots
        table[slot] = edge
    return table
