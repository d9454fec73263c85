"""Finds titles that say the same in nearly the same words, whoever wrote them.

Each title is hashed four ways (MinHash over its words): of two that share three quarters of their words, more than 99
in 100 pairs agree in at least one. Those few are compared word by word, because of two headlines that differ in one
word, that word may be "denies".
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from engine.news.text import word_set

CAPACITY: Final = 20_000
"""Titles kept."""
LEAST_ALIKE: Final = 0.75
"""Part of all their words that two titles share."""
_WAYS: Final = (0x9E3779B185EBCA77, 0x27D4EB2F165667C5)
"""Numbers that order a hash anew, besides its own order from below and from above. Source: the primes of xxHash."""
_LOOKED_AT: Final = 5
"""The newest titles of one hash that are compared: exchanges announce in the same words for years."""
_FILLERS: Final = word_set(
    """
    a an and are as at breaking by exclusive for from in is it its just new news of on report reports says s the this to
    today update updated was watch with now
    """
)
"""Words that change nothing when they are added."""
_WEIGHTY: Final = word_set(
    """
    no not never without denies denied deny false fake isn won doesn didn aren ends end cancels cancelled may might
    could rumor rumour rumored rumoured alleged allegedly unconfirmed reportedly delist delists delisting hacked
    """
)
"""Words that change everything."""


class NearTitles:
    """The titles of late, found again by their likes."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        """Begin with none."""
        self._capacity = capacity
        self._titles: OrderedDict[str, _Title] = OrderedDict()
        self._by_hash: dict[int, list[str]] = {}

    def find(self, title: str) -> str | None:
        """Return a normalised title that was added before and says the same, the title itself before all others."""
        if title in self._titles:
            return title
        asked, looked_at = _Title(title), set[str]()
        for key in asked.keys:
            for known in self._by_hash.get(key, ())[:-_LOOKED_AT:-1]:
                if known not in looked_at and _is_same(asked.words, self._titles[known].words):
                    return known
                looked_at.add(known)
        return None

    def add(self, title: str) -> None:
        """Remember a normalised title; the oldest is forgotten beyond the capacity."""
        if title in self._titles:
            self._titles.move_to_end(title)
            return
        added = self._titles[title] = _Title(title)
        for key in added.keys:
            self._by_hash.setdefault(key, []).append(title)
        if len(self._titles) > self._capacity:
            self._drop(*self._titles.popitem(last=False))

    def _drop(self, title: str, dropped: _Title) -> None:
        for key in dropped.keys:
            self._by_hash[key].remove(title)
            if not self._by_hash[key]:
                del self._by_hash[key]


class _Title:
    """A title's words that count, and their hashes."""

    __slots__ = ("keys", "words")

    def __init__(self, title: str) -> None:
        self.words = frozenset(title.split()).difference(_FILLERS)
        plain = [hash(word) for word in self.words] or [hash(title)]  # of this process alone, and much the quickest
        self.keys = (min(plain), max(plain), *[min([each ^ way for each in plain]) for way in _WAYS])


def says_the_same(first: str, second: str) -> bool:
    """Say whether two normalised titles mean one headline: one only adds to the other, and nothing that matters."""
    return first == second or _is_same(_Title(first).words, _Title(second).words)


def _is_same(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    fewer, more = (ours, theirs) if len(ours) <= len(theirs) else (theirs, ours)
    if not fewer or len(fewer) < LEAST_ALIKE * len(more) or not fewer <= more:
        return False
    return len(fewer) == len(more) or not any(word in _WEIGHTY or not word.isalpha() for word in more - fewer)
