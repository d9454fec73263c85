"""The local Slack as part of a measurement: it comes and goes, and tells when a command has its answer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import aiohttp

from benchmarks.lab.machine import Cores
from bot.local_slack import workspace
from bot.local_slack.install import NotInstallable, install
from bot.local_slack.launch import command

ROOT: Final = Path(__file__).resolve().parents[2]
_UP_S: Final = 120.0
_LOOK_S: Final = 0.05
LATE_S: Final = 10.0
"""How long an answer is waited for; Slack itself gives up after three seconds."""
_LAST: Final = 19
"""The lowest priority: such a process takes no turn from what is measured as it wakes up."""
_NO_NAMES: Final = ("SLACK_", "ENGINE_", "BINANCE_", "NEWS_")


class Slack:
    """A local Slack at a port of its own, and the one app that belongs to it."""

    def __init__(self, home: Path, session: aiohttp.ClientSession) -> None:
        """Prepare; raises RuntimeError where it can't be installed."""
        try:
            binary = install(ROOT / "var")
        except NotInstallable as error:
            raise RuntimeError(str(error)) from None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self.page = f"http://127.0.0.1:{self._port}"
        self._command = command(binary, home / f"slack-{self._port}", self._port)
        self._session = session
        self._process: asyncio.subprocess.Process | None = None

    async def come(self, *, with_app: bool = True) -> None:
        """Start, and wait until the app hears it."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        elsewhere(self._process.pid)
        async with asyncio.timeout(_UP_S):
            await _until(self._is_up)
            if with_app:
                await _until(self.has_app)

    @property
    def env(self) -> dict[str, str]:
        """The settings by which a bot takes this for its workspace, and keeps to the pace of one."""
        return {
            "SLACK_API_URL": f"{self.page}/api/",
            "SLACK_BOT_TOKEN": workspace.BOT_TOKEN,
            "SLACK_APP_TOKEN": workspace.APP_TOKEN,
            "SLACK_CHANNEL": workspace.CHANNEL,
            "SLACK_ADMINS": workspace.ADMIN,
        }

    async def leave(self) -> None:
        """Die, as a Slack does that is gone: nobody says goodbye."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def has_app(self) -> bool:
        """Say whether the app's socket stands."""
        async with self._session.ws_connect(f"{self.page}/ui") as page:
            apps = (await page.receive_json())["state"]["apps"]
        return bool(apps and apps[0]["connected"])

    async def messages(self) -> int:
        """Count what was posted in the channel since it started."""
        async with self._session.get(f"{self.page}/_control/messages/{workspace.CHANNEL}") as answer:
            return len((await answer.json())["messages"])

    async def answer_ms(self, command: str) -> float:
        """Type a command and return the milliseconds until its answer is in the channel; raises TimeoutError."""
        async with self._session.ws_connect(f"{self.page}/ui") as changes:
            await changes.receive()
            body = {"channel": workspace.CHANNEL, "user": workspace.ADMIN, "command": command, "text": ""}
            began_ns = time.perf_counter_ns()
            typing = asyncio.create_task(self._type(body))
            async with asyncio.timeout(LATE_S):
                while not _is_answer(await changes.receive_json()):
                    pass
            ended_ns = time.perf_counter_ns()
            await typing
            return (ended_ns - began_ns) / 1e6

    async def _type(self, body: dict[str, str]) -> None:
        async with self._session.post(f"{self.page}/_control/command", json=body) as answer:
            answer.raise_for_status()

    async def _is_up(self) -> bool:
        with contextlib.suppress(aiohttp.ClientError):
            async with self._session.get(f"{self.page}/_control/state"):
                return True
        return False


async def settled(home: Path, *, hears_slack: bool) -> None:
    """Wait until the bot with this home follows the engine, and hears Slack or has noticed that it doesn't."""

    async def is_settled() -> bool:
        """Say whether the bot is well as far as it should be; False as well while it does not answer."""
        with contextlib.suppress(aiohttp.ClientError):
            async with (
                aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(home / "bot.sock"))) as session,
                session.get("http://bot/health") as answer,
            ):
                it = await answer.json()
                return bool(it["engine_connected"] and it["slack_connected"] is hears_slack)
        return False

    async with asyncio.timeout(_UP_S):
        await _until(is_settled)


async def _until(look: Callable[[], Awaitable[bool]]) -> None:
    while True:
        if await look():
            return
        await asyncio.sleep(_LOOK_S)


@contextlib.asynccontextmanager
async def app(*words: str, **environ: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a Slack app beside what is measured, and end it afterwards."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_NO_NAMES)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *words,
        cwd=ROOT,
        env={**kept, "LOG_LEVEL": "ERROR", **environ},
        stdout=asyncio.subprocess.DEVNULL,
    )
    elsewhere(process.pid)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def elsewhere(pid: int) -> None:
    """Let a process run on the cores that nobody measures on; where there are none, on all, behind everybody else.

    Else what is compared is how the engine shares its core with a Slack, which no desk has on its machine.
    """
    if hasattr(os, "sched_setaffinity"):
        usable = set(range(os.cpu_count() or 1))
        os.sched_setaffinity(pid, usable - _MEASURED or usable)
        if not usable - _MEASURED:
            os.setpriority(os.PRIO_PROCESS, pid, _LAST)


def keep_free(cores: Cores) -> None:
    """Name the cores that are measured on."""
    _MEASURED.update(core for core in cores if core is not None)


_MEASURED: Final[set[int]] = set()


def _is_answer(change: dict[str, Any]) -> bool:
    message = change.get("message", {})
    return change.get("t") == "message" and message.get("ephemeral_to") == workspace.ADMIN
