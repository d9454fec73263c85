"""Each item once: by its source's id, and by its title within half a day of publication."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, NamedTuple, TypeVar

from engine.core.types import NewsItem
from engine.news.text import normalise

WINDOW_NS: Final = 12 * 3600 * 1_000_000_000
"""A title that is published again later is news again: "Weekly listing announcements"."""
CAPACITY: Final = 20_000
"""Ids and titles kept, each: weeks of every feed there is, about 5 MB."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class _Heard(NamedTuple):
    ts_published_ns: int
    trust: float


class Seen:
    """Remembers what was heard, and forgets the oldest beyond its capacity."""

    def __init__(self, *, window_ns: int = WINDOW_NS, capacity: int = CAPACITY) -> None:
        """Begin with nothing heard."""
        self._window_ns = window_ns
        self._capacity = capacity
        self._ids: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._titles: OrderedDict[str, _Heard] = OrderedDict()

    def is_new(self, item: NewsItem, trust: float) -> bool:
        """Say whether an item wasn't heard before, and remember it.

        A title that a less trusted source had first is new again from a more trusted one (``trust`` 0 to 1):
        otherwise anybody could silence a headline by publishing it first.
        """
        key = (item.source, item.news_id)
        if key in self._ids:
            return False
        self._remember(self._ids, key, None)
        title = normalise(item.title)
        if not title:
            return True
        heard = self._titles.get(title)
        if heard and trust <= heard.trust and abs(item.ts_published_ns - heard.ts_published_ns) <= self._window_ns:
            return False
        self._remember(self._titles, title, _Heard(item.ts_published_ns, trust))
        return True

    def _remember(self, memory: OrderedDict[_Key, _Value], key: _Key, value: _Value) -> None:
        memory[key] = value
        memory.move_to_end(key)
        if len(memory) > self._capacity:
            memory.popitem(last=False)
