"""Rehearses that Slack is gone for a while: the engine goes on, and what happened is told when Slack is back."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
import uuid
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import aiohttp

from engine.drill.processes import WHO, Bench, DrillFailed, end, spawn
from engine.wire.commands import Halt

_CHANNEL: Final = "C01TRADE"
"""The throwaway Slack's only channel."""
_UP_S: Final = 30.0
_AWAY_S: Final = 2.0
_PAUSE_S: Final = 0.1


class NotThere(Exception):
    """What it takes is not installed; the text says so."""


async def slack_outage(bench: Bench, slack_home: Path) -> tuple[float, str]:
    """Take Slack away, halt meanwhile, and measure how long after its return the channel knows; raises NotThere."""
    if not (slack_home / "local-slack" / "installed-lock.json").is_file():
        raise NotThere("no local Slack is installed here: `trader run` without Slack tokens installs it")
    port = _free_port()
    page, why = f"http://127.0.0.1:{port}", f"drill {uuid.uuid4().hex[:8]}"
    async with _slack(bench, slack_home, port) as first:
        bot = await spawn(bench.home, "bot", TRADER_LOCAL_SLACK=page)
        try:
            await _told(page, "The engine is up")
            await _stop(first)
            began = time.monotonic()
            await bench.ask(Halt(id=f"drill:{uuid.uuid4().hex}", who=WHO, reason=why))
            answered_s = time.monotonic() - began
            await asyncio.sleep(_AWAY_S)
            async with _slack(bench, slack_home, port):
                back = time.monotonic()
                await _told(page, why)
                seconds = time.monotonic() - back
        finally:
            await end(bot)
    return seconds, f"the engine answered in {answered_s * 1e3:.0f} ms meanwhile; the channel was told afterwards"


@contextlib.asynccontextmanager
async def _slack(bench: Bench, slack_home: Path, port: int) -> AsyncIterator[Process]:
    """Run the throwaway Slack at a port until the block ends."""
    process = await spawn(bench.home, "bot.local_slack", "--port", str(port), "--home", str(slack_home))
    try:
        yield process
    finally:
        await _stop(process)


async def _stop(process: Process) -> None:
    """Ask it to end, which ends its one child too."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), 5.0)
    await end(process)


async def _told(page: str, words: str) -> None:
    """Wait until the channel has a message with these words; raises DrillFailed."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_UP_S), aiohttp.ClientSession() as session:
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"{page}/_control/messages/{_CHANNEL}") as answer:
                        if words in await answer.text():
                            return
                await asyncio.sleep(_PAUSE_S)
    raise DrillFailed(f"the channel was not told {words!r} within {_UP_S:g} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
