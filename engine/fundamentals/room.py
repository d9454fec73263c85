"""Looks at the slow numbers now and then, lets a process of its own judge them, and hands each new value on.

A history of years takes a second to judge: on the loop that decides, or on a thread beside it, an order would wait for
that. So each look starts a process, which ends with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urlsplit

import msgspec

from engine.core.config import TradingConfig
from engine.core.tidings import FairValue
from engine.fetch import Fetcher
from engine.fundamentals.look import Look, Question, Text, decode_look, encode_question
from engine.fundamentals.valuation import Valuation

MOST_BYTES: Final = 64 << 20
"""All metrics of an asset since its beginning are some 10 MB."""
_AGAIN_S: Final = 60.0
"""After a source that could not be read, it is tried again so soon, then with a growing pause."""
_TIMEOUT_S: Final = 60.0
_DAY_NS: Final = 86_400_000_000_000
_log = logging.getLogger(__name__)


class Unreadable(Exception):
    """A source could not be read; the text says why, without the address's query, where a key may stand."""


class Place(msgspec.Struct, frozen=True):
    """Where numbers come from: a file or an address."""

    where: str
    name: str
    """Of the asset for a CSV file, of the series for a macro one; empty for the JSON of a metrics API."""

    @property
    def shown(self) -> str:
        """The place without its query."""
        return self.where.partition("?")[0]


def metric_place(where: str) -> Place:
    """Name the asset after a CSV file (``…/eth.csv``); anything else is the JSON of a metrics API."""
    path = PurePosixPath(urlsplit(where).path)
    return Place(where, path.stem if path.suffix.lower() == ".csv" else "")


class FundamentalRoom:
    """Looks at the places every so often, and says what came of it."""

    def __init__(
        self, config: TradingConfig, on_value: Callable[[FairValue], None], clock_ns: Callable[[], int]
    ) -> None:
        """Prepare; ``clock_ns`` gives nanoseconds since the Unix epoch and says which day it is."""
        places, self._band = config.fundamentals, config.strategies.fair_value
        self._metrics = tuple(map(metric_place, places.metrics))
        self._macro = tuple(Place(where, name) for name, where in places.macro.items())
        self._on_value = on_value
        self._clock_ns = clock_ns
        self._every_s = places.every_s
        self._days: dict[str, int] = {}
        self._unread: dict[str, str] = {}
        self._last: Look | None = None

    async def run(self) -> None:
        """Look now and every so often, until cancelled; sooner again while a place can't be read."""
        pause = _AGAIN_S
        while True:
            await self._look()
            pause = min(pause * 2, self._every_s) if self._unread else _AGAIN_S
            await asyncio.sleep(pause if self._unread else self._every_s)

    def health(self) -> tuple[tuple[str, bool, str], ...]:
        """Say of each place and each asset its name, whether it is well, and what is wrong or what it is worth."""
        places = [
            (f"numbers {place.shown}", place.shown not in self._unread, self._unread.get(place.shown, "read"))
            for place in (*self._metrics, *self._macro)
        ]
        if self._last is None:
            return tuple(places)
        troubles = [("numbers", False, trouble) for trouble in self._last.troubles]
        return (*places, *troubles, *map(_in_words, self._last.valuations))

    async def _look(self) -> None:
        self._unread.clear()
        metrics, macro = await self._texts(self._metrics), await self._texts(self._macro)
        if not metrics:
            return
        today = self._clock_ns() // _DAY_NS
        seen = await _judged(Question(tuple(metrics), tuple(macro), self._band, today))
        if seen is None:
            self._unread["process"] = "the process that judges them has failed: see the engine's log"
            return
        self._last = seen
        for valuation in seen.valuations:
            self._tell(valuation)

    def _tell(self, valuation: Valuation) -> None:
        """Hand a value on, once for each day of it; log what was refused of a new one."""
        value = valuation.value
        if value is None:
            _log.warning("no fair value: %s", valuation.reason, extra={"asset": valuation.asset})
            return
        if self._days.get(value.asset, 0) >= value.day:
            return
        self._days[value.asset] = value.day
        if valuation.refusals:
            _log.warning("%d numbers were refused, the last: %s", valuation.refusals, valuation.refused[-1])
        self._on_value(msgspec.structs.replace(value, ts_recv_ns=self._clock_ns()))

    async def _texts(self, places: Sequence[Place]) -> list[Text]:
        texts = []
        for place in places:
            try:
                texts.append(Text(place.name, await self._read(place)))
            except Unreadable as error:
                self._unread[place.shown] = str(error)
                _log.warning("slow numbers can't be read: %s", error, extra={"place": place.shown})
        return texts

    async def _read(self, place: Place) -> bytes:
        """Return all that a place says: its text is not kept, so it is never asked for only what is new."""
        if not place.where.startswith(("http://", "https://")):
            return await asyncio.to_thread(_read_file, place.where)
        fetcher = Fetcher(place.where, self._clock_ns, most_bytes=MOST_BYTES, timeout_s=_TIMEOUT_S)
        async with fetcher.session() as session:
            fetch, body = await fetcher.get(session)
        if fetch.status == 200:
            return body
        raise Unreadable(f"{place.shown} {fetch.detail}" if fetch.status else f"{place.shown}: {fetch.detail}")


async def _judged(question: Question) -> Look | None:
    """Let a process of its own answer; None where it fails."""
    judge = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "engine.fundamentals.look"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        answer, _ = await judge.communicate(encode_question(question))
    finally:
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            judge.kill()
    if judge.returncode:
        _log.error("the process that judges the slow numbers ended with %s", judge.returncode)
        return None
    return decode_look(answer)


def _read_file(path: str) -> bytes:
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(open(path, "rb"))
            data = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise Unreadable(f"{path} can't be read: {error.strerror}") from None
    if len(data) > MOST_BYTES:
        raise Unreadable(f"{path} is larger than {MOST_BYTES >> 20} MB")
    return data


def _in_words(valuation: Valuation) -> tuple[str, bool, str]:
    name, value = f"fair value {valuation.asset}", valuation.value
    if value is None:
        return name, False, valuation.reason
    band = f"{value.fair_usd:,.2f} ({value.low_usd:,.2f} to {value.high_usd:,.2f})"
    return name, True, f"{band}, {valuation.refusals} numbers refused"
