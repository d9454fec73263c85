"""Finds titles that say the same in nearly the same words, whoever wrote them.

Each title is hashed four ways (MinHash over its words): of two that share three quarters of their words, more than 99
in 100 pairs agree in at least one. Those few are compared word by word, because of two headlines that differ in one
word, that word may be "denies".
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final
from zlib import crc32

from engine.news.text import word_set

CAPACITY: Final = 20_000
"""Titles kept."""
LEAST_ALIKE: Final = 0.75
"""Part of all their words that two titles share."""
_WAYS: Final = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F)
"""Odd numbers that spread a hash in four ways. Source: the primes of xxHash."""
_MASK: Final = 0xFFFFFFFF
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
        self._titles: OrderedDict[str, tuple[int, ...]] = OrderedDict()
        self._by_hash: dict[int, list[str]] = {}

    def find(self, title: str) -> str | None:
        """Return a normalised title that was added before and says the same, the title itself before all others."""
        if title in self._titles:
            return title
        words = title.split()
        for key in _hashes(words):
            for known in self._by_hash.get(key, ()):
                if says_the_same(words, known.split()):
                    return known
        return None

    def add(self, title: str) -> None:
        """Remember a normalised title; the oldest is forgotten beyond the capacity."""
        if title in self._titles:
            self._titles.move_to_end(title)
            return
        keys = self._titles[title] = _hashes(title.split())
        for key in keys:
            self._by_hash.setdefault(key, []).append(title)
        if len(self._titles) > self._capacity:
            self._drop(*self._titles.popitem(last=False))

    def _drop(self, title: str, keys: tuple[int, ...]) -> None:
        for key in keys:
            self._by_hash[key].remove(title)
            if not self._by_hash[key]:
                del self._by_hash[key]


def says_the_same(first: list[str], second: list[str]) -> bool:
    """Say whether two titles' words mean one headline: one only adds to the other, and nothing that matters."""
    ours, theirs = set(first) - _FILLERS, set(second) - _FILLERS
    if not ours or not theirs:
        return first == second
    added = ours ^ theirs
    if added and not (ours < theirs or theirs < ours):
        return False
    if len(ours & theirs) < LEAST_ALIKE * len(ours | theirs):
        return False
    return not any(word in _WEIGHTY or not word.isalpha() for word in added)


def _hashes(words: list[str]) -> tuple[int, ...]:
    plain = [crc32(word.encode()) for word in words if word not in _FILLERS] or [0]
    return tuple(min(each * way & _MASK for each in plain) << 2 | place for place, way in enumerate(_WAYS))
