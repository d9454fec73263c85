"""The sources over real sockets and files: everything is heard, what is broken is told, and they come back."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest
from news_samples import Feed, Notes, item_line, listening
from picows import WSListener, WSMsgType, WSTransport, ws_create_server

from engine.clock import now_ns
from engine.news.file import READ_BYTES, FileSource
from engine.news.source import LONGEST_ITEM, BadItem, read_item
from engine.news.stream import StreamSource


async def test_a_feed_is_heard_item_by_item() -> None:
    """Items arrive in order, through a real socket."""
    feed = Feed()
    feed.greeting = [item_line("1"), item_line("2")]
    async with feed.serving(), listening(StreamSource("feed", feed.url, now_ns)) as notes:
        assert await notes.until("item", 2) == ["1", "2"]
        await feed.connections[0].send_str(item_line("3"))
        assert await notes.until("item", 3) == ["1", "2", "3"]


async def test_a_frame_is_stamped_as_it_arrives_and_told_without_a_queue() -> None:
    """Its item is told in the socket's own callback, with the time at which that began; contact comes after it."""
    feed, ticks = Feed(), iter(range(1, 100))
    feed.greeting = [item_line("1"), "hello", item_line("2")]
    async with feed.serving(), listening(StreamSource("feed", feed.url, lambda: next(ticks))) as notes:
        await notes.until("item", 2)
    assert notes.times_ns == [1, 3]
    assert [kind for kind, _ in notes.told[:6]] == ["contact", "item", "contact", "bad", "item", "contact"]


async def test_an_item_in_parts_is_put_together() -> None:
    """A frame that comes in parts is one item; parts without end are refused as an item too large."""

    async def serve(socket: WSTransport) -> None:
        line = item_line("1").encode()
        socket.send(WSMsgType.TEXT, line[:10], fin=False)
        socket.send(WSMsgType.CONTINUATION, line[10:])
        socket.send(WSMsgType.TEXT, b"x" * (LONGEST_ITEM - 10), fin=False)
        socket.send(WSMsgType.CONTINUATION, b"x" * 20)

    class Peer(WSListener):
        def on_ws_connected(self, transport: WSTransport) -> None:
            asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(serve(transport)))

    server = await ws_create_server(lambda request: Peer(), "127.0.0.1", 0)
    url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with listening(StreamSource("feed", url, now_ns, first_pause_s=60.0)) as notes:
        await notes.until("trouble", 1)
        assert notes.of("item") == ["1"]
        assert f"more than {LONGEST_ITEM} bytes" in notes.of("trouble")[0]
    server.close()


async def test_what_is_no_item_is_told_and_passed_over() -> None:
    """A broken message costs itself only."""
    feed = Feed()
    feed.greeting = ["hello", b"\x00\xff", '{"id":"1"}', item_line("7")]
    async with feed.serving(), listening(StreamSource("feed", feed.url, now_ns)) as notes:
        assert await notes.until("item", 1) == ["7"]
        assert len(notes.of("bad")) == 3


async def test_a_feed_that_comes_back_is_heard_again() -> None:
    """After the feed's restart the source is there again, and both are told."""
    feed = Feed()
    feed.greeting = [item_line("1")]
    async with feed.serving(), listening(StreamSource("feed", feed.url, now_ns, first_pause_s=0.01)) as notes:
        await notes.until("item", 1)
        await feed.connections[0].close()
        await notes.until("item", 2)
    assert "ended the connection (code 1000)" in notes.of("trouble")[0]


async def test_a_feed_that_is_not_there_yet_is_waited_for() -> None:
    """Refused connections are told, and tried again until one succeeds."""
    feed = Feed()
    async with feed.serving():
        port = feed.port
    feed.greeting = [item_line("1")]
    async with listening(StreamSource("feed", feed.url, now_ns, first_pause_s=0.01)) as notes:
        await notes.until("trouble", 2)
        async with feed.serving(port):
            assert await notes.until("item", 1) == ["1"]
    assert "can't be reached" in notes.of("trouble")[0]


async def test_a_half_open_connection_is_noticed_by_ping() -> None:
    """A feed that answers no ping any more is left and tried again."""
    feed = Feed()
    async with feed.serving(answers_pings=False):
        source = StreamSource("feed", feed.url, now_ns, first_pause_s=0.01, ping_s=0.05)
        async with listening(source) as notes:
            await notes.until("trouble", 1)
            await notes.until("contact", 2)
    assert feed.pings > 0


async def test_an_item_too_large_ends_that_connection_only() -> None:
    """A message beyond every headline is refused, and the source comes back."""
    feed = Feed()
    feed.greeting = [item_line("1", "x" * (LONGEST_ITEM + 1))]
    async with feed.serving(), listening(StreamSource("feed", feed.url, now_ns, first_pause_s=0.01)) as notes:
        await notes.until("contact", 2)
        assert notes.of("item") == []


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""},
        {"id": 7},
        {"title": ""},
        {"title": "x" * 1001},
        {"title": None},
        {"url": "javascript:alert(1)"},
        {"url": "https://a b"},
        {"url": "https://"},
        {"url": "https://a\u00a0b"},
        {"ts_ms": -1},
        {"ts_ms": 1e300},
        {"ts_ms": 1511877600000000000},
        {"ts_ms": "2017"},
        {"source": ""},
    ],
)
def test_an_item_out_of_bounds_is_refused_in_words(change: dict[str, object]) -> None:
    """Each field has its bounds, and the sentence names the field."""
    with pytest.raises(BadItem, match=next(iter(change))):
        read_item(json.dumps(json.loads(item_line("1")) | change))


def test_unknown_fields_are_ignored() -> None:
    """A source may say more than we read."""
    assert read_item(json.dumps(json.loads(item_line("1")) | {"lang": "en"})).id == "1"


def test_a_file_is_read_as_it_grows(tmp_path: Path) -> None:
    """Whole lines are heard once each; a last line without its end waits for the rest."""
    path, notes = tmp_path / "news.jsonl", Notes()
    source = FileSource("file", path)
    path.write_text(item_line("1") + "\n" + item_line("2")[:20])
    source.look(notes)
    source.look(notes)
    assert notes.of("item") == ["1"]
    with path.open("a") as file:
        file.write(item_line("2")[20:] + "\n\n" + item_line("3") + "\r\n")
    source.look(notes)
    assert notes.of("item") == ["1", "2", "3"]
    assert notes.of("bad") == []


def test_a_bad_line_is_told_with_its_number(tmp_path: Path) -> None:
    """What follows it is heard."""
    path, notes = tmp_path / "news.jsonl", Notes()
    path.write_bytes(item_line("1").encode() + b"\nnonsense\n\xff\xfe\n" + item_line("4").encode() + b"\n")
    FileSource("file", path).look(notes)
    assert notes.of("item") == ["1", "4"]
    assert [bad.split(":")[0] for bad in notes.of("bad")] == [f"{path}, line 2", f"{path}, line 3"]


def test_a_file_that_is_missing_or_goes_away_is_told(tmp_path: Path) -> None:
    """It is waited for, and a new one is read from its start."""
    path, notes = tmp_path / "news.jsonl", Notes()
    source = FileSource("file", path)
    source.look(notes)
    assert "can't be read (No such file or directory)" in notes.of("trouble")[0]
    path.write_text(item_line("1") + "\n")
    source.look(notes)
    (tmp_path / "new").write_text(item_line("2") + "\n" + item_line("3") + "\n")
    os.replace(tmp_path / "new", path)
    source.look(notes)
    path.write_text(item_line("4") + "\n")
    source.look(notes)
    assert notes.of("item") == ["1", "2", "3", "4"]


def test_a_large_file_is_read_in_pieces(tmp_path: Path) -> None:
    """One look reads a bounded part; the next ones read on without anything lost between."""
    path, notes = tmp_path / "news.jsonl", Notes()
    count = 3 * READ_BYTES // len(item_line("1000")) + 1
    path.write_text("".join(item_line(str(number)) + "\n" for number in range(count)))
    source = FileSource("file", path)
    source.look(notes)
    assert 0 < len(notes.of("item")) < count
    assert source.look(notes)
    while source.look(notes):
        pass
    assert notes.of("item") == [str(number) for number in range(count)]


def test_a_line_without_end_is_bounded(tmp_path: Path) -> None:
    """A line longer than any item is one bad line, and memory stays bounded meanwhile."""
    path, notes = tmp_path / "news.jsonl", Notes()
    path.write_text("x" * (5 * LONGEST_ITEM) + "\n" + item_line("2") + "\n")
    source = FileSource("file", path)
    while source.look(notes):
        pass
    assert notes.of("item") == ["2"]
    assert len(notes.of("bad")) == 1


async def test_a_file_is_followed_by_the_loop(tmp_path: Path) -> None:
    """Nobody needs to call: what is appended is heard."""
    path = tmp_path / "news.jsonl"
    async with listening(FileSource("file", path, poll_s=0.005)) as notes:
        await notes.until("trouble", 1)
        path.write_text(item_line("1") + "\n")
        assert await notes.until("item", 1) == ["1"]
        with path.open("a") as file:
            file.write(item_line("2") + "\n")
        assert await notes.until("item", 2) == ["1", "2"]
