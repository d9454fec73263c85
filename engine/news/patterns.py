"""The patterns of the rule table as one tree of words in arrays, as ``kernels.hear`` wants them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.news.kernels import (
    ANYWHERE,
    EDGE_COLUMNS,
    FILTER_SLOTS,
    NODE_HEAD,
    SHORTEST_STEM,
    TO,
    WIDEST_GAP,
    hash_of,
    slot_of,
)

START: Final = "^"
GAP: Final = "…"


class _Node:
    """Where patterns that begin with the same words part."""

    __slots__ = ("ends", "gap", "number", "stems", "words")

    def __init__(self) -> None:
        self.number = 0
        """Where it stands in the tree, or what an edge says in its place."""
        self.words: dict[bytes, _Node] = {}
        self.stems: dict[bytes, _Node] = {}
        self.gap: _Node | None = None
        self.ends: list[int] = []
        """The rules of which a pattern ends here, by their place in the table."""

    @property
    def below(self) -> list[_Node]:
        """Those that it leads to."""
        return [*self.words.values(), *self.stems.values(), *([self.gap] if self.gap else ())]

    @property
    def lengths(self) -> list[int]:
        """How long its stems are, the shortest first: of each length at most one fits a word."""
        return sorted({len(stem) for stem in self.stems})


class Patterns:
    """All patterns of a table, laid out."""

    def __init__(self, of_rules: Iterable[Sequence[str]]) -> None:
        """Build the tree; ``of_rules``: each rule's patterns, written as ``rules.Rule`` says.

        A stem of less than ``SHORTEST_STEM`` letters leads nowhere.
        """
        self._anywhere, self._at_start = _Node(), _Node()
        deepest = 0
        for rule, patterns in enumerate(of_rules):
            for pattern in patterns:
                words = pattern.removeprefix(START).split()
                self._grow(self._at_start if pattern.startswith(START) else self._anywhere, words, rule)
                deepest = max(deepest, len(words))
        self._lay_out(deepest)

    def _grow(self, node: _Node, pattern: Sequence[str], rule: int) -> None:
        """Grow the tree by one pattern of a rule."""
        for word in pattern:
            if word == GAP:
                found = node.gap = node.gap or _Node()
            else:
                ways, letters = (node.stems, word[:-1]) if word.endswith("*") else (node.words, word)
                found = ways.get(letters.encode()) or ways.setdefault(letters.encode(), _Node())
            node = found
        if rule not in node.ends:
            node.ends.append(rule)

    def _lay_out(self, deepest: int) -> None:
        """Write the tree into arrays; ``deepest``: words of the longest pattern."""
        nodes = _numbered([self._anywhere, self._at_start])
        most_ways = 2 + WIDEST_GAP + max(len(node.lengths) for node in nodes)
        tree, letters, edges = [self._at_start.number, (deepest + 1) * most_ways], bytearray(), list[tuple[int, ...]]()
        likely: NDArray[np.bool_] = np.zeros(FILTER_SLOTS, np.bool_)
        for node in nodes:
            gap = node.gap.number if node.gap else 0
            tree += (gap, len(node.lengths), len(node.ends), *node.lengths, *node.ends)
            for is_stem, ways in enumerate((node.words, node.stems)):
                source = 2 * node.number + is_stem
                for word, to in ways.items():
                    edges.append((source, hash_of(word), FILTER_SLOTS // 8 + len(letters), to.number))
                    letters += word + b" "
                    likely[slot_of(source, hash_of(word), FILTER_SLOTS)] = True
                    if is_stem:
                        likely[slot_of(source, hash_of(word[:SHORTEST_STEM]), FILTER_SLOTS)] = True
        self.tree = np.array(tree, np.int32)
        self.letters = np.append(np.packbits(likely, bitorder="little"), np.frombuffer(letters, np.uint8))
        self.edges = _hashed(edges)


def _numbered(roots: Sequence[_Node]) -> list[_Node]:
    """Number all nodes from these on down; return those that stand in the tree, each behind the one before."""
    waiting, nodes, number = [*reversed(roots)], list[_Node](), ANYWHERE
    while waiting:
        node = waiting.pop()
        below = node.below
        if not below and len(node.ends) == 1 and node not in roots:
            node.number = -1 - node.ends[0]
            continue
        node.number = number
        number += NODE_HEAD + len(node.lengths) + len(node.ends)
        nodes.append(node)
        waiting += below
    return nodes


def _hashed(edges: Sequence[tuple[int, ...]]) -> NDArray[np.int32]:
    """Return edges as a table that is searched by hash, at most half full."""
    slots = 1 << (2 * len(edges)).bit_length()
    table: NDArray[np.int32] = np.zeros((slots, EDGE_COLUMNS), np.int32)
    for edge in edges:
        slot = slot_of(edge[0], edge[1], slots)
        while table[slot, TO]:
            slot = (slot + 1) % slots
        table[slot] = edge
    return table
