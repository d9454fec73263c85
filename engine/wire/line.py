"""The line to the engine: ask it, follow its events without a gap, and outlive its restarts.

One WebSocket over a Unix socket, spoken alike by the bot, the desk and the command line. A client sends one
command per text frame; the engine answers each with a ``Reply`` and, at ``/line?watch=1``, also sends events.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Final, TypeAlias

import aiohttp

from engine.wire.codec import WireError, decode_from_engine, encode
from engine.wire.commands import AnyCommand, GetSnapshot, Who
from engine.wire.events import AnyEvent
from engine.wire.replies import Reply, Snapshot
from engine.wire.version import HEADER, MIXED, mixed, spoken

Followed: TypeAlias = Snapshot | AnyEvent
"""What a watcher is handed: after each connect or gap first a snapshot, then the events that come after it."""

_log = logging.getLogger(__name__)
_CONNECT_S: Final = 2.0
_HEARTBEAT_S: Final = 5.0
_RETRY_S: Final = 0.1
"""A look at a socket in the home folder takes less than a millisecond: whoever waits finds an engine as it comes up."""
_REFUSED_RETRY_S: Final = 2.0
_LARGEST_FRAME: Final = 16 * 1024 * 1024
_MOST_WAITING: Final = 10_000
"""Events that a watcher may lag behind; past it they are thrown away and a snapshot takes their place."""


class LineDown(ConnectionError):
    """The engine can't be asked, or didn't answer; the text says what to do."""


def socket_path(home: Path) -> Path:
    """Say where an engine with this home listens."""
    return home / "engine.sock"


class Follower:
    """Puts events in sequence: holds them back while a snapshot is awaited, and notices when one is missing."""

    def __init__(self) -> None:
        self._last_seq: int | None = None
        self._held: list[AnyEvent] = []

    @property
    def needs_snapshot(self) -> bool:
        """True while nothing can be handed on before a snapshot says where we are."""
        return self._last_seq is None

    def restart(self) -> None:
        """Forget the sequence: a new connection counts from an unknown number."""
        self._last_seq = None
        self._held.clear()

    def on_event(self, event: AnyEvent) -> list[Followed]:
        """Take the next event from the line and return what may be handed on."""
        if self._last_seq is None:
            self._held.append(event)
        elif event.seq == self._last_seq + 1:
            self._last_seq = event.seq
            return [event]
        elif event.seq > self._last_seq:
            self._last_seq = None
            self._held = [event]
        return []

    def on_snapshot(self, snapshot: Snapshot) -> list[Followed]:
        """Take the snapshot and return it with the held events that come after it."""
        held, self._held = self._held, []
        self._last_seq = snapshot.seq
        ready: list[Followed] = [snapshot]
        for event in held:
            ready += self.on_event(event)
        return ready


class EngineLine:
    """A client of the engine's line, kept connected while it is open (``async with``)."""

    def __init__(self, path: Path, *, watch: bool = False, timeout_s: float = 5.0, patience_s: float = 1.0) -> None:
        """Prepare a line to the Unix socket at ``path``.

        ``watch`` subscribes to events. ``timeout_s`` is how long an answer may take, ``patience_s`` how long
        ``ask`` waits for a connection that isn't there.
        """
        self._path = path
        self._watch = watch
        self._timeout_s = timeout_s
        self._patience_s = patience_s
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._connected = asyncio.Event()
        self._lost = asyncio.Event()
        self._lost.set()
        self._waiting: dict[str, asyncio.Future[Reply]] = {}
        self._queue: asyncio.Queue[Followed] = asyncio.Queue(_MOST_WAITING)
        self._follower = Follower()
        self._snapshot_id = ""
        self._snapshot_due = 0.0
        self._keeper: asyncio.Task[None] | None = None
        self._refused = ""
        """Why the engine does not let us in; empty while it does, or is not there."""

    @property
    def is_connected(self) -> bool:
        """True while the socket is up."""
        return self._connected.is_set()

    async def __aenter__(self) -> EngineLine:
        self._keeper = asyncio.create_task(self._keep_connected(), name="engine line")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper

    async def ask(self, command: AnyCommand) -> Reply:
        """Send a command and return the engine's reply; raises LineDown when there is none in time.

        A second call with the id of a command that is still unanswered waits for the same reply.
        """
        socket = await self._wait_for_socket()
        answer = self._waiting.get(command.id)  # looked for after the wait, in which the same may have been asked
        if answer is None:
            answer = asyncio.get_running_loop().create_future()
            self._waiting[command.id] = answer
            await self._send(socket, command)
        await asyncio.wait({answer}, timeout=self._timeout_s)
        self._waiting.pop(command.id, None)
        if not answer.done() or answer.cancelled():
            raise LineDown(
                "The engine didn't answer in time, so it is not known whether this was done. Look at /status and "
                "/orders before you try again."
            )
        return answer.result()

    async def events(self) -> AsyncIterator[Followed]:
        """Yield a snapshot after each connect or gap, and after it each event once, in order, for ever."""
        while True:
            yield await self._queue.get()

    async def wait_until(self, *, connected: bool) -> None:
        """Wait until the socket is up, or until it is down."""
        await (self._connected if connected else self._lost).wait()

    async def _wait_for_socket(self) -> aiohttp.ClientWebSocketResponse:
        try:
            async with asyncio.timeout(self._patience_s):
                await self._connected.wait()
        except TimeoutError:
            pass
        if self._socket is None and self._refused:
            raise LineDown(self._refused)
        if self._socket is None:
            raise LineDown(
                f"The engine isn't running: nobody listens at {self._path}. Start it with `trader run`; if it was "
                "just restarted, try again in a few seconds."
            )
        return self._socket

    async def _send(self, socket: aiohttp.ClientWebSocketResponse, command: AnyCommand) -> None:
        try:
            await socket.send_str(encode(command).decode())
        except (ConnectionError, aiohttp.ClientError) as error:
            self._waiting.pop(command.id, None)
            raise LineDown(f"The engine hung up before this was sent ({error}): nothing was done, try again.") from None

    async def _keep_connected(self) -> None:
        told = ""
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(self._path))) as session:
            while True:
                retry_s = _RETRY_S
                try:
                    async with await self._open(session) as socket:
                        self._refused = told = ""
                        await self._read(socket)
                except aiohttp.WSServerHandshakeError as error:
                    self._refused, retry_s = _why_refused(error), _REFUSED_RETRY_S
                    _log.error("the engine refuses the line", extra={"why": self._refused, "retry_s": retry_s})
                except (aiohttp.ClientError, OSError, WireError) as error:
                    if (why := str(error)) != told:
                        _log.info("the line to the engine is down", extra={"why": why})
                    told = why
                finally:
                    self._on_lost()
                await asyncio.sleep(retry_s)

    async def _open(self, session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
        url = "http://engine/line?watch=1" if self._watch else "http://engine/line"
        async with asyncio.timeout(_CONNECT_S):
            return await session.ws_connect(
                url, heartbeat=_HEARTBEAT_S, max_msg_size=_LARGEST_FRAME, headers={HEADER: spoken()}
            )

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._follower.restart()
        self._snapshot_id = ""
        self._socket = socket
        self._connected.set()
        self._lost.clear()
        await self._ask_for_snapshot(socket)
        async for frame in socket:
            if frame.type is not aiohttp.WSMsgType.TEXT:
                raise WireError(f"a {frame.type.name} frame where text was due")
            self._take(decode_from_engine(frame.data))
            await self._ask_for_snapshot(socket)

    async def _ask_for_snapshot(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        if not (self._watch and self._follower.needs_snapshot):
            return
        now = asyncio.get_running_loop().time()
        if self._snapshot_id:
            if now > self._snapshot_due:
                raise LineDown("no snapshot came in time")
            return
        self._snapshot_id = f"snapshot:{uuid.uuid4().hex}"
        self._snapshot_due = now + self._timeout_s
        await socket.send_str(encode(GetSnapshot(id=self._snapshot_id, who=Who("watcher", "watcher", "desk"))).decode())

    def _take(self, message: Reply | AnyEvent) -> None:
        if not isinstance(message, Reply):
            self._hand_on(self._follower.on_event(message))
        elif message.command_id == self._snapshot_id:
            if not isinstance(message.result, Snapshot):
                raise LineDown(f"the engine gave no snapshot: {message.text}")
            self._snapshot_id = ""
            self._hand_on(self._follower.on_snapshot(message.result))
        elif (answer := self._waiting.get(message.command_id)) is not None and not answer.done():
            answer.set_result(message)

    def _hand_on(self, ready: list[Followed]) -> None:
        if not self._watch:
            return
        if self._queue.qsize() + len(ready) > _MOST_WAITING:
            _log.warning("the watcher is too slow: starting over from a snapshot", extra={"lost": self._queue.qsize()})
            while not self._queue.empty():
                self._queue.get_nowait()
            self._follower.restart()
            return
        for item in ready:
            self._queue.put_nowait(item)

    def _on_lost(self) -> None:
        self._socket = None
        self._connected.clear()
        self._lost.set()
        for answer in self._waiting.values():
            answer.cancel()


def _why_refused(error: aiohttp.WSServerHandshakeError) -> str:
    if error.status == MIXED:
        return mixed(error.headers.get(HEADER, "") if error.headers else "", spoken())
    return f"The engine refuses the line with status {error.status}: see its log."
