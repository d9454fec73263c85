"""The line: one reply for each command, every event numbered, nobody slows the engine, one engine for each socket."""

from __future__ import annotations

import asyncio
import socket
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import msgspec
import pytest
from waiting import until

from engine.control.server import LONGEST_PATH, ControlError, ControlServer
from engine.wire.codec import decode_from_engine, encode
from engine.wire.commands import AnyCommand, GetStatus, Halt, Who
from engine.wire.events import AnyEvent, Notice
from engine.wire.line import EngineLine
from engine.wire.replies import OrdersView, Reply, Snapshot
from engine.wire.version import HEADER, MIXED, spoken
from engine.wire.views import PositionsView, StatusView

ANN = Who("ann", "Ann", "cli")


def notice(text: str = "hello") -> Notice:
    """An event as the core leaves it, without a number."""
    return Notice(ts_ns=1, severity="info", code="TEST", text=text)


def snapshot_after(seq: int) -> Snapshot:
    """An engine's state with nothing in it."""
    status = StatusView("", "", "paper", "", False, "", "ask", (), (), (), "0", "USDT", 0, 0, 0, 0, 1, 2)
    return Snapshot(seq, status, PositionsView("USDT", "0", "0", "0", (), ()), OrdersView((), ()), (), ())


def echo(command: AnyCommand) -> Reply:
    """Answer with what was asked."""
    return Reply(command_id=command.id, ok=True, code="OK", text=type(command).__name__)


@asynccontextmanager
async def serving(
    path: Path, on_command: Callable[[AnyCommand], Reply] = echo, **options: int
) -> AsyncIterator[ControlServer]:
    """Run a server for the length of a block."""
    server = ControlServer(path, on_command, **options)
    await server.start()
    try:
        yield server
    finally:
        await server.close()


@asynccontextmanager
async def connected(path: Path, query: str = "") -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Open a line as any client would."""
    async with (
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as session,
        session.ws_connect(f"http://engine/line{query}", max_msg_size=0, headers={HEADER: spoken()}) as line,
    ):
        yield line


async def heard(line: aiohttp.ClientWebSocketResponse) -> Reply | AnyEvent:
    """Read the next message."""
    return decode_from_engine(await line.receive_str(timeout=30.0))


async def flooded(line: aiohttp.ClientWebSocketResponse, text: str) -> None:
    """Send the same for ever, reading nothing."""
    async with asyncio.timeout(30.0):
        while True:
            await line.send_str(text)
            await asyncio.sleep(0)


async def asked(line: aiohttp.ClientWebSocketResponse, command: AnyCommand) -> Reply | AnyEvent:
    """Send a command and read the next message."""
    await line.send_str(encode(command).decode())
    return await heard(line)


async def test_each_command_has_one_reply(tmp_path: Path) -> None:
    """Commands are answered in order, with their ids."""
    async with serving(tmp_path / "s"), connected(tmp_path / "s") as line:
        for number in range(3):
            await line.send_str(encode(GetStatus(id=f"c{number}", who=ANN)).decode())
        replies = [await heard(line) for _ in range(3)]
    assert [reply.command_id for reply in replies if isinstance(reply, Reply)] == ["c0", "c1", "c2"]


@pytest.mark.parametrize(
    ("text", "command_id"),
    [
        ("", ""),
        ("hello", ""),
        ("[]", ""),
        ('{"type":"halt"}', ""),
        ('{"type":"halt","id":7}', ""),
        ('{"type":"fly","id":"c1"}', "c1"),
        ('{"type":"halt","id":"c2","who":"ann"}', "c2"),
        ('{"type":"buy","id":"c3","who":{"user_id":"a","name":"a","door":"cli"},"symbol":"ETHUSDT"}', "c3"),
    ],
)
async def test_what_is_no_command_is_refused_in_words(tmp_path: Path, text: str, command_id: str) -> None:
    """A malformed command gets BAD_REQUEST with its id where it has one, and the line stays open."""
    async with serving(tmp_path / "s"), connected(tmp_path / "s") as line:
        await line.send_str(text)
        reply = await heard(line)
        assert isinstance(reply, Reply)
        assert (reply.ok, reply.code, reply.command_id) == (False, "BAD_REQUEST", command_id)
        assert reply.text.startswith("not a command: ")
        assert await asked(line, Halt(id="c9", who=ANN)) == Reply("c9", ok=True, code="OK", text="Halt")


async def test_binary_frames_are_refused(tmp_path: Path) -> None:
    """The line speaks text."""
    async with serving(tmp_path / "s"), connected(tmp_path / "s") as line:
        await line.send_bytes(b"\xff\x00")
        reply = await heard(line)
        assert isinstance(reply, Reply)
        assert reply.text == "not a command: commands are text frames"


async def test_events_are_numbered_from_one_for_every_watcher(tmp_path: Path) -> None:
    """Each event has the next number, seen alike by all who watch; who doesn't watch hears none."""
    async with (
        serving(tmp_path / "s") as server,
        connected(tmp_path / "s", "?watch=1") as first,
        connected(tmp_path / "s", "?watch=1") as second,
        connected(tmp_path / "s") as deaf,
    ):
        await until(lambda: server.watchers == 2)
        assert [server.publish(notice(f"n{number}")) for number in range(1, 4)] == [1, 2, 3]
        for line in (first, second):
            events = [await heard(line) for _ in range(3)]
            expected = [msgspec.structs.replace(notice(f"n{number}"), seq=number) for number in (1, 2, 3)]
            assert events == expected
        assert server.seq == 3
        assert isinstance(await asked(deaf, GetStatus(id="c", who=ANN)), Reply)


async def test_numbers_go_on_while_nobody_watches(tmp_path: Path) -> None:
    """A watcher that comes later sees where the sequence is."""
    async with serving(tmp_path / "s") as server:
        server.publish(notice())
        server.publish(notice())
        async with connected(tmp_path / "s", "?watch=1") as line:
            await until(lambda: server.watchers == 1)
            server.publish(notice())
            event = await heard(line)
            assert isinstance(event, Notice)
            assert event.seq == 3
        await until(lambda: server.watchers == 0)


async def test_a_reply_follows_the_events_that_its_command_caused(tmp_path: Path) -> None:
    """What a command published stands in the line before its reply, so a snapshot is never behind."""

    def publish_and_answer(command: AnyCommand) -> Reply:
        server.publish(notice())
        return echo(command)

    async with (
        serving(tmp_path / "s", publish_and_answer) as server,
        connected(tmp_path / "s", "?watch=1") as line,
    ):
        assert isinstance(await asked(line, GetStatus(id="c", who=ANN)), Notice)
        assert isinstance(await heard(line), Reply)


async def test_a_watcher_that_does_not_read_is_cut_off_and_slows_nobody(tmp_path: Path) -> None:
    """Events go on to the others; the slow one finds its line closed, comes back and sees the gap."""
    big = notice("x" * 20_000)
    async with serving(tmp_path / "s", longest_backlog=100) as server:
        slow = socket.socket(socket.AF_UNIX)  # a reader that never reads
        slow.connect(str(tmp_path / "s"))
        slow.sendall(
            b"GET /line?watch=1 HTTP/1.1\r\nHost: engine\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + f"{HEADER}: {spoken()}\r\n".encode()
            + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        async with connected(tmp_path / "s", "?watch=1") as line:
            await until(lambda: server.watchers == 2)
            for number in range(1, 401):
                server.publish(big)
                event = await heard(line)
                assert isinstance(event, Notice)
                assert event.seq == number
            await until(lambda: server.watchers == 1)
        slow.close()


async def test_a_client_that_sends_and_never_reads_is_cut_off(tmp_path: Path) -> None:
    """Replies that nobody takes are bounded as events are."""

    def long_winded(command: AnyCommand) -> Reply:
        return Reply(command.id, ok=True, code="OK", text="x" * 20_000)

    async with serving(tmp_path / "s", long_winded, longest_backlog=50), connected(tmp_path / "s") as line:
        command = encode(GetStatus(id="c", who=ANN)).decode()
        with pytest.raises(ConnectionError):
            await flooded(line, command)


async def test_a_command_too_long_ends_its_line_only(tmp_path: Path) -> None:
    """A frame of more than 64 KiB is refused by closing; others go on."""
    async with serving(tmp_path / "s"), connected(tmp_path / "s") as line, connected(tmp_path / "s") as other:
        await line.send_str("x" * 70_000)
        assert (await line.receive(timeout=30.0)).type is aiohttp.WSMsgType.CLOSE
        assert isinstance(await asked(other, GetStatus(id="c", who=ANN)), Reply)


async def test_only_this_user_may_connect(tmp_path: Path) -> None:
    """The socket's permissions are 0600."""
    async with serving(tmp_path / "new" / "s"):
        assert stat.S_IMODE((tmp_path / "new" / "s").stat().st_mode) == 0o600


async def test_closing_says_goodbye_and_takes_the_socket_away(tmp_path: Path) -> None:
    """Watchers are told that the engine goes away, at once."""
    async with connected_server(tmp_path / "s") as (server, line):
        await server.close()
        message = await line.receive(timeout=30.0)
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.GOING_AWAY)
        assert not (tmp_path / "s").exists()


@asynccontextmanager
async def connected_server(path: Path) -> AsyncIterator[tuple[ControlServer, aiohttp.ClientWebSocketResponse]]:
    """Run a server that the block closes itself, with one watcher."""
    server = ControlServer(path, echo)
    await server.start()
    async with connected(path, "?watch=1") as line:
        await until(lambda: server.watchers == 1)
        yield server, line


async def test_closing_does_not_wait_for_a_watcher_that_is_gone_quiet(tmp_path: Path) -> None:
    """A watcher that answers nothing is cut after half a second."""
    server = ControlServer(tmp_path / "s", echo)
    await server.start()
    quiet = socket.socket(socket.AF_UNIX)
    quiet.connect(str(tmp_path / "s"))
    quiet.sendall(
        b"GET /line?watch=1 HTTP/1.1\r\nHost: engine\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + f"{HEADER}: {spoken()}\r\n".encode()
        + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    await until(lambda: server.watchers == 1)
    for _ in range(200):
        server.publish(notice("x" * 20_000))
    async with asyncio.timeout(20.0):
        await server.close()
    assert server.watchers == 0
    quiet.close()


async def test_a_second_engine_is_refused(tmp_path: Path) -> None:
    """Where an engine answers, another says so and leaves it alone."""
    async with serving(tmp_path / "s"), connected(tmp_path / "s") as line:
        with pytest.raises(ControlError, match="Another engine answers"):
            await ControlServer(tmp_path / "s", echo).start()
        assert isinstance(await asked(line, GetStatus(id="c", who=ANN)), Reply)


async def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    """What a killed engine left behind is no hindrance."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "s"))
    async with serving(tmp_path / "s"), connected(tmp_path / "s") as line:
        assert isinstance(await asked(line, GetStatus(id="c", who=ANN)), Reply)


async def test_a_file_at_the_path_is_kept(tmp_path: Path) -> None:
    """Something else with the socket's name is refused and not removed."""
    (tmp_path / "s").write_text("mine")
    with pytest.raises(ControlError, match="is no socket"):
        await ControlServer(tmp_path / "s", echo).start()
    assert (tmp_path / "s").read_text() == "mine"


async def test_a_path_too_long_is_one_sentence(tmp_path: Path) -> None:
    """A path that no Unix socket can have is refused before anything else."""
    path = tmp_path / ("s" * LONGEST_PATH)
    with pytest.raises(ControlError, match=f"more than {LONGEST_PATH} bytes"):
        await ControlServer(path, echo).start()


async def test_a_folder_that_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    """A path below a file is refused in words."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ControlError, match="can't be opened"):
        await ControlServer(tmp_path / "file" / "s", echo).start()


async def test_the_bots_own_line_follows_it_through_a_restart(tmp_path: Path) -> None:
    """The client that bot and command line use gets its snapshot, the events behind it, and finds the next engine."""

    def answer(command: AnyCommand) -> Reply:
        return Reply(command.id, ok=True, code="OK", text="", result=snapshot_after(server.seq))

    async with EngineLine(tmp_path / "s", watch=True) as line:
        heard_of = line.events()
        for _ in range(2):
            async with serving(tmp_path / "s", answer) as server:
                server.publish(notice("before"))
                async with asyncio.timeout(30.0):
                    assert await anext(heard_of) == snapshot_after(1)
                    server.publish(notice("after"))
                    assert await anext(heard_of) == msgspec.structs.replace(notice("after"), seq=2)
                assert (await line.ask(GetStatus(id="c", who=ANN))).ok


@pytest.mark.parametrize("version", [None, "", "0.1.0", "9.9.9+00000000", spoken() + "x"])
async def test_another_version_is_refused_with_a_sentence(tmp_path: Path, version: str | None) -> None:
    """C21: mixed versions are told apart before a word is said; one that does not say is as good as another."""
    headers = {} if version is None else {HEADER: version}
    async with serving(tmp_path / "s") as server:
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(tmp_path / "s"))) as session:
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await session.ws_connect("http://engine/line?watch=1", headers=headers)
            async with session.get("http://engine/line", headers=headers) as answer:
                assert "stop `trader run` and start it again" in await answer.text()
        assert (caught.value.status, server.watchers) == (MIXED, 0)
