"""The news room: from a source to a headline, once, stamped, judged, and with a record of each source."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from news_samples import ANNOUNCED, DENIED, INDEX, PUBLISHED_MS, Feed, item_line
from waiting import until

from engine.core.tidings import Headline
from engine.core.types import Symbol
from engine.fetch import Fetch
from engine.news.file import FileSource
from engine.news.hear import NewsRoom, Visit
from engine.news.source import Ear, RawItem, Source
from engine.news.stream import StreamSource
from engine.news.text import tidy, why_unclean

NOW_NS = 1_511_877_601_234_567_890


def room_of(*sources: Source, on_headline: Callable[[Headline], None] | None = None) -> tuple[NewsRoom, list[Headline]]:
    """A room with a clock that stands still, and what it heard."""
    heard: list[Headline] = []
    return NewsRoom(sources, INDEX, on_headline or heard.append, lambda: NOW_NS), heard


@asynccontextmanager
async def running(room: NewsRoom) -> AsyncIterator[None]:
    """Run a room for the length of a block."""
    task = asyncio.create_task(room.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_the_storys_headlines_are_heard_and_judged() -> None:
    """Announcement and denial come through a real socket, stamped with their receipt."""
    feed = Feed()
    feed.greeting = [item_line("1", ANNOUNCED, url="https://e.example/1"), item_line("2", DENIED)]
    async with feed.serving():
        room, heard = room_of(StreamSource("story", feed.url, lambda: NOW_NS))
        async with running(room):
            await until(lambda: len(heard) == 2)
    assert [(one.label, one.score, one.symbols) for one in heard] == [
        ("partnership", 0.7, (Symbol("IOTAUSDT"),)),
        ("denial", -0.7, (Symbol("IOTAUSDT"),)),
    ]
    assert heard[0].item.ts_published_ns == PUBLISHED_MS * 1_000_000
    assert heard[0].item.ts_recv_ns == NOW_NS
    assert heard[0].item.url == "https://e.example/1"


async def test_what_two_sources_say_is_heard_once(tmp_path: Path) -> None:
    """The second source's copy is counted as a repeat, and passed on as what it is: a second voice."""
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_text(item_line("1", ANNOUNCED) + "\n" + item_line("1", ANNOUNCED) + "\nbroken\n")
    second.write_text(item_line("9", ANNOUNCED.upper(), source="copy") + "\n")
    room, heard = room_of(FileSource("a", first), FileSource("b", second))
    async with running(room):
        await until(lambda: all(visit.items for visit in room.visits()))
    assert [(one.item.source, one.item.news_id) for one in heard] == [("story", "1"), ("copy", "9")]
    a, b = room.visits()
    assert (a.source, a.is_ok, a.items, a.repeats, a.bad_items) == ("a", True, 2, 1, 1)
    assert (b.source, b.is_ok, b.items, b.repeats, b.bad_items) == ("b", True, 1, 1, 0)
    assert (b.ts_contact_ns, b.ts_item_ns) == (NOW_NS, NOW_NS)
    assert room.health() == (
        ("news a", True, "headlines: 2, 1 heard before, 1 unreadable"),
        ("news b", True, "headlines: 1, 1 heard before, 0 unreadable"),
    )


async def test_titles_reach_people_without_entities(tmp_path: Path) -> None:
    """Entities are undone and white space is folded, letters stay."""
    (tmp_path / "a").write_text(item_line("1", "  ETH &amp;\n BTC &lt;rise&gt; é") + "\n")
    room, heard = room_of(FileSource("a", tmp_path / "a"))
    async with running(room):
        await until(lambda: len(heard) == 1)
    assert heard[0].item.title == "ETH & BTC <rise> é"


async def test_a_lost_source_is_not_well(tmp_path: Path) -> None:
    """Before its first contact and while it is lost a source is not ok, and says why."""
    room, _ = room_of(FileSource("a", tmp_path / "a"))
    assert room.health() == (("news a", False, "not heard yet"),)
    assert room.visits()[0].ts_contact_ns == 0
    async with running(room):
        await until(lambda: "can't be read" in room.visits()[0].detail)
        assert not room.visits()[0].is_ok


def test_a_visit_that_failed_is_said_once() -> None:
    """With its address, and how long ago it was."""
    detail = "it unpacks to more than 4 MB"
    fetch = Fetch("http://wire.example/feed", 0, 10**9, 7, 0, "", detail)
    visit = Visit("wire", False, f"{fetch.url}: {detail}", 3, 1, 0, 0, 0, fetch=fetch, fetches=9, failures=2)
    said = f"http://wire.example/feed 5 s ago: {detail} in 7 ms; visits: 9, 2 failed"
    assert visit.text(6 * 10**9) == said
    was_there = structs.replace(fetch, status=200, detail="")
    unreadable = structs.replace(visit, detail="http://wire.example/feed can't be read: no feed", fetch=was_there)
    assert unreadable.text(6 * 10**9).startswith("http://wire.example/feed can't be read: no feed; http://wire")


class Visited:
    """A source that was visited five times."""

    name = "wire"

    async def listen(self, ear: Ear) -> None:
        """Tell of the visits."""
        for i, status in enumerate((200, 304, 304, 0, 304)):
            ear.on_fetch(Fetch("http://wire.example/feed", status, i, 1, 0, "", "" if status else "refused"))


async def test_every_visit_is_counted_and_one_that_ended_otherwise_is_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    room, _ = room_of(Visited())
    with caplog.at_level("DEBUG", logger="engine.news.hear"):
        async with running(room):
            await until(lambda: room.visits()[0].fetches == 5)
    assert room.visits()[0].failures == 1
    told = [record for record in caplog.records if record.message.startswith("a news source was visited")]
    assert [record.levelname for record in told] == ["INFO", "DEBUG", "DEBUG", "INFO", "INFO"]


def test_what_turns_the_direction_of_writing_does_not_reach_people() -> None:
    """It would turn round what a message says behind the title; that the title had it is a doubt still."""
    assert tidy("\u202eATOI listed\u2066 now\u200f") == "ATOI listed now"
    assert tidy("IO\u202eTA listed") == "IO TA listed"
    assert why_unclean("\u202eATOI listed") == "invisible characters"


class Undated:
    """A source that says one thing, and not when it was published."""

    name = "undated"

    async def listen(self, ear: Ear) -> None:
        """Say it."""
        ear.on_item(RawItem("1", "story", ANNOUNCED, "", PUBLISHED_MS, is_dated=False))


async def test_what_its_source_does_not_date_is_a_reason_to_look_twice() -> None:
    """C23: its words are judged as usual, and with the doubt it is asked about at most."""
    room, heard = room_of(Undated())
    async with running(room):
        await until(lambda: bool(heard))
    assert (heard[0].label, heard[0].doubts) == (
        "partnership",
        ("C23_UNDATED: its source does not say when it was published",),
    )


async def test_a_source_ended_by_a_fault_is_told_to_the_loop(tmp_path: Path) -> None:
    """What the caller's function raises is never swallowed: the loop's handler hears it, the visit says it."""

    def fail(headline: Headline) -> None:
        raise RuntimeError(f"core: {headline.label}")

    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    (tmp_path / "a").write_text(item_line("1", ANNOUNCED) + "\n")
    room, _ = room_of(FileSource("a", tmp_path / "a"), on_headline=fail)
    async with running(room):
        await until(lambda: bool(told))
        assert str(told[0]["exception"]) == "core: partnership"
        assert room.visits()[0].detail == "stopped by RuntimeError: core: partnership"


@pytest.mark.parametrize("count", [0, 3])
async def test_cancelling_ends_every_source(count: int) -> None:
    """Once it is told to stop, nothing is heard any more."""

    class Endless:
        name = "endless"
        is_listening = False

        async def listen(self, ear: Ear) -> None:
            ear.on_contact()
            self.is_listening = True
            try:
                await asyncio.Event().wait()
            finally:
                self.is_listening = False

    sources = [Endless() for _ in range(count)]
    room, _ = room_of(*sources)
    async with running(room):
        await until(lambda: all(source.is_listening for source in sources))
    assert not any(source.is_listening for source in sources)
