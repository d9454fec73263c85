"""Finds titles that say the same in nearly the same words, whoever wrote them.

Of two such titles one has all the words of the other, and at most a quarter more. So every title is listed under each
of its words, and who looks for a title's likes has to look under its rarest words alone: one more than it may have too
many. Most headlines have more words that were never heard than that, and need no look at all. What is found is
compared word by word, because of two headlines that differ in one word, that word may be "denies".
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from engine.news.text import word_set

CAPACITY: Final = 20_000
"""Titles kept."""
LEAST_ALIKE: Final = 0.75
"""Part of all their words that two titles share."""
_LOOKED_AT: Final = 16
"""The newest titles with one word that are compared: a feed that repeats itself for weeks costs no more."""
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
"""Words that change everything when they are added, as any number does."""


class NearTitles:
    """The titles of late, found again by their likes."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        """Begin with none."""
        self._capacity = capacity
        self._titles: OrderedDict[str, _Title] = OrderedDict()
        self._by_word: dict[str, list[_Title]] = {word: [] for word in _FILLERS}
        """Under each word the titles that have it, the newest last; under those that change nothing none."""

    def find(self, title: str) -> str | None:
        """Return a normalised title that was added before and says the same, the title itself before all others."""
        if title in self._titles:
            return title
        spoken = frozenset(title.split())
        new = spoken.difference(self._by_word)
        if len(new) > (1.0 - LEAST_ALIKE) * len(spoken) or _matter(new):
            return None  # as of most headlines: an order waits, and the rest need not be asked
        words = spoken - _FILLERS
        spare = int((1.0 - LEAST_ALIKE) * len(words))
        if len(new) > spare or len(new) == len(words):
            return None
        listed = sorted((self._by_word[word] for word in words.difference(new)), key=len)
        for titles in listed[: spare - len(new) + 1]:
            newest = titles[: -_LOOKED_AT - 1 : -1]
            alike = [*filter(words.issuperset, newest)]
            if not new:
                alike += filter(words.issubset, newest)
            for known in alike:
                if _is_same(words, known):
                    return known.text
        return None

    def add(self, title: str) -> None:
        """Remember a normalised title; the oldest is forgotten beyond the capacity."""
        if title in self._titles:
            self._titles.move_to_end(title)
            return
        added = self._titles[title] = _Title(telling_words(title))
        added.text = title
        for word in added:
            self._by_word.setdefault(word, []).append(added)
        if len(self._titles) > self._capacity:
            self._drop(self._titles.popitem(last=False)[1])

    def _drop(self, dropped: _Title) -> None:
        for word in dropped:
            titles = self._by_word[word]
            del titles[next(at for at, one in enumerate(titles) if one is dropped)]
            if not titles:
                del self._by_word[word]


class _Title(frozenset[str]):
    """A title's words that count."""

    __slots__ = ("text",)
    text: str


def telling_words(title: str) -> frozenset[str]:
    """Return a normalised title's words without those that change nothing."""
    return frozenset(title.split()) - _FILLERS


def _is_same(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    """Say whether titles of which one has all the words of the other mean one headline."""
    fewer, more = (ours, theirs) if len(ours) <= len(theirs) else (theirs, ours)
    return len(fewer) >= LEAST_ALIKE * len(more) and not _matter(more - fewer)


def _matter(added: frozenset[str]) -> bool:
    """Say whether words make another headline of one that they are added to; each number does."""
    return not (_WEIGHTY.isdisjoint(added) and all(map(str.isalpha, added)))
