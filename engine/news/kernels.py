"""Finds every pattern of the rule table in a title, in one compiled pass over its bytes.

Patterns are a tree, laid out in arrays by ``patterns``: a title meets only those that its own words lead to, so that
the time grows with the title and hardly with the table. Followed in Python, word for word, it took five times as long.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit, types

from engine.core.kernels import direct

WIDEST_GAP: Final = 4
"""Words that ``…`` stands for at most."""

SHORTEST_STEM: Final = 3
"""Letters before a ``*`` at least."""

ANYWHERE: Final = 1
"""The node at which patterns begin that may begin at any word ..."""
AT_START: Final = 2
"""... and those that begin a title. Node 0 is none."""

GAP, STEMS, STEMS_END, ENDS, ENDS_END = range(5)
"""Columns of a node: where a gap leads (0 for none), then slices of ``lists``: the lengths of its stems in bytes,
shortest first, and the rules of which a pattern ends there."""
NODE_COLUMNS: Final = 5

FROM, HASH, AT, SIZE, TO = range(5)
"""Columns of an edge: twice the node that it leaves, and one more for a stem; the hash of its word, where that stands
in ``letters``, how many bytes it has, and the node that it leads to, 0 where the slot is free."""
EDGE_COLUMNS: Final = 5

FILTER_SLOTS: Final = 1 << 13
"""Bytes of the filter, which stands in front of the letters and is not 0 at the places of all edges, those of stems by
their first ``SHORTEST_STEM`` bytes: small enough to stay in the processor's nearest cache, where the edges do not."""

RULE, BEGIN, END, FIRED_COLUMNS = range(4)
"""What is told of a rule that fired: its number, and where what it fired on begins and ends, in bytes."""

_SPACE: Final = ord(" ")
_HASH_MASK: Final = (1 << 30) - 1
_SPREAD: Final = 0x9E3779B1
"""Brings words of one beginning far apart in the table. Source: Knuth, The Art of Computer Programming, 6.4."""
_TITLE: Any = types.Bytes(types.uint8, 1, "C", readonly=True)
_ROWS: Any = types.int64[:, ::1]
_COUNTS: Any = types.int32[:, ::1]
_INTS: Any = types.int64[::1]
_BYTES: Any = types.uint8[::1]


def hash_of(word: bytes) -> int:
    """Return the hash of a word, as ``find`` computes it; what is found by it is compared byte for byte."""
    hashed = 0
    for byte in word:
        hashed = (hashed * 33 + byte) & _HASH_MASK
    return hashed


def slot_of(source: int, hashed: int, slots: int) -> int:
    """Return where the search for an edge begins, or its place in the filter; ``slots`` is a power of two."""
    return ((hashed ^ source) * _SPREAD >> 20) & (slots - 1)


_slot = njit([types.int64(types.int64, types.int64, types.int64)], inline="always")(slot_of)


@njit([types.int64(_TITLE, types.int64, types.int64, types.int64, types.int64, _ROWS, _BYTES)], inline="always")
def _edge(title: Any, source: Any, hashed: Any, at: Any, size: Any, edges: Any, letters: Any) -> Any:
    """Return where the edge leads that leaves a node with ``size`` bytes of the title, 0 where there is none."""
    slot = _slot(source, hashed, edges.shape[0])
    while edges[slot, TO]:
        if edges[slot, FROM] == source and edges[slot, HASH] == hashed and edges[slot, SIZE] == size:
            start, same = edges[slot, AT], 0
            while same < size and letters[start + same] == title[at + same]:
                same += 1
            if same == size:
                return edges[slot, TO]
        slot = (slot + 1) & (edges.shape[0] - 1)
    return 0


@direct
@njit([types.int64(_TITLE, _ROWS, _BYTES, _ROWS, _INTS, types.int64, _ROWS)], cache=True)
def find(title: Any, edges: Any, letters: Any, nodes: Any, lists: Any, deepest: Any, fired: Any) -> Any:
    """Write each rule that fires on a normalised title into ``fired``, once, in the title's order; return how many.

    ``title``: UTF-8, words with one space between; ``letters``: uint8, the filter and then the words of all edges;
    ``deepest``: places that may wait to be looked at, at most; ``fired``: int64, shape (rules, 3).
    """
    size, count, hashed = len(title), 0, 0
    hashes = np.empty(size, np.int64)  # of each word from its start to each of its letters: its stems have theirs too
    starts, ends = np.empty(size // 2 + 1, np.int64), np.empty(size // 2 + 1, np.int64)
    for at in range(size):
        if title[at] == _SPACE:
            hashed = 0
            continue
        if hashed == 0 and (at == 0 or title[at - 1] == _SPACE):
            starts[count] = at
            count += 1
        hashed = (hashed * 33 + title[at]) & _HASH_MASK
        hashes[at], ends[count - 1] = hashed, at + 1
    waiting = np.empty((deepest, 2), np.int64)
    found = 0
    for start in range(count + 1):  # at every word, and then once more where only a title may begin
        first, left = start, 1
        waiting[0, 0], waiting[0, 1] = ANYWHERE, start
        if start == count:
            first = 0
            waiting[0, 0], waiting[0, 1] = AT_START, 0
        while left:
            left -= 1
            node, word = waiting[left]
            for each in range(nodes[node, ENDS], nodes[node, ENDS_END]):
                known = 0
                while known < found and fired[known, RULE] != lists[each]:
                    known += 1
                if known == found:
                    fired[found, RULE] = lists[each]
                    fired[found, BEGIN], fired[found, END] = starts[first], ends[word - 1]
                    found += 1
            if word == count:
                continue
            if nodes[node, GAP]:  # what is put here last is looked at first: whole words, stems, and then gaps
                for reached in range(min(word + WIDEST_GAP, count - 1), word - 1, -1):
                    waiting[left, 0], waiting[left, 1] = nodes[node, GAP], reached
                    left += 1
            at, length = starts[word], ends[word] - starts[word]
            source = 2 * node + 1
            if length >= SHORTEST_STEM and letters[_slot(source, hashes[at + SHORTEST_STEM - 1], FILTER_SLOTS)]:
                for each in range(nodes[node, STEMS_END] - 1, nodes[node, STEMS] - 1, -1):
                    if lists[each] <= length:
                        leads = _edge(title, source, hashes[at + lists[each] - 1], at, lists[each], edges, letters)
                        if leads:
                            waiting[left, 0], waiting[left, 1] = leads, word + 1
                            left += 1
            source = 2 * node
            if letters[_slot(source, hashes[at + length - 1], FILTER_SLOTS)]:
                leads = _edge(title, source, hashes[at + length - 1], at, length, edges, letters)
                if leads:
                    waiting[left, 0], waiting[left, 1] = leads, word + 1
                    left += 1
    return found


@direct
@njit([types.int64(_ROWS, types.int64, types.int64, _COUNTS, _INTS)], cache=True)
def add_up(fired: Any, found: Any, rules: Any, counts: Any, points: Any) -> Any:
    """Add to ``points`` what each that fired counts, and leave in ``fired`` only the rules; return how many.

    ``found``: rows of ``fired``; ``rules``: how many there are, numbered before the words that only count; ``counts``:
    int32, shape (rules and words, kinds); ``points``: int64, shape (kinds,).
    """
    kept = 0
    for each in range(found):
        number = fired[each, RULE]
        for kind in range(points.shape[0]):
            points[kind] += counts[number, kind]
        if number < rules:
            for column in range(FIRED_COLUMNS):
                fired[kept, column] = fired[each, column]
            kept += 1
    return kept
