"""A source that is visited again and again: sooner while news comes, later while none does."""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import msgspec

from engine.fetch import Fetch, Fetcher
from engine.news.source import BadItem, Ear, RawItem

SLOWEST: Final = 8.0
"""Times the usual interval, after many visits without news."""
FASTEST: Final = 0.5
_SLOWER: Final = 1.25
_JITTER: Final = 0.1
"""Part of an interval by which it is varied, so that many engines don't come at once."""
_KNOWN: Final = 2_000
_AT_ONCE: Final = 20
"""Items that are told in one go, some 3 ms; between two goes the market is heard."""

Parse = Callable[[bytes], list[RawItem]]
"""Turns a body into items, in the order of the page; raises BadItem where it is nothing of the kind.

An item without a date has ``ts_ms`` 0.
"""


class PolledSource:
    """Visits an address; tells what is new there, and of each visit what came of it."""

    def __init__(self, name: str, fetcher: Fetcher, parse: Parse, clock_ns: Callable[[], int], poll_s: float) -> None:
        """Prepare; ``poll_s``: the usual interval."""
        self._name = name
        self._fetcher = fetcher
        self._parse = parse
        self._clock_ns = clock_ns
        self._usual_s = self.interval_s = poll_s
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._is_first = True

    @property
    def name(self) -> str:
        """Return what people call it."""
        return self._name

    async def listen(self, ear: Ear) -> None:
        """Visit it until cancelled."""
        async with self._fetcher.session() as session:
            while True:
                fetch, body = await self._fetcher.get(session)
                ear.on_fetch(fetch)
                new = await self._read(fetch, body, ear)
                await asyncio.sleep(self._pause_s(fetch, new))

    async def _read(self, fetch: Fetch, body: bytes, ear: Ear) -> int:
        """Tell what a body has that was not told before; return how much that was."""
        if not fetch.is_ok:
            ear.on_trouble(f"{fetch.url}: {fetch.detail}")
            return 0
        if fetch.status == 304:
            ear.on_contact()
            return 0
        try:
            # In a thread: a large feed takes longer to read than an order may wait.
            items = await asyncio.to_thread(self._parse, body)
        except BadItem as error:
            self._fetcher.forget()
            ear.on_bad_item(f"{fetch.url}: {error}")
            ear.on_trouble(f"{fetch.url} can't be read: {error}")
            return 0
        ear.on_contact()
        fresh = [self._dated(item) for item in reversed(items) if self._is_new(item)]
        self._is_first = False
        for number, item in enumerate(fresh, 1):
            ear.on_item(item)
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
        return len(fresh)

    def _is_new(self, item: RawItem) -> bool:
        key = (item.id, item.title)  # an edit has the same id and is news
        if key in self._known:
            return False
        self._known[key] = None
        if len(self._known) > _KNOWN:
            self._known.popitem(last=False)
        return True

    def _dated(self, item: RawItem) -> RawItem:
        """Date an item that has none: by its first sight, unless it was there at the first visit, which is old news."""
        if item.ts_ms:
            return item
        ts_ms = 0 if self._is_first else self._clock_ns() // 1_000_000
        return msgspec.structs.replace(item, ts_ms=ts_ms, is_dated=False)

    def _pause_s(self, fetch: Fetch, new: int) -> float:
        if new:
            self.interval_s = max(self._usual_s * FASTEST, min(self.interval_s, self._usual_s) * FASTEST)
        elif fetch.is_ok:
            self.interval_s = min(self.interval_s * _SLOWER, self._usual_s * SLOWEST)
        else:
            self.interval_s = min(max(self.interval_s, self._usual_s) * 2, self._usual_s * SLOWEST)
        varied_s = self.interval_s * (1.0 + random.uniform(-_JITTER, _JITTER))  # noqa: S311  not for secrets
        return max(varied_s, fetch.retry_after_s)
