"""``trader kill``: throws the kill switch of the running engine, and stays for the venue's confirmation."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import Final

import msgspec

from engine.cli.client import new_id, who
from engine.cli.desk_text import reply_text
from engine.cli.refused import Refused
from engine.cli.said import read_command
from engine.settings import read_home
from engine.wire.commands import AnyCommand, Kill
from engine.wire.events import KillReported
from engine.wire.line import EngineLine, LineDown, socket_path
from engine.wire.replies import Reply
from engine.wire.safeguard_views import KillView
from engine.wire.words import BadWords

CONFIRMED_S: Final = 15.0
"""How long it stays: cancels and sales take tenths of a second, the venue's list of open orders some seconds."""


def main(args: argparse.Namespace) -> int:
    """Kill or reset; return 0 when it is done, and 2 when it was refused or the venue hasn't confirmed it yet."""
    try:
        command = read_command("kill", " ".join(args.words), args.id or new_id(), who("cli"))
    except BadWords as error:
        raise Refused("BAD_REQUEST", str(error)) from None
    reply = asyncio.run(_ask(read_home(), command))
    is_done = reply.ok and (not isinstance(reply.result, KillView) or reply.result.is_done)
    if args.json:
        print(json.dumps(msgspec.to_builtins(reply), ensure_ascii=False))
    else:
        print(reply_text(reply), file=sys.stdout if is_done else sys.stderr)
    return 0 if is_done else 2


async def _ask(home: Path, command: AnyCommand) -> Reply:
    """Ask the engine; of a kill, return the reply with the last report that came in time."""
    try:
        async with EngineLine(socket_path(home), watch=True) as line:
            reply = await line.ask(command)
            return await _confirmed(line, reply) if reply.ok and isinstance(command, Kill) else reply
    except LineDown as error:
        words = f"{error} Without it, the file {home / 'kill'} kills: at once where the engine runs, else at its start."
        raise Refused("ENGINE_DOWN", words) from None


async def _confirmed(line: EngineLine, reply: Reply) -> Reply:
    """Wait for the report that ends it; where that doesn't come in time, the last one says that it is not done."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CONFIRMED_S):
            async for item in line.events():
                if isinstance(item, KillReported):
                    reply = msgspec.structs.replace(reply, result=item.kill)
                    if item.kill.is_done:
                        break
    return reply
