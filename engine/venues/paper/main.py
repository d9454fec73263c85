"""Runs a paper exchange: opens the tape, binds the port, says where it is, and plays until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec
import uvloop
from aiohttp import web

from engine.venues.paper.options import ExchangeOptions
from engine.venues.paper.server.app import Doors
from engine.venues.paper.server.venue import Venue
from engine.venues.paper.state import StateError, kept_state, load_state
from engine.venues.paper.tape import TapeError, open_tape


class Urls(msgspec.Struct, frozen=True):
    """Where a running exchange can be reached, and what it plays."""

    rest: str
    """``http://127.0.0.1:8790``; paths begin with ``/api/v3``."""
    stream: str
    """``ws://127.0.0.1:8790``; paths are ``/ws`` and ``/stream``."""
    ws_api: str
    """``ws://127.0.0.1:8790/ws-api/v3``."""
    news: str | None
    """``ws://127.0.0.1:8790/_news``; None for a tape without headlines."""
    symbols: tuple[str, ...]
    tape: str
    pid: int


class ExchangeError(Exception):
    """An exchange that can't be started; the text says what to do."""


@asynccontextmanager
async def running_exchange(options: ExchangeOptions) -> AsyncIterator[Urls]:
    """Run an exchange in this process for as long as the block lasts; raises ExchangeError."""
    async with _running(options) as (urls, _):
        yield urls


async def serve(options: ExchangeOptions) -> None:
    """Run an exchange until SIGTERM or SIGINT; write one line of JSON when it is ready. Raises ExchangeError."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with _running(options) as (urls, playing):
        sys.stdout.write(msgspec.json.encode(urls).decode() + "\n")
        sys.stdout.flush()
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([stopping, playing], return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set() and playing.exception() is None:
            await stopping
        stopping.cancel()
        if playing.done():
            _raise_tape_error(playing)


def run(options: ExchangeOptions) -> int:
    """Run an exchange on uvloop; return the exit code, 2 with a sentence on stderr where it can't be started."""
    try:
        uvloop.run(serve(options))
    except ExchangeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


@asynccontextmanager
async def _running(options: ExchangeOptions) -> AsyncIterator[tuple[Urls, asyncio.Task[None]]]:
    async with AsyncExitStack() as stack:
        listening = stack.enter_context(_bind(options.host, options.port))
        venue = await _open_venue(options, stack)
        doors = Doors(venue)
        runner = web.AppRunner(doors.application(), access_log=None, shutdown_timeout=0.3, handle_signals=False)
        await runner.setup()
        await web.SockSite(runner, listening).start()
        tasks = [asyncio.create_task(_play(venue)), asyncio.create_task(doors.ping_all())]
        try:
            yield _urls(venue, listening), tasks[0]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await runner.cleanup()


async def _open_venue(options: ExchangeOptions, stack: AsyncExitStack) -> Venue:
    """Open the venue; what its accounts hold is kept until the stack is left."""
    try:
        kept = load_state(options.state) if options.state else None
        tape = open_tape(options.tape, options.speed, options.seed)
        await tape.prepare()
        venue = Venue(options, tape, kept)
        if options.state:
            await stack.enter_async_context(
                kept_state(options.state, venue.kept, venue.matching, venue.balances_changed)
            )
    except (StateError, TapeError, ValueError) as error:
        raise ExchangeError(str(error)) from None
    return venue


async def _play(venue: Venue) -> None:
    if venue.options.wait_for_client:
        await venue.market_hub.first_listener.wait()
    await venue.tape.play(venue.on_tape)
    venue.is_over = True


def _raise_tape_error(playing: asyncio.Task[None]) -> None:
    try:
        playing.result()
    except TapeError as error:
        raise ExchangeError(f"The tape broke: {error}") from None


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise ExchangeError(
            f"The paper exchange can't listen on {host}:{port} ({error.strerror}). Another one may be running there: "
            "stop it, or choose a free port with --port."
        ) from None
    return listening


def _urls(venue: Venue, listening: socket.socket) -> Urls:
    host, port = listening.getsockname()[:2]
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return Urls(
        rest=f"http://{where}",
        stream=f"ws://{where}",
        ws_api=f"ws://{where}/ws-api/v3",
        news=f"ws://{where}/_news" if venue.tape.has_news else None,
        symbols=tuple(venue.matching.markets),
        tape=venue.tape.spec,
        pid=os.getpid(),
    )
