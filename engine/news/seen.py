"""Each item once: by its source's id, and by what its title says within half a day of publication."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, Literal, NamedTuple, TypeVar

from engine.core.tidings import NewsItem
from engine.news.near import NearTitles
from engine.news.text import normalise

WINDOW_NS: Final = 12 * 3600 * 1_000_000_000
"""A title that is published again later is news again: "Weekly listing announcements"."""
CAPACITY: Final = 20_000
"""Ids and titles kept, each: weeks of every feed there is, about 10 MB."""

Novelty = Literal["new", "edit", "echo", "repeat"]
"""``edit``: the same item with other words; ``echo``: what another source said before."""
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class _Heard(NamedTuple):
    ts_published_ns: int
    trust: float
    source: str


class Seen:
    """Remembers what was heard, and forgets the oldest beyond its capacity."""

    def __init__(self, *, window_ns: int = WINDOW_NS, capacity: int = CAPACITY) -> None:
        """Begin with nothing heard."""
        self._window_ns = window_ns
        self._capacity = capacity
        self._ids: OrderedDict[tuple[str, str], str] = OrderedDict()
        """The title under which each was heard last, as titles are compared."""
        self._titles: OrderedDict[str, _Heard] = OrderedDict()
        self._near = NearTitles(capacity)
        self._known = ""
        """Of the title that was looked at last: one like it that was heard before, or itself."""

    def hear(self, item: NewsItem, trust: float) -> Novelty:
        """Say what is new about an item, and remember it."""
        novelty = self.look(item, trust)
        self.keep(item, trust, novelty)
        return novelty

    def look(self, item: NewsItem, trust: float) -> Novelty:
        """Say what is new about an item; ``keep`` is to follow.

        A title that a less trusted source had first is new again from a more trusted one (``trust`` 0 to 1):
        otherwise anybody could silence a headline by publishing it first.
        """
        title = normalise(item.title)
        before = self._ids.get((item.source, item.news_id))
        if before is not None:
            return "repeat" if before == title else "edit"
        if not title:
            return "new"
        self._known = self._near.find(title) or title
        heard = self._titles.get(self._known)
        if heard is None or trust > heard.trust:
            return "new"
        if abs(item.ts_published_ns - heard.ts_published_ns) > self._window_ns:
            return "new"
        return "repeat" if heard.source == item.source else "echo"

    def keep(self, item: NewsItem, trust: float, novelty: Novelty) -> None:
        """Remember the item that was looked at last; no order waits for this."""
        title = normalise(item.title)
        self._remember(self._ids, (item.source, item.news_id), title)
        if novelty == "new" and title:
            self._near.add(self._known)
            self._remember(self._titles, self._known, _Heard(item.ts_published_ns, trust, item.source))

    def _remember(self, memory: OrderedDict[_Key, _Value], key: _Key, value: _Value) -> None:
        memory[key] = value
        memory.move_to_end(key)
        if len(memory) > self._capacity:
            memory.popitem(last=False)
