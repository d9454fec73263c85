"""A real session: an engine that trades on a paper exchange, the ledger behind it, both killed now and then."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from ledger_records import contents, rows, sqlite_url
from paper_bench import rest_client

from engine.store.ledger.database import Ledger
from engine.store.ledger.verify import verify
from engine.venues.paper.main import Urls, running_exchange
from engine.venues.paper.options import ExchangeOptions
from engine.wire.commands import Amount, AnyCommand, Buy, Close, Halt, Resume, Who
from engine.wire.line import EngineLine, LineDown, socket_path
from engine.wire.replies import Reply

ANN = Who("ann", "Ann", "cli")
EAGER = """
mode = "auto"
[limits]
repeats = 100
[breakers]
cooldown_s = 0.0
losses = 100
[strategies.sma_cross]
mode = "off"
[strategies.order_flow]
ask = 0.0
act = 0.05
min_trades = 5
cooldown_s = 1.0
expires_s = 1.0
"""
"""A strategy that acts on nearly everything, and asks about the rest."""
WITHIN_S = 40.0
_ids = count(1)


@pytest.fixture(name="home")
def short_home() -> Iterator[Path]:
    """A home with a path that is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="trader-") as home:
        (Path(home) / "trader.toml").write_text(EAGER, encoding="utf-8")
        yield Path(home)


class Session:
    """The processes of a home, and somebody at the engine's line."""

    def __init__(self, home: Path, urls: Urls, ledger: Ledger, line: EngineLine) -> None:
        self.home, self.ledger, self.line = home, ledger, line
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "LEDGER_"))}
        self._env = kept | {
            "TRADER_HOME": str(home),
            "TRADER_CONFIG": str(home / "trader.toml"),
            "ENGINE_HTTP_PORT": "0",
            "BINANCE_REST_URL": urls.rest,
            "BINANCE_STREAM_URL": urls.stream,
            "BINANCE_WS_API_URL": urls.ws_api,
        }

    async def trader(self, *words: str, **changes: str) -> Process:
        """Start the command line with these words."""
        argv, env = (sys.executable, "-m", "engine.cli.main", *words), self._env | changes
        with (self.home / "log").open("ab") as log:
            return await asyncio.create_subprocess_exec(*argv, env=env, cwd=self.home, stdout=log, stderr=log)

    async def done(self, *words: str, **changes: str) -> int:
        """Run the command line to its end; return the exit code."""
        return await (await self.trader(*words, **changes)).wait()

    async def asks(self, make: Callable[[str], AnyCommand]) -> Reply:
        """Give a command until it is carried out: right after a start the engine is not ready for every one."""
        reply: Reply

        async def is_done() -> bool:
            nonlocal reply
            with contextlib.suppress(LineDown):
                reply = await self.line.ask(make(f"c-{next(_ids)}"))
                return reply.ok
            return False

        await until(is_done)
        return reply

    async def buys(self) -> None:
        """Arm trading and buy by hand."""
        await self.asks(lambda name: Resume(id=name, who=ANN))
        await self.asks(lambda name: Buy(id=name, who=ANN, symbol="IOTA", amount=Amount("quote", "100")))

    async def has(self, table: str, least: int, **values: Any) -> None:
        """Wait until the ledger has so many rows with these values."""

        async def is_so() -> bool:
            found = rows(self.ledger, table) if self.ledger.progress() else []
            return sum(values.items() <= row.items() for row in found) >= least

        await until(is_so)


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition, looking often."""
    async with asyncio.timeout(WITHIN_S):
        while not await is_so():
            await asyncio.sleep(0.05)


async def killed(process: Process) -> None:
    """End a process as a crash does."""
    process.kill()
    await process.wait()


@asynccontextmanager
async def session(home: Path) -> AsyncIterator[tuple[Session, Urls]]:
    """Open an exchange, a line to the engine that is to come, and the ledger that is to come."""
    options = ExchangeOptions(port=0, seed=7, wait_for_client=True)
    with closing(Ledger(sqlite_url(home / "ledger.sqlite"))) as ledger:
        async with running_exchange(options) as urls, EngineLine(socket_path(home)) as line:
            yield Session(home, urls, ledger, line), urls


@contextlib.asynccontextmanager
async def ending(*processes: Process) -> AsyncIterator[None]:
    """Leave nothing running behind."""
    try:
        yield
    finally:
        for process in processes:
            if process.returncode is None:
                await killed(process)


async def test_rebuilt_equals_live_after_a_session_with_kills(home: Path) -> None:
    """Trades by hand and by a strategy; ledger and engine killed between them; then the same tables, row by row."""
    async with session(home) as (it, urls):
        engine, ledger = await it.trader("engine"), await it.trader("ledger", "follow")
        async with ending(engine, ledger):
            await it.buys()
            await it.has("decisions", 1, state="acted")
            await killed(ledger)
            await it.buys()
            ledger = await it.trader("ledger", "follow")
            async with ending(ledger):
                await it.has("orders", 2, origin="cli:ann", state="filled")
                await killed(engine)
                await killed(ledger)
        engine, ledger = await it.trader("engine"), await it.trader("ledger", "follow")
        async with ending(engine, ledger):
            await it.buys()
            await it.asks(lambda name: Halt(id=name, who=ANN, reason="enough"))
            await it.asks(lambda name: Close(id=name, who=ANN, symbol="all"))
            await it.has("round_trips", 1, exit_reason="cli:ann")
            engine.send_signal(signal.SIGTERM)
            assert await engine.wait() == 0
            assert await it.done("health", "ledger") == 0
            await killed(ledger)
            fills = await at_the_exchange(urls)
        assert sorted(row["fill_id"] for row in rows(it.ledger, "fills")) == fills
        assert verify(home / "journal.bin", it.ledger).problems == ()
        await the_same_when_rebuilt(it)


async def at_the_exchange(urls: Urls) -> list[int]:
    """Return the ids of all fills that the exchange knows of."""
    async with rest_client(urls) as rest:
        status, trades = await rest.signed("GET", "myTrades", symbol="IOTAUSDT", limit=1000)
    assert status == 200
    return sorted(trade["id"] for trade in trades)


async def the_same_when_rebuilt(it: Session) -> None:
    """Rebuild into another database, and compare everything; nothing is empty that a session fills."""
    url = sqlite_url(it.home / "again.sqlite")
    assert await it.done("ledger", "rebuild", LEDGER_URL=url) == 0
    live = contents(it.ledger)
    with closing(Ledger(url)) as rebuilt:
        assert contents(rebuilt) == live
    for table in ("instruments", "orders", "order_events", "fills", "round_trips", "decisions", "commands", "equity"):
        assert live[table], table
    assert len(live["runs"]) == 2
    commands = {row["text"].split()[0]: row["ok"] for row in rows(it.ledger, "commands")}
    assert commands.keys() >= {"resume", "buy", "halt", "close"}
