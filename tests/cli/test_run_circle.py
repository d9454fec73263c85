"""``trader run --tape circle``: a circle is asked about, taken by a click, and told of with what it made."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.store.ledger.database import Ledger
from engine.wire import commands
from engine.wire.commands import Decide, Who
from engine.wire.events import Notice, ProposalOpened
from engine.wire.line import EngineLine, LineDown, socket_path
from engine.wire.replies import Snapshot
from engine.wire.views import ProposalView

ANN = Who("ann", "ann", "cli")
UP_S = 60.0


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[Path]:
    """Start it as a person would, four times as fast; stop it with Ctrl-C."""
    with tempfile.TemporaryDirectory(prefix="trader-") as home:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "BINANCE_"))}
        words = ("run", "--no-slack", "--tape", "circle", "--speed", "4", "--exchange-port", "0")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "engine.cli.main", *words),
            env=kept | {"TRADER_HOME": home, "ENGINE_HTTP_PORT": "0"},
            cwd=home,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            yield Path(home)
        finally:
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(30.0):
                await process.communicate()
        assert process.returncode == 0


async def resumed(line: EngineLine) -> None:
    """Resume, again and again until everything that it takes is there."""
    async with asyncio.timeout(UP_S):
        while True:
            with contextlib.suppress(LineDown):
                if (await line.ask(commands.Resume(id=uuid.uuid4().hex, who=ANN))).ok:
                    return
            await asyncio.sleep(0.1)


def asked(item: Any) -> list[ProposalView]:
    """Return the circles that an event asks about."""
    views = item.proposals if isinstance(item, Snapshot) else ()
    views = (item.proposal,) if isinstance(item, ProposalOpened) else views
    return [view for view in views if view.strategy == "arbitrage" and view.state == "open"]


@pytest.mark.usefixtures("kernels")
@pytest.mark.timeout(240)
async def test_a_circle_is_asked_about_taken_and_told_of() -> None:
    """What it made is in the ledger, with a fill of each of its three symbols."""
    async with running() as home:
        async with EngineLine(socket_path(home), watch=False) as line:
            await resumed(line)
            told = await took_one(home, line)
        assert told.startswith("Circle ")
        assert "; made " in told
        symbols = await fills(home)
    assert symbols == {"BTCUSDT", "ETHUSDT", "ETHBTC"}


async def took_one(home: Path, line: EngineLine) -> str:
    """Click on each circle that is asked about until one is taken; return what is told once one made money."""
    async with asyncio.timeout(120.0), EngineLine(socket_path(home), watch=True) as watched:
        async for item in watched.events():
            for view in asked(item):
                click = Decide(
                    id=uuid.uuid4().hex,
                    who=ANN,
                    proposal_id=view.proposal_id,
                    choice="buy",
                    fingerprint=view.fingerprint,
                )
                await line.ask(click)
            if isinstance(item, Notice) and item.code == "CIRCLE" and "; made " in item.text:
                return item.text
    raise AssertionError("the line ended")


async def fills(home: Path) -> set[str]:
    """Wait until the ledger has all three fills; return their symbols."""
    found: set[str] = set()
    async with asyncio.timeout(UP_S):
        while len(found) < 3:
            await asyncio.sleep(0.2)
            with closing(Ledger(f"sqlite:///{home / 'ledger.sqlite'}")) as ledger, ledger.connected() as connection:
                found = {row[0] for row in connection.exec_driver_sql("SELECT symbol FROM fills")}
    return found
