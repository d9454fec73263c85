"""The line to the engine, over a real Unix socket: replies, events without a gap, and an engine that goes and comes."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import web

from engine.wire.codec import decode_command, encode
from engine.wire.commands import AnyCommand, GetSnapshot, GetStatus, Who
from engine.wire.events import AnyEvent, Notice
from engine.wire.line import EngineLine, Followed, Follower, LineDown, socket_path
from engine.wire.replies import OrdersView, Reply, Snapshot
from engine.wire.version import HEADER, MIXED
from engine.wire.views import PositionsView, StatusView

ANN = Who("ann", "ann", "cli")
STATUS = StatusView("1", "c", "paper", "p", False, "", "ask", (), (), (), "0", "USDT", 0, 0, 0, 0, 0, 0)
WITHIN_S = 30.0


def snapshot(seq: int) -> Snapshot:
    return Snapshot(seq, STATUS, PositionsView("USDT", "0", "0", "0", (), ()), OrdersView((), ()), (), ())


def notice(seq: int) -> Notice:
    return Notice(seq=seq, ts_ns=0, severity="info", code="TEST", text=str(seq))


class Engine:
    """The other end: answers what it is told to, and says what a test says."""

    def __init__(self, answer: Callable[[AnyCommand], Reply | None]) -> None:
        self.answer = answer
        self.heard: asyncio.Queue[AnyCommand] = asyncio.Queue()
        self.lines: list[web.WebSocketResponse] = []
        self.queries: list[str] = []

    @contextlib.asynccontextmanager
    async def serving(self, home: Path) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_get("/line", self._line)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.UnixSite(runner, str(socket_path(home))).start()
        try:
            yield
        finally:
            await self.hang_up()
            await runner.cleanup()

    async def say(self, *events: AnyEvent) -> None:
        for event in events:
            await self.lines[-1].send_str(encode(event).decode())

    async def hang_up(self) -> None:
        for line in self.lines:
            await line.close()

    async def _line(self, request: web.Request) -> web.WebSocketResponse:
        line = web.WebSocketResponse()
        await line.prepare(request)
        self.lines.append(line)
        self.queries.append(request.query_string)
        async for frame in line:
            command = decode_command(frame.data)
            self.heard.put_nowait(command)
            if (reply := self.answer(command)) is not None:
                await line.send_str(encode(reply).decode())
        return line


def knows(seq: int) -> Callable[[AnyCommand], Reply]:
    return lambda command: Reply(
        command.id, True, "OK", "here", snapshot(seq) if isinstance(command, GetSnapshot) else STATUS
    )


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="line-") as folder:
        yield Path(folder)


async def take(line: EngineLine, count: int) -> list[Followed]:
    events = line.events()
    async with asyncio.timeout(WITHIN_S):
        return [await anext(events) for _ in range(count)]


async def test_a_command_gets_its_reply(home: Path) -> None:
    engine = Engine(knows(0))
    async with engine.serving(home), EngineLine(socket_path(home)) as line:
        reply = await line.ask(GetStatus(id="c-1", who=ANN))
        assert (reply.command_id, reply.result) == ("c-1", STATUS)
        assert line.is_connected
        assert engine.queries == [""]


async def test_without_an_engine_a_sentence_says_what_to_do(home: Path) -> None:
    async with EngineLine(socket_path(home), patience_s=0.05) as line:
        with pytest.raises(LineDown, match="trader run"):
            await line.ask(GetStatus(id="c-1", who=ANN))


async def test_an_answer_that_does_not_come_is_an_unknown_outcome(home: Path) -> None:
    engine = Engine(lambda _command: None)
    async with engine.serving(home), EngineLine(socket_path(home), timeout_s=0.05) as line:
        with pytest.raises(LineDown, match="not known whether"):
            await line.ask(GetStatus(id="c-1", who=ANN))


async def test_a_line_cut_before_the_answer_is_an_unknown_outcome(home: Path) -> None:
    engine = Engine(lambda _command: None)
    async with engine.serving(home), EngineLine(socket_path(home)) as line:
        asking = asyncio.create_task(line.ask(GetStatus(id="c-1", who=ANN)))
        await engine.heard.get()
        await engine.hang_up()
        with pytest.raises(LineDown, match="not known whether"):
            await asking


async def test_the_same_command_asked_twice_at_once_is_sent_once(home: Path) -> None:
    engine = Engine(knows(0))
    async with engine.serving(home), EngineLine(socket_path(home)) as line:
        command = GetStatus(id="c-1", who=ANN)
        await line.wait_until(connected=True)
        first, second = await asyncio.gather(line.ask(command), line.ask(command))
        assert first == second
        assert engine.heard.qsize() == 1


async def test_a_watcher_gets_the_snapshot_and_then_every_event(home: Path) -> None:
    engine = Engine(knows(4))
    async with engine.serving(home), EngineLine(socket_path(home), watch=True) as line:
        assert await take(line, 1) == [snapshot(4)]
        await engine.say(notice(4), notice(5), notice(5), notice(6))
        assert await take(line, 2) == [notice(5), notice(6)]
        assert engine.queries == ["watch=1"]


async def test_a_gap_is_filled_by_a_snapshot(home: Path) -> None:
    engine = Engine(knows(1))
    async with engine.serving(home), EngineLine(socket_path(home), watch=True) as line:
        assert await take(line, 1) == [snapshot(1)]
        engine.answer = knows(5)
        await engine.say(notice(2), notice(5), notice(6))
        assert await take(line, 3) == [notice(2), snapshot(5), notice(6)]


async def test_an_engine_that_restarts_counts_anew(home: Path) -> None:
    async with EngineLine(socket_path(home), watch=True) as line:
        first = Engine(knows(900))
        async with first.serving(home):
            assert await take(line, 1) == [snapshot(900)]
        await line.wait_until(connected=False)
        second = Engine(knows(0))
        async with second.serving(home):
            assert await take(line, 1) == [snapshot(0)]
            await second.say(notice(1))
            assert await take(line, 1) == [notice(1)]


async def test_a_frame_that_is_no_message_costs_the_connection_and_not_the_line(home: Path) -> None:
    engine = Engine(knows(1))
    async with engine.serving(home), EngineLine(socket_path(home), watch=True) as line:
        assert await take(line, 1) == [snapshot(1)]
        await engine.lines[-1].send_str('{"type":"surprise"}')
        assert await take(line, 1) == [snapshot(1)]
        assert len(engine.lines) == 2


def test_events_are_held_until_the_snapshot_and_then_go_on_from_it() -> None:
    follower = Follower()
    assert [ready for seq in (7, 8, 9) for ready in follower.on_event(notice(seq))] == []
    assert follower.on_snapshot(snapshot(8)) == [snapshot(8), notice(9)]
    assert follower.on_event(notice(10)) == [notice(10)]


def test_a_gap_among_the_held_events_asks_again() -> None:
    follower = Follower()
    for seq in (3, 5, 6):
        follower.on_event(notice(seq))
    assert follower.on_snapshot(snapshot(2)) == [snapshot(2), notice(3)]
    assert follower.needs_snapshot
    assert follower.on_snapshot(snapshot(4)) == [snapshot(4), notice(5), notice(6)]


async def test_an_engine_of_another_version_is_not_spoken_to(tmp_path: Path) -> None:
    """C21: whoever asks is told which versions there are, and what to do."""

    async def refuse(request: web.Request) -> web.Response:
        return web.Response(status=MIXED, headers={HEADER: "9.9.9+00000000"})

    app = web.Application()
    app.router.add_get("/line", refuse)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.UnixSite(runner, str(socket_path(tmp_path))).start()
    async with EngineLine(socket_path(tmp_path), patience_s=0.2) as line:
        with pytest.raises(LineDown, match=r"engine is of version 9\.9\.9.* this is .* start it again"):
            await line.ask(GetStatus(id="1", who=Who("ann", "ann", "cli")))
    await runner.cleanup()
