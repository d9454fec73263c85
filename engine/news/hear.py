"""The news room: listens to every source, stamps what it hears, drops what was heard before, and judges the rest."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from engine.core.types import Headline, NewsItem
from engine.news.classify import classify
from engine.news.rules import Rules
from engine.news.rules_file import built_in_rules
from engine.news.seen import Seen
from engine.news.source import RawItem, Source
from engine.news.symbols import SymbolIndex
from engine.news.text import tidy
from engine.news.trust import Trust

_log = logging.getLogger(__name__)
_NS_PER_MS = 1_000_000


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

    @property
    def counts(self) -> str:
        """Return what it has said so far, for people."""
        return f"headlines: {self.items}, {self.repeats} heard before, {self.bad_items} unreadable"


class _SourceEar:
    """Hears one source, and keeps its record."""

    def __init__(self, name: str, on_raw: Callable[[RawItem], bool], clock_ns: Callable[[], int]) -> None:
        self._on_raw = on_raw
        self._clock_ns = clock_ns
        self.visit = Visit(name, False, "not heard yet", 0, 0, 0, 0, 0)

    def on_item(self, item: RawItem) -> None:
        is_new = self._on_raw(item)
        visit = self.visit
        self._note(items=visit.items + 1, repeats=visit.repeats + (not is_new), ts_item_ns=self._clock_ns())

    def on_contact(self) -> None:
        if not self.visit.is_ok:
            _log.info("a news source is heard", extra={"source": self.visit.source})
        self._note(is_ok=True, detail="", ts_contact_ns=self._clock_ns())

    def on_trouble(self, reason: str) -> None:
        if reason != self.visit.detail:
            _log.warning("a news source is lost", extra={"source": self.visit.source, "reason": reason})
        self._note(is_ok=False, detail=reason)

    def on_bad_item(self, reason: str) -> None:
        _log.warning("a news item was dropped", extra={"source": self.visit.source, "reason": reason})
        self._note(bad_items=self.visit.bad_items + 1)

    def _note(self, **changes: object) -> None:
        self.visit = msgspec.structs.replace(self.visit, **changes)


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
    ) -> None:
        """Prepare; ``clock_ns`` gives nanoseconds since the Unix epoch and stamps the moment of receipt."""
        self.index = index
        """May be replaced when the venue's instruments change."""
        self._rules = rules or built_in_rules()
        self._trust = trust or Trust()
        self._on_headline = on_headline
        self._clock_ns = clock_ns
        self._seen = Seen()
        self._sources = [(source, _SourceEar(source.name, self._hear, clock_ns)) for source in sources]

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
        return tuple((f"news {one.source}", one.is_ok, one.detail or one.counts) for one in self.visits())

    def _hear(self, raw: RawItem) -> bool:
        """Take an item, and say whether it was new."""
        item = NewsItem(raw.source, raw.id, tidy(raw.title), raw.url, raw.ts_ms * _NS_PER_MS, self._clock_ns())
        trust = self._trust.of(item.source)
        is_new = self._seen.is_new(item, trust)
        if is_new:
            self._on_headline(classify(item, self._rules, self.index, trust))
        return is_new


def _report_end(ear: _SourceEar, task: asyncio.Task[None]) -> None:
    """Tell of a source that ended by a fault of ours: the loop's handler decides what that means for the process."""
    if task.cancelled() or (error := task.exception()) is None:
        return
    ear.on_trouble(f"stopped by {type(error).__name__}: {error}")
    task.get_loop().call_exception_handler(
        {"message": f"the news source {ear.visit.source} stopped", "exception": error, "task": task}
    )
