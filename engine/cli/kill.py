"""``trader kill``: throws the kill switch of the running engine, and stays for the venue's confirmation."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from typing import Final

import msgspec

from engine.cli.client import ask, command_of, show_reply
from engine.cli.refused import Refused
from engine.settings import read_home
from engine.wire.commands import Kill
from engine.wire.events import KillReported
from engine.wire.line import EngineLine
from engine.wire.replies import Reply
from engine.wire.safeguard_views import KillView

CONFIRMED_S: Final = 15.0
"""How long it stays: cancels and sales take tenths of a second, the venue's list of open orders some seconds."""


def main(args: argparse.Namespace) -> int:
    """Kill or reset; return 0 when it is done, and 2 when it was refused or the venue hasn't confirmed it yet."""
    home, command = read_home(), command_of(args)
    try:
        reply = asyncio.run(ask(home, command, _confirmed if isinstance(command, Kill) else None))
    except Refused as error:
        words = f"{error} Without it, the file {home / 'kill'} kills: at once where the engine runs, else at its start."
        raise Refused(error.code, words) from None
    is_done = not isinstance(reply.result, KillView) or reply.result.is_done
    return show_reply(reply, as_json=args.json, is_done=is_done)


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
