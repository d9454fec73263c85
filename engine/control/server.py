"""The line: commands in, replies out, events to whoever watches, as WebSocket text frames over a Unix socket."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from engine.wire.codec import WireError, decode_command, encode
from engine.wire.commands import AnyCommand
from engine.wire.events import AnyEvent
from engine.wire.replies import Reply
from engine.wire.version import HEADER, MIXED, mixed, spoken

LONGEST_PATH: Final = 103
"""Bytes of a Unix socket's path. Source: sun_path in unix(4) of macOS has 104 with its final zero, Linux's 108."""
LONGEST_COMMAND: Final = 1 << 16
LONGEST_BACKLOG: Final = 10_000
"""Messages that may wait for one watcher: some minutes of a busy market, about 10 MB."""
GOODBYE_S: Final = 0.5
"""How long a watcher has to answer our goodbye before its line is cut."""


class ControlError(Exception):
    """The line can't be opened; the text says what to do."""


class _CommandId(msgspec.Struct):
    id: str = ""


_read_id: Final = msgspec.json.Decoder(_CommandId)


class _Line:
    """One open line: what waits to be written to it, in order, and bounded."""

    def __init__(self, frames: web.WebSocketResponse, transport: asyncio.Transport, longest_backlog: int) -> None:
        self._frames = frames
        self._transport = transport
        self._backlog: asyncio.Queue[bytes] = asyncio.Queue(longest_backlog)

    def put(self, message: bytes) -> None:
        """Queue a message, or cut the line when its reader is too far behind to be told everything."""
        try:
            self._backlog.put_nowait(message)
        except asyncio.QueueFull:
            self._transport.abort()

    async def write(self) -> None:
        """Write what is queued until the line ends."""
        with contextlib.suppress(ConnectionError):  # the reading side sees it too, and ends the line
            while True:
                await self._frames.send_frame(await self._backlog.get(), WSMsgType.TEXT)

    async def close(self) -> None:
        """Say goodbye; cut the line when nobody answers."""
        try:
            async with asyncio.timeout(GOODBYE_S):
                await self._frames.close(code=WSCloseCode.GOING_AWAY)
        except TimeoutError:
            self._transport.abort()


class ControlServer:
    """Serves ``/line`` (commands and replies) and ``/line?watch=1`` (events as well) to processes of this user.

    A reply stands in the line after every event that was published before it, so a snapshot is never older than
    the events that a watcher has already seen.
    """

    def __init__(
        self,
        socket_path: Path | str,
        on_command: Callable[[AnyCommand], Reply],
        *,
        longest_backlog: int = LONGEST_BACKLOG,
    ) -> None:
        """Prepare; ``on_command`` is called synchronously in the event loop, once for each well-formed command."""
        self._path = Path(socket_path)
        self._on_command = on_command
        self._longest_backlog = longest_backlog
        self._lines: set[_Line] = set()
        self._watchers: set[_Line] = set()
        self._seq = 0
        app = web.Application()
        app.router.add_get("/line", self._serve_line)
        app.on_shutdown.append(self._say_goodbye)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=GOODBYE_S)

    @property
    def seq(self) -> int:
        """Return the number of the last event that was published; 0 for none."""
        return self._seq

    @property
    def watchers(self) -> int:
        """Return how many watch now."""
        return len(self._watchers)

    async def start(self) -> None:
        """Listen, readable and writable by this user alone; raises ControlError."""
        spoken()  # worked out before anybody waits: it takes 30 ms
        listener = _listen(self._path)
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()

    async def close(self) -> None:
        """Say goodbye to everybody and take the socket away."""
        await self._runner.cleanup()
        self._path.unlink(missing_ok=True)

    def publish(self, event: AnyEvent) -> int:
        """Give an event the next sequence number and hand it to every watcher; never waits. Returns the number.

        A watcher that is ``longest_backlog`` messages behind is cut off; it comes back and asks for a snapshot.
        """
        self._seq += 1
        message = encode(msgspec.structs.replace(event, seq=self._seq))
        for line in self._watchers:
            line.put(message)
        return self._seq

    def pass_over(self) -> None:
        """Count an event that nobody watches for, and that need not even be made: who watches later finds a gap."""
        self._seq += 1

    async def _serve_line(self, request: web.Request) -> web.StreamResponse:
        """Serve one line; another version is told so and let go (C21)."""
        version, own = request.headers.get(HEADER, ""), spoken()
        if version != own:
            return web.Response(status=MIXED, text=mixed(own, version), headers={HEADER: own})
        frames = web.WebSocketResponse(max_msg_size=LONGEST_COMMAND, compress=False)
        await frames.prepare(request)
        if (transport := request.transport) is None:  # it has hung up already
            return frames
        line = _Line(frames, transport, self._longest_backlog)
        self._lines.add(line)
        if request.query.get("watch") == "1":
            self._watchers.add(line)
        writer = asyncio.create_task(line.write())
        try:
            async for message in frames:
                line.put(encode(self._answer(message)))
        finally:
            self._lines.discard(line)
            self._watchers.discard(line)
            writer.cancel()
        return frames

    def _answer(self, message: WSMessage) -> Reply:
        try:
            if message.type is not WSMsgType.TEXT:
                raise WireError("not a command: commands are text frames")
            command = decode_command(message.data)
        except WireError as error:
            return Reply(command_id=_id_of(message), ok=False, code="BAD_REQUEST", text=str(error))
        return self._on_command(command)

    async def _say_goodbye(self, _app: web.Application) -> None:
        await asyncio.gather(*(line.close() for line in self._lines))


def _id_of(message: WSMessage) -> str:
    """Find a refused command's id, so that whoever waits for its reply gets it; empty where there is none."""
    try:
        return _read_id.decode(message.data).id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""


def _listen(path: Path) -> socket.socket:
    if len(bytes(path)) > LONGEST_PATH:
        raise ControlError(f"The socket's path {path} has more than {LONGEST_PATH} bytes: name a shorter one.")
    with contextlib.ExitStack() as undo:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _make_way(path)
            listener = undo.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            listener.bind(str(path))
            path.chmod(0o600)  # before listen(), so that nobody else could connect meanwhile
            listener.listen()
        except OSError as error:
            raise ControlError(f"The socket {path} can't be opened ({error.strerror}): name another path.") from error
        listener.setblocking(False)
        undo.pop_all()
    return listener


def _make_way(path: Path) -> None:
    """Remove a socket that nobody listens on; raises ControlError for anything else that is there."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ControlError(f"{path} is there and is no socket: move it away or name another path.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except TimeoutError:
            pass  # somebody listens, and is busy
    raise ControlError(f"Another engine answers at {path}: stop it first, or give this one a path of its own.")
