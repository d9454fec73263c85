"""A second ``trader run`` in the same home finds the money and the position of the first one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.wire import commands
from engine.wire.commands import AnyCommand, Who
from engine.wire.line import EngineLine, LineDown, socket_path

ANN = Who("ann", "ann", "cli")
UP_S = 60.0


class Run:
    """A running ``trader run``, with the desk in its terminal."""

    def __init__(self, env: dict[str, str]) -> None:
        self._env = env

    async def trader(self, *words: str) -> tuple[int, Any]:
        """Run the command line with ``--json``; return its exit code and its object."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "engine.cli.main", *words, "--json"), env=self._env, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await process.communicate()
        return process.returncode or 0, json.loads(out)

    async def until(self, is_so: Callable[[Any], bool], kind: Callable[..., AnyCommand]) -> Any:
        """Ask the engine until its answer is so, and return that."""
        async with asyncio.timeout(UP_S), EngineLine(socket_path(Path(self._env["TRADER_HOME"]))) as line:
            while True:
                with contextlib.suppress(LineDown):
                    answer = msgspec.to_builtins(await line.ask(kind(id=uuid.uuid4().hex, who=ANN)))
                    if is_so(answer):
                        return answer
                await asyncio.sleep(0.1)

    async def held(self) -> tuple[list[tuple[str, str]], dict[str, str]]:
        """Return positions and balances, free and locked together, once the account has been reconciled."""
        await self.until(is_reconciled, commands.GetStatus)
        result = (await self.trader("positions"))[1]["result"]
        return (
            [(trade["symbol"], trade["qty"]) for trade in result["positions"]],
            {each["asset"]: str(Decimal(each["free"]) + Decimal(each["locked"])) for each in result["balances"]},
        )


@pytest.fixture(name="env")
def environment() -> Iterator[dict[str, str]]:
    """The environment of a new home, with a path that is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="trader-") as home:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "BINANCE_"))}
        yield kept | {"TRADER_HOME": home, "ENGINE_HTTP_PORT": "0"}


@contextlib.asynccontextmanager
async def running(env: dict[str, str]) -> AsyncIterator[Run]:
    """Start it as a person would, and stop it with Ctrl-C; nothing it said was a warning."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "engine.cli.main", "run", "--no-slack", "--exchange-port", "0"),
        env=env,
        cwd=env["TRADER_HOME"],
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        run = Run(env)
        await run.until(lambda answer: bool(answer["ok"]), commands.GetStatus)
        yield run
    finally:
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(30.0):
            said, _ = await process.communicate()
    assert process.returncode == 0
    assert b"CRITICAL" not in said, said.decode()


def is_reconciled(status: Any) -> bool:
    """Say whether the engine has compared the account."""
    return all(part["is_ok"] for part in status["result"]["health"] if part["name"] == "account")


@pytest.mark.usefixtures("kernels")
@pytest.mark.timeout(240)
async def test_the_position_and_the_money_are_still_there(env: dict[str, str]) -> None:
    """Bought in one run, held in the next: journal and paper account agree, so nothing is written off."""
    async with running(env) as run:
        await run.until(lambda answer: bool(answer["ok"]), commands.Resume)
        code, _ = await run.trader("buy", "IOTA", "250")
        assert code == 0
        await run.until(lambda answer: bool(answer["result"]["positions"]), commands.GetPositions)
        assert (await run.trader("health", "exchange"))[0] == 0
        code, health = await run.trader("health", "ledger")
        assert (code, health["health"][0]["detail"][:4]) == (0, "has ")
    account = json.loads((Path(env["TRADER_HOME"]) / "paper-account.json").read_text("utf-8"))["accounts"]["paper"]
    async with running(env) as run:
        ((symbol, qty),), balances = await run.held()
        assert symbol == "IOTAUSDT"
        assert balances == account
        assert float(qty) <= float(balances["IOTA"]) < float(qty) + 0.01
