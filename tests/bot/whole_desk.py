"""The whole desk, every process as ``trader run`` starts it, with people in a Slack and at the command line."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
from local_desk import ALICE, WITHIN_S, LocalSlack, free_port, short_home
from needs import ROOT, skip_or_fail

from bot.local_slack.install import NotInstallable, install

UP_S = 180.0
"""A first start compiles its kernels, which takes twenty seconds where nothing else runs."""
ONE_STEP = "[people]\none_step_quote = 1000000.0\n"
"""What is typed is ordered without a preview; those have tests of their own."""


class Desk(NamedTuple):
    """A running desk: its Slack, its environment for the command line, and its home."""

    slack: LocalSlack
    env: dict[str, str]
    home: Path

    async def trader(self, *words: str) -> tuple[int, Any]:
        """Run the command line with ``--json``; return its exit code and the one object that it printed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "engine.cli.main", *words, "--json"), env=self.env, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await process.communicate()
        return process.returncode or 0, json.loads(out)

    async def armed(self) -> None:
        """Type /resume until the engine is ready for it."""
        for _ in range(160):
            await self.slack.command(ALICE, "/resume")
            with contextlib.suppress(AssertionError, TimeoutError):
                async with asyncio.timeout(0.25):
                    await self.slack.sees_text("Trading is armed by")
                    return
        raise AssertionError("trading was never armed")

    async def finished(self, cause: str = "") -> list[dict[str, Any]]:
        """Return the finished orders of one kind of cause."""
        _, orders = await self.trader("orders")
        return [order for order in orders["result"]["finished"] if order["cause_id"].startswith(cause)]

    async def logged(self, process: str, *, count: int, **facts: str) -> list[dict[str, Any]]:
        """Wait until a process has logged so many lines with these facts, and return them."""
        file = self.home / "logs" / f"{process}.log"
        async with asyncio.timeout(WITHIN_S):
            while True:
                lines = [json.loads(line) for line in file.read_text().splitlines() if line.startswith("{")]
                if len(found := [line for line in lines if facts.items() <= line.items()]) >= count:
                    return found
                await asyncio.sleep(0.05)


def has_buttons(message: dict[str, Any]) -> bool:
    """Say whether a message still has buttons."""
    return any(block["type"] == "actions" for block in message.get("blocks", []))


@contextlib.asynccontextmanager
async def running_desk(*words: str, config: str = "", is_one_step: bool = True) -> AsyncIterator[Desk]:
    """Start ``trader run`` with a local Slack, as a person would, and stop it with Ctrl-C."""
    try:
        binary = await asyncio.to_thread(install, ROOT / "var")
    except NotInstallable as error:
        skip_or_fail(str(error))
    page = free_port()
    with short_home() as home:
        (home / "local-slack").symlink_to(binary.parents[3])
        (home / "trader.toml").write_text((ONE_STEP if is_one_step else "") + config)
        async with aiohttp.ClientSession() as session, _run(home, {}, *words, "--port", str(page)) as env:
            slack = LocalSlack(f"http://127.0.0.1:{page}", session)
            await _is_up(slack)
            yield Desk(slack, env, home)


@contextlib.asynccontextmanager
async def desk_in_a_workspace(
    slack: LocalSlack, slack_env: dict[str, str], *words: str, config: str = ""
) -> AsyncIterator[Desk]:
    """Start ``trader run`` on a Slack that is there already, configured as a real workspace is."""
    with short_home() as home:
        (home / "trader.toml").write_text(ONE_STEP + config)
        async with _run(home, slack_env, *words) as env:
            await _is_up(slack)
            yield Desk(slack, env, home)


@contextlib.asynccontextmanager
async def _run(home: Path, slack_env: dict[str, str], *words: str) -> AsyncIterator[dict[str, str]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "BINANCE_"))}
    env = kept | {"TRADER_HOME": str(home), "TRADER_CONFIG": str(home / "trader.toml"), "ENGINE_HTTP_PORT": "0"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "engine.cli.main", "run", "--no-browser", *words),
        *("--exchange-port", str(free_port())),
        env=env | slack_env,
        cwd=home,
    )
    try:
        yield env
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        async with asyncio.timeout(30.0):
            assert await process.wait() == 0


async def _is_up(slack: LocalSlack) -> None:
    async with asyncio.timeout(UP_S):
        while True:
            with contextlib.suppress(aiohttp.ClientError, AssertionError):
                await slack.sees_text("The engine is up")
                return
            await asyncio.sleep(0.1)
