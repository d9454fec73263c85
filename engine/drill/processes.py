"""The processes of a drill's own desk: an engine that is started and killed, and a line to it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import Process
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import aiohttp

from engine.settings import child_environment
from engine.venues.paper.main import Urls
from engine.wire.commands import AnyCommand, GetSnapshot, Who
from engine.wire.line import EngineLine, LineDown, socket_path
from engine.wire.replies import Reply, Snapshot

_OURS: Final = ("BINANCE_", "ENGINE_", "LEDGER_", "NEWS_", "NOTIFY_", "SENTRY_", "SLACK_", "TRADER_", "WATCHDOG_")
"""Settings of the desk that asked: none of them is one of this."""
_READY_S: Final = 60.0
_KNOWN_S: Final = 30.0
"""So long an order may be unknown, or a kill unconfirmed, before that is a failure."""
_PAUSE_S: Final = 0.1
WHO: Final = Who("drill", "drill", "cli")
"""Gives the commands of a drill."""


class DrillFailed(Exception):
    """What was rehearsed did not go as it must; the text says what."""


class Bench:
    """One engine in a home of its own; open it with ``async with``."""

    def __init__(self, home: Path, urls: Urls) -> None:
        """Prepare; nothing is started yet."""
        self.home = home
        self.urls = urls
        self._line = EngineLine(socket_path(home))
        self._engine: Process | None = None
        self._count = 0

    async def __aenter__(self) -> Self:
        await self._line.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill_engine()
        await self._line.__aexit__(kind, error, trace)

    async def start(self) -> None:
        """Start the engine and wait until it is well; raises DrillFailed."""
        self._engine = await spawn(self.home, "engine.cli.main", "engine", **addresses(self.urls))
        words = "it does not answer"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_READY_S):
                while words:
                    await asyncio.sleep(_PAUSE_S)
                    words = await self._what_is_ill()
        if words:
            raise DrillFailed(f"the engine was not well within {_READY_S:g} s: {words}")

    async def kill_engine(self) -> None:
        """Kill it as ``kill -9`` does."""
        if self._engine is not None:
            await end(self._engine)
            self._engine = None

    async def ask(self, command: AnyCommand) -> Reply:
        """Give a command; raises DrillFailed where the engine refuses it or is away."""
        try:
            reply = await self._line.ask(command)
        except LineDown as error:
            raise DrillFailed(str(error)) from None
        if not reply.ok:
            raise DrillFailed(f"{type(command).__name__} was refused: {reply.text}")
        return reply

    async def snapshot(self) -> Snapshot:
        """Return how everything is; raises DrillFailed."""
        self._count += 1
        reply = await self.ask(GetSnapshot(id=f"drill:{os.getpid()}:{self._count}", who=WHO))
        if not isinstance(reply.result, Snapshot):
            raise DrillFailed(f"the engine does not say how it is: {reply.text}")
        return reply.result

    async def until(self, is_so: Callable[[Snapshot], bool]) -> Snapshot:
        """Wait until everything is as wanted, and return how it is; raises TimeoutError."""
        async with asyncio.timeout(_KNOWN_S):
            while not is_so(seen := await self.snapshot()):  # noqa: ASYNC110  the engine is asked, as a person would
                await asyncio.sleep(_PAUSE_S / 2)
        return seen

    async def fault(self, **fault: Any) -> None:
        """Order a fault at the exchange."""
        async with aiohttp.ClientSession() as session, session.post(f"{self.urls.rest}/_fault", json=fault) as answer:
            answer.raise_for_status()

    async def _what_is_ill(self) -> str:
        try:
            seen = await self.snapshot()
        except DrillFailed as error:
            return str(error)
        return ills(seen)


async def spawn(home: Path, *argv: str, **settings: str) -> Process:
    """Start a process in a home of the drill's: it gets that, these settings, and nothing of ours that is secret."""
    own = {
        "TRADER_HOME": str(home),
        "TRADER_CONFIG": str(home / "trader.toml"),
        "ENGINE_HTTP_PORT": "0",
        **settings,
    }
    env = child_environment(own, without=_OURS)
    with (home / "log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *argv), env=env, stdout=log, stderr=log, cwd=home
        )


def addresses(urls: Urls) -> dict[str, str]:
    """Return the settings of an engine that trades at this exchange."""
    return {
        "BINANCE_REST_URL": urls.rest,
        "BINANCE_STREAM_URL": urls.stream,
        "BINANCE_WS_API_URL": urls.ws_api,
    }


def ills(seen: Snapshot) -> str:
    """Say what is not well; empty where all is."""
    return "; ".join(f"{part.name}: {part.detail}" for part in seen.status.health if not part.is_ok)


async def end(process: Process) -> None:
    """Kill a process and wait until it is gone."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()
