"""The process under measurement: started on its core, brought to where it answers events, and ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.lab.headlines import PATH, write_config
from benchmarks.lab.machine import Cores, cpu_ns, on_core
from benchmarks.lab.server import LoadServer, Peer
from benchmarks.lab.variants import Variant, command
from engine.wire.commands import Resume, Who
from engine.wire.line import EngineLine, LineDown, socket_path

ROOT: Final = Path(__file__).resolve().parents[2]
_WHO: Final = Who("bench", "bench", "cli")
_FIRST_TRADES: Final = 10
"""Before the strategy says its first word; more than ``min_trades`` in ``engine.toml``."""
_BREATH_S: Final = 0.05
CONFIG: Final = Path(__file__).with_name("engine.toml")


class Subject:
    """A client that is ready to answer."""

    def __init__(self, variant: Variant, process: asyncio.subprocess.Process, server: LoadServer, home: Path) -> None:
        self.variant = variant
        self.home = home
        self._process = process
        self._server = server

    @property
    def peer(self) -> Peer:
        """Return the connection that events are written to."""
        peer = self._server.peer("echo" if self.variant.line == "echo" else self.variant.hears)
        if peer is None:
            raise RuntimeError(f"{self.variant.name} has hung up: see its words on standard error")
        return peer

    def cpu_ns(self) -> int:
        """Return what its threads have run so far."""
        return cpu_ns(self._process.pid)

    async def get_ready(self) -> None:
        """For our engine over REST: cut the WebSocket API until the run has ended, as when it is down."""
        if self.variant.is_engine and self.variant.line == "rest":
            self._server.drop_order_line()
            await self._server.until(lambda: self._server.peer("orders") is None, "the order line to go")

    async def recover(self) -> None:
        """Let the order line stand again."""
        if self.variant.is_engine and not self._server.is_order_line_open:
            self._server.is_order_line_open = True
            await self._server.until(lambda: is_ready(self._server, "orders"), "the order line to come back")


@contextlib.asynccontextmanager
async def running(variant: Variant, server: LoadServer, port: int, cores: Cores) -> AsyncIterator[Subject]:
    """Start a variant, wait until it would answer an event, and end it afterwards."""
    server.begin()
    home = Path(tempfile.mkdtemp(prefix="bench-"))
    with on_core(cores.client):
        process = await asyncio.create_subprocess_exec(
            *command(variant, port), cwd=ROOT, env=_environment(variant, port, home)
        )
    try:
        await _unless_it_ends(process, _until_ready(variant, server, home), variant.name)
        yield Subject(variant, process, server, home)
    finally:
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            process.terminate()
        await process.wait()
        shutil.rmtree(home)
        await server.until(lambda: not server.peers, "the client's connections to close")


def _environment(variant: Variant, port: int, home: Path) -> dict[str, str]:
    """Return this environment without anybody's settings, and for our engine with those of the benchmark."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ENGINE_", "BINANCE_", "NEWS_"))}
    return {
        **kept,
        "ENGINE_VENUE": "paper",
        "ENGINE_SYMBOLS": "ETHUSDT",
        "ENGINE_HTTP_PORT": "0",
        "BINANCE_REST_URL": f"http://127.0.0.1:{port}",
        "BINANCE_STREAM_URL": f"ws://127.0.0.1:{port}",
        "BINANCE_WS_API_URL": f"ws://127.0.0.1:{port}/ws-api/v3",
        "TRADER_HOME": str(home),
        "TRADER_CONFIG": str(CONFIG),
        "LOG_LEVEL": "ERROR",
        **(_hearing_news(port, home) if variant.hears == "news" else {}),
        **variant.environ,
    }


def _hearing_news(port: int, home: Path) -> dict[str, str]:
    """Return the settings of an engine that acts on headlines."""
    return {"TRADER_CONFIG": str(write_config(home)), "NEWS_STREAM_URL": f"ws://127.0.0.1:{port}{PATH}"}


async def _unless_it_ends(process: asyncio.subprocess.Process, ready: Coroutine[Any, Any, None], name: str) -> None:
    """Wait until a client is ready; raises RuntimeError when it ends instead."""
    tasks = asyncio.ensure_future(ready), asyncio.ensure_future(process.wait())
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in set(tasks) - done:
        task.cancel()
    if tasks[0] not in done:
        raise RuntimeError(f"{name} ended with exit code {process.returncode}: see its words on standard error")
    await tasks[0]


async def _until_ready(variant: Variant, server: LoadServer, home: Path) -> None:
    role = "echo" if variant.line == "echo" else "market"
    await server.until(lambda: is_ready(server, role), f"{variant.name} to connect")
    if variant.is_engine:
        for room in ("orders", variant.hears):
            await server.until(partial(is_ready, server, room), f"{variant.name} to open its line for {room}")
        await _arm(server, home)


async def _arm(server: LoadServer, home: Path) -> None:
    async with asyncio.timeout(30), EngineLine(socket_path(home)) as line:

        async def resume() -> bool:
            """Ask for trading to be armed; False where the engine refuses, or is not there yet."""
            try:
                return (await line.ask(Resume(id=uuid.uuid4().hex, who=_WHO))).ok
            except LineDown:
                return False

        await feed_until_armed(server, resume)


async def feed_until_armed(server: LoadServer, resume: Callable[[], Awaitable[bool]]) -> None:
    """Let a market begin, so that the engine has prices, a book and a strategy that is warm, and arm it."""
    told = 0
    while told < _FIRST_TRADES or not await resume():
        told += 1
        for frame in (server.market.depth(), server.market.quote(), server.market.trade()):
            server.tell_market(frame)
        await asyncio.sleep(_BREATH_S)


def is_ready(server: LoadServer, role: str) -> bool:
    """Say whether a connection of that role stands and is subscribed to what it needs."""
    return any(peer.role == role and peer.is_subscribed for peer in server.peers)
