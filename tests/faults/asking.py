"""Asking an engine that runs in another process, and may not be there yet."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from fault_bench import ANN, new_id

from engine.wire import commands
from engine.wire.commands import AnyCommand
from engine.wire.line import EngineLine, LineDown, socket_path
from engine.wire.replies import Reply

_WITHIN_S: Final = 60.0
_PAUSE_S: Final = 0.02


async def ask(line: EngineLine, command: AnyCommand) -> Reply:
    """Ask an engine, and again while it is not there; a command that it has done already it does not do twice."""
    async with asyncio.timeout(_WITHIN_S):
        while True:
            try:
                return await line.ask(command)
            except LineDown:
                await asyncio.sleep(_PAUSE_S)


async def asked(home: Path, command: AnyCommand) -> Reply:
    """Ask the engine of a home over a line of its own."""
    async with EngineLine(socket_path(home)) as line:
        return await ask(line, command)


async def until_armed(line: EngineLine) -> None:
    """Resume until the engine is ready for it: the account is reconciled, and every order is known."""
    async with asyncio.timeout(_WITHIN_S):
        while not (await ask(line, commands.Resume(id=new_id(), who=ANN))).ok:
            await asyncio.sleep(_PAUSE_S)


async def until_armed_at(home: Path) -> None:
    """Resume over a line of its own."""
    async with EngineLine(socket_path(home)) as line:
        await until_armed(line)
