"""How a process is, asked of itself over a Unix socket in the home folder: ``GET /health``, told part by part.

The socket of one that was stopped is removed; that of one that died stays, and says that somebody should be there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp
import msgspec
from aiohttp import web

from engine.wire.views import HealthView

LOOKED_AFTER: Final = ("run", "watchdog", "ledger", "notify")
"""The processes beside engine, bot and exchange that answer so; ``run`` tells of all that `trader run` has started."""
_TIMEOUT: Final = aiohttp.ClientTimeout(total=3.0)


class _Told(msgspec.Struct):
    """What a process says of itself, as far as it is shown."""

    parts: tuple[HealthView, ...]


def socket_in(home: Path, process: str) -> Path:
    """Return where a process is asked how it is."""
    return home / f"{process}.sock"


def started(home: Path) -> tuple[str, ...]:
    """Return which of those processes were started in a home and not stopped, dead ones included."""
    return tuple(name for name in LOOKED_AFTER if socket_in(home, name).exists())


async def ask_process(home: Path, process: str) -> tuple[HealthView, ...]:
    """Ask a process how it is; one that is dead or silent is not well, and it is said what to do."""
    socket = socket_in(home, process)
    try:
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(socket)), timeout=_TIMEOUT) as session,
            session.get(f"http://{process}/health") as answer,
        ):
            return msgspec.json.decode(await answer.read(), type=_Told).parts
    except TimeoutError:
        return (
            HealthView(process, False, f"It hangs or is stopped: end it, and `trader run` starts it again. {socket}"),
        )
    except (aiohttp.ClientError, msgspec.DecodeError):
        return (HealthView(process, False, f"Nobody listens at {socket}: start it with `trader run`."),)


async def ask_processes(home: Path, processes: Sequence[str]) -> dict[str, tuple[HealthView, ...]]:
    """Ask several at once."""
    answers = await asyncio.gather(*(ask_process(home, name) for name in processes))
    return dict(zip(processes, answers, strict=True))


@asynccontextmanager
async def answering(home: Path, process: str, parts: Callable[[], Sequence[HealthView]]) -> AsyncIterator[None]:
    """Answer for a process while the context is open: 200 when every part is well, else 503."""

    async def health(_request: web.Request) -> web.Response:
        told = tuple(parts())
        status = 200 if all(part.is_ok for part in told) else 503
        return web.Response(body=msgspec.json.encode(_Told(told)), status=status, content_type="application/json")

    app, socket = web.Application(), socket_in(home, process)
    app.router.add_get("/health", health)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.UnixSite(runner, str(socket)).start()
    try:
        yield
    finally:
        await runner.cleanup()
        socket.unlink(missing_ok=True)
