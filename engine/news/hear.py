"""The news room: listens to every source, stamps what it hears, drops what was heard before, and judges the rest."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Container, Sequence
from functools import partial
from typing import Final

import msgspec

from engine.core.tidings import EDITED, Headline, NewsItem
from engine.fetch import Fetch
from engine.news.classify import classify
from engine.news.rules import Rules
from engine.news.rules_file import built_in_rules
from engine.news.seen import CAPACITY, Novelty, Seen
from engine.news.source import RawItem, Source
from engine.news.symbols import SymbolIndex
from engine.news.text import tidy, why_unclean
from engine.news.trust import Trust

_log = logging.getLogger(__name__)
_NS_PER_MS = 1_000_000
_MINUTE_NS: Final = 60_000_000_000
MOST_PER_MINUTE: Final = 20_000
"""Of one source: what is beyond is dropped unread, so that no source can take the processor from the others."""


class Visit(msgspec.Struct, frozen=True):
    """How a source has been; for the health view."""

    source: str
    is_ok: bool
    """False while it can't be heard; also before the first contact."""
    detail: str
    """What is wrong, for people; empty when all is well."""
    items: int
    repeats: int
    bad_items: int
    ts_contact_ns: int
    """When it was last there; 0 for never. A source may be silent and well."""
    ts_item_ns: int
    """When it last had a headline, new or not; 0 for never."""
    over_rate: int = 0
    """Items that were dropped because too many came at once."""
    fetch: Fetch | None = None
    """The last visit to its address, where it is visited."""
    fetches: int = 0
    """How often it was visited since the start ..."""
    failures: int = 0
    """... and how many of these visits told nothing."""

    @property
    def counts(self) -> str:
        """Return what it has said so far, for people."""
        over = f", {self.over_rate} too many at once" if self.over_rate else ""
        return f"headlines: {self.items}, {self.repeats} heard before, {self.bad_items} unreadable{over}"

    def text(self, now_ns: int) -> str:
        """Say what is wrong with it, or how much it has said, and what its address said when."""
        if self.fetch is None:
            return self.detail or self.counts
        visited = f"{self.fetch.text(now_ns)}; visits: {self.fetches}, {self.failures} failed"
        return f"{self.detail or self.counts}; {visited}" if self.fetch.is_ok else visited


class _SourceEar:
    """Hears one source, and keeps its record."""

    def __init__(
        self,
        name: str,
        on_raw: Callable[[RawItem, str, int], bool],
        clock_ns: Callable[[], int],
        *,
        has_own_name: bool,
        most_per_minute: int = MOST_PER_MINUTE,
    ) -> None:
        self._on_raw = on_raw
        self._clock_ns = clock_ns
        self._name = name
        self._has_own_name = has_own_name
        self._most_per_minute = most_per_minute
        self._minute_ns = self._in_minute = 0
        self._is_ok = False
        self._detail = "not heard yet"
        self._items = self._repeats = self._bad_items = self._over_rate = 0
        self._ts_contact_ns = self._ts_item_ns = 0
        self._fetch: Fetch | None = None
        self._fetches = self._failures = 0

    @property
    def visit(self) -> Visit:
        """Show how the source has been so far."""
        return Visit(
            self._name,
            self._is_ok,
            self._detail,
            self._items,
            self._repeats,
            self._bad_items,
            self._ts_contact_ns,
            self._ts_item_ns,
            self._over_rate,
            self._fetch,
            self._fetches,
            self._failures,
        )

    def on_item(self, item: RawItem, ts_recv_ns: int = 0) -> None:
        """Pass an item on, unless there are too many; ``ts_recv_ns`` where it did not come just now."""
        recv_ns = ts_recv_ns or self._clock_ns()
        if self._is_flooding(recv_ns):
            self._over_rate += 1
            return
        is_new = self._on_raw(item, self._name if self._has_own_name or not item.source else item.source, recv_ns)
        self._items, self._ts_item_ns = self._items + 1, recv_ns
        self._repeats += not is_new

    def on_contact(self) -> None:
        if not self._is_ok:
            _log.info("a news source is heard", extra={"source": self._name})
        self._is_ok, self._detail, self._ts_contact_ns = True, "", self._clock_ns()

    def on_trouble(self, reason: str) -> None:
        if reason != self._detail:
            _log.warning("a news source is lost", extra={"source": self._name, "reason": reason})
        self._is_ok, self._detail = False, reason

    def on_bad_item(self, reason: str) -> None:
        _log.warning("a news item was dropped", extra={"source": self._name, "reason": reason})
        self._bad_items += 1

    def on_fetch(self, fetch: Fetch) -> None:
        before, self._fetch = self._fetch, fetch
        self._fetches, self._failures = self._fetches + 1, self._failures + (not fetch.is_ok)
        level = logging.DEBUG if before is not None and before.detail == fetch.detail else logging.INFO
        _log.log(level, "a news source was visited: %s", fetch.text(fetch.ts_ns), extra={"source": self._name})

    def _is_flooding(self, now_ns: int) -> bool:
        """Count an item of this minute; say whether there are more than any newsroom writes."""
        if now_ns - self._minute_ns >= _MINUTE_NS:
            self._minute_ns, self._in_minute = now_ns, 0
        self._in_minute += 1
        return self._in_minute > self._most_per_minute


class NewsRoom:
    """Runs the sources as tasks of the running loop and hands each new headline on, synchronously."""

    def __init__(
        self,
        sources: Sequence[Source],
        index: SymbolIndex,
        on_headline: Callable[[Headline], None],
        clock_ns: Callable[[], int],
        rules: Rules | None = None,
        trust: Trust | None = None,
        own_names: Container[str] = (),
        *,
        capacity: int = CAPACITY,
        most_per_minute: int = MOST_PER_MINUTE,
    ) -> None:
        """Prepare; ``clock_ns`` gives nanoseconds since the Unix epoch and stamps the moment of receipt.

        ``own_names``: the sources whose items come under their name, whoever the items say they are from;
        ``capacity``: ids and titles remembered; ``most_per_minute``: items of one source that are read.
        """
        self.index = index
        """May be replaced when the venue's instruments change."""
        self._rules = rules or built_in_rules()
        self._trust = trust or Trust()
        self._on_headline = on_headline
        self._clock_ns = clock_ns
        self._seen = Seen(capacity=capacity)
        self._sources = [
            (
                one,
                _SourceEar(
                    one.name,
                    self._hear,
                    clock_ns,
                    has_own_name=one.name in own_names,
                    most_per_minute=most_per_minute,
                ),
            )
            for one in sources
        ]

    async def run(self) -> None:
        """Listen to every source until cancelled. One that ends by a fault is told to the loop, the others go on."""
        tasks = []
        for source, ear in self._sources:
            task = asyncio.create_task(source.listen(ear), name=f"news:{source.name}")
            task.add_done_callback(partial(_report_end, ear))
            tasks.append(task)
        try:
            await asyncio.Event().wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def visits(self) -> tuple[Visit, ...]:
        """Say of each source how it is and when it was last heard."""
        return tuple(ear.visit for _, ear in self._sources)

    def health(self) -> tuple[tuple[str, bool, str], ...]:
        """Say of each source its name, whether it is heard, and what is wrong or how much it has said."""
        now_ns = self._clock_ns()
        return tuple((f"news {one.source}", one.is_ok, one.text(now_ns)) for one in self.visits())

    def _hear(self, raw: RawItem, source: str, ts_recv_ns: int) -> bool:
        """Take an item of a source, and say whether it was new. What no order waits for comes after the order."""
        item = NewsItem(source, raw.id, tidy(raw.title), raw.url, raw.ts_ms * _NS_PER_MS, ts_recv_ns)
        trust = self._trust.of(source)
        novelty = self._seen.look(item, trust)
        try:
            if novelty == "repeat":
                return False
            headline = classify(item, self._rules, self.index, trust, _doubts(raw, novelty))
            if novelty != "echo" or (headline.score and headline.symbols):
                self._on_headline(headline)
            return novelty != "echo"
        finally:
            self._seen.keep(item, trust, novelty)


def _doubts(raw: RawItem, novelty: Novelty) -> tuple[str, ...]:
    """Say why an item can lead to a question at most (C23)."""
    unclean = why_unclean(raw.title)
    if novelty == "new" and raw.is_dated and not unclean:
        return ()
    reasons = (
        EDITED if novelty == "edit" else "",
        "" if raw.is_dated else "C23_UNDATED: its source does not say when it was published",
        f"C23_UNCLEAN: its title has {unclean}" if unclean else "",
    )
    return tuple(filter(None, reasons))


def _report_end(ear: _SourceEar, task: asyncio.Task[None]) -> None:
    """Tell of a source that ended by a fault of ours: the loop's handler decides what that means for the process."""
    if task.cancelled() or (error := task.exception()) is None:
        return
    ear.on_trouble(f"stopped by {type(error).__name__}: {error}")
    task.get_loop().call_exception_handler(
        {"message": f"the news source {ear.visit.source} stopped", "exception": error, "task": task}
    )
