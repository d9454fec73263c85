"""Finds every pattern of the rule table in a title, and adds up what they count, in one compiled pass over its bytes.

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

START_AT, DEEPEST, ANYWHERE = range(3)
"""In the tree: where the node stands at which patterns begin that begin a title, how many places may wait to be looked
at, and the node at which those begin that may begin at any word. A node is named by where it stands."""

GAP, STEMS, ENDS, NODE_HEAD = range(4)
"""What a node has: where a gap leads (0 for none), how many lengths its stems have and how many patterns end there.
Behind it those lengths in bytes, shortest first, and then the numbers of these patterns' rules."""

FROM, HASH, AT, TO, EDGE_COLUMNS = range(5)
"""Columns of an edge: twice the node that it leaves, and one more for a stem; the hash of its word, where that stands
in ``letters``, a space behind it; and the node that it leads to. That is ``-1 - number`` where it would be no more than
the end of one rule's pattern, as it is of most words, and 0 where the slot is free."""

FILTER_SLOTS: Final = 1 << 17
"""Bits of the filter, which stands in front of the letters and is not 0 at the places of all edges, and for stems at
those of their first ``SHORTEST_STEM`` bytes: small enough to stay in the processor's cache, where the edges do not."""

RULE, BEGIN, END, FIRED_COLUMNS = range(4)
"""What is told of a rule that fired: its number, and where what it fired on begins and ends, in bytes."""

_SPACE: Final = ord(" ")
_HASH_MASK: Final = (1 << 30) - 1
_SPREAD: Final = 0x9E3779B1
"""Brings words of one beginning far apart in the table. Source: Knuth, The Art of Computer Programming, 6.4."""
_TITLE: Any = types.Bytes(types.uint8, 1, "C", readonly=True)
_ROWS: Any = types.int32[:, ::1]
_INTS: Any = types.int32[::1]
_BYTES: Any = types.uint8[::1]
_HEARD: Any = types.int64[::1]


def hash_of(word: bytes) -> int:
    """Return the hash of a word, as ``hear`` computes it; what is found by it is compared byte for byte."""
    hashed = 0
    for byte in word:
        hashed = (hashed * 33 + byte) & _HASH_MASK
    return hashed


def slot_of(source: int, hashed: int, slots: int) -> int:
    """Return where the search for an edge begins, or its place in the filter; ``slots`` is a power of two."""
    return ((hashed ^ source) * _SPREAD >> 20) & (slots - 1)


_slot = njit([types.int64(types.int64, types.int64, types.int64)], inline="always", cache=True)(slot_of)


@njit([types.boolean(types.int64, types.int64, _BYTES)], inline="always", cache=True)
def _is_likely(source: Any, hashed: Any, letters: Any) -> Any:
    """Say whether the filter lets an edge through, as it does all that there are."""
    slot = _slot(source, hashed, FILTER_SLOTS)
    return letters[slot >> 3] >> (slot & 7) & 1 != 0


@njit([types.int64(_TITLE, *[types.int64] * 4, _ROWS, _BYTES)], inline="always", cache=True)
def _edge(title: Any, source: Any, hashed: Any, at: Any, size: Any, edges: Any, letters: Any) -> Any:
    """Return where the edge leads that leaves a node with ``size`` bytes of the title, 0 where there is none."""
    if not _is_likely(source, hashed, letters):
        return 0
    slot = _slot(source, hashed, edges.shape[0])
    while edges[slot, TO]:
        if edges[slot, FROM] == source and edges[slot, HASH] == hashed:
            start, same = edges[slot, AT], 0
            while same < size and letters[start + same] == title[at + same]:
                same += 1
            if same == size and letters[start + size] == _SPACE:
                return edges[slot, TO]
        slot = (slot + 1) & (edges.shape[0] - 1)
    return 0


@njit([types.int64(*[types.int64] * 5, _HEARD)], inline="always", cache=True)
def _noted(number: Any, begin: Any, end: Any, first: Any, last: Any, heard: Any) -> Any:
    """Write a rule down behind the last one, unless it is there; return where the next one goes."""
    known = first
    while known < last and heard[known + RULE] != number:
        known += FIRED_COLUMNS
    if known < last:
        return last
    heard[last + RULE], heard[last + BEGIN], heard[last + END] = number, begin, end
    return last + FIRED_COLUMNS


@njit([types.int64(types.int64, types.int64, types.int64, _ROWS, _HEARD)], inline="always", cache=True)
def _add_up(first: Any, last: Any, rules: Any, counts: Any, heard: Any) -> Any:
    """Add up what each that was found counts, and leave of these only the rules; return how many."""
    kinds, kept = counts.shape[1], first
    for kind in range(kinds):
        heard[kind] = counts[0, kind]
    for each in range(first, last, FIRED_COLUMNS):
        number = heard[each + RULE]
        for kind in range(kinds):
            heard[kind] += counts[number + 1, kind]
        if number < rules:
            for column in range(FIRED_COLUMNS):
                heard[kept + column] = heard[each + column]
            kept += FIRED_COLUMNS
    return (kept - first) // FIRED_COLUMNS


@direct
@njit([types.int64(_INTS, _ROWS, _BYTES, _ROWS, _HEARD, types.int64, _TITLE)], cache=True)
def hear(tree: Any, edges: Any, letters: Any, counts: Any, heard: Any, rules: Any, title: Any) -> Any:
    """Write into ``heard`` what a normalised title counts, and each rule that fires on it; return how many do.

    Each once, in the title's order. ``letters``: uint8, the filter and then the words of all edges; ``counts``: int32,
    shape (1 + rules and words, kinds), what every title begins with first; ``heard``: int64, the points of each kind
    and then ``FIRED_COLUMNS`` for each rule, with room for all rules and words; ``rules``: how many there are, numbered
    before the words that only count; ``title``: UTF-8, words with one space between.
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
    waiting = np.empty((tree[DEEPEST], 2), np.int64)
    last = counts.shape[1]
    for start in range(count + 1):  # at every word, and then once more where only a title may begin
        first, left = start, 1
        waiting[0, 0], waiting[0, 1] = ANYWHERE, start
        if start == count:
            first = 0
            waiting[0, 0], waiting[0, 1] = tree[START_AT], 0
        while left:
            left -= 1
            node, word = waiting[left]
            if node < 0:
                last = _noted(-1 - node, starts[first], ends[word - 1], counts.shape[1], last, heard)
                continue
            stems = node + NODE_HEAD
            rules_at = stems + tree[node + STEMS]
            for each in range(rules_at, rules_at + tree[node + ENDS]):
                last = _noted(tree[each], starts[first], ends[word - 1], counts.shape[1], last, heard)
            if word == count:
                continue
            if tree[node + GAP]:  # what is put here last is looked at first: whole words, stems, and then gaps
                for reached in range(min(word + WIDEST_GAP, count - 1), word - 1, -1):
                    waiting[left, 0], waiting[left, 1] = tree[node + GAP], reached
                    left += 1
            at, length = starts[word], ends[word] - starts[word]
            source = 2 * node + 1
            if length >= SHORTEST_STEM and _is_likely(source, hashes[at + SHORTEST_STEM - 1], letters):
                for each in range(rules_at - 1, stems - 1, -1):
                    if tree[each] <= length:
                        leads = _edge(title, source, hashes[at + tree[each] - 1], at, tree[each], edges, letters)
                        if leads:
                            waiting[left, 0], waiting[left, 1] = leads, word + 1
                            left += 1
            leads = _edge(title, 2 * node, hashes[at + length - 1], at, length, edges, letters)
            if leads:
                waiting[left, 0], waiting[left, 1] = leads, word + 1
                left += 1
    return _add_up(counts.shape[1], last, rules, counts, heard)
