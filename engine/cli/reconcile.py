"""``trader reconcile``: has the running engine compare the account now, and stays for what that finds."""

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
from engine.cli.said import reconcile_command
from engine.settings import read_home
from engine.wire.commands import AnyCommand, Reconcile
from engine.wire.events import Reconciled
from engine.wire.line import EngineLine, LineDown, socket_path
from engine.wire.reconciliation import ReconciliationView
from engine.wire.replies import Reply
from engine.wire.words import BadWords

COMPARED_S: Final = 15.0
"""How long it stays: the venue's answer takes tenths of a second, a comparison that has just begun two seconds."""


def main(args: argparse.Namespace) -> int:
    """Compare or decide; return 0 when that is done and the account adds up, and 2 when not."""
    try:
        command = reconcile_command(" ".join(args.words), args.id or new_id(), who("cli"))
    except BadWords as error:
        raise Refused("BAD_REQUEST", str(error)) from None
    reply = asyncio.run(_ask(read_home(), command))
    is_well = reply.ok and (not isinstance(reply.result, ReconciliationView) or _adds_up(reply.result))
    if args.json:
        print(json.dumps(msgspec.to_builtins(reply), ensure_ascii=False))
    else:
        print(reply_text(reply), file=sys.stdout if reply.ok else sys.stderr)
    return 0 if is_well else 2


async def _ask(home: Path, command: AnyCommand) -> Reply:
    """Ask the engine; return its reply, with the comparison that was asked for."""
    try:
        async with EngineLine(socket_path(home), watch=True) as line:
            reply = await line.ask(command)
            return await _compared(line, reply) if reply.ok and isinstance(command, Reconcile) else reply
    except LineDown as error:
        raise Refused("ENGINE_DOWN", str(error)) from None


async def _compared(line: EngineLine, reply: Reply) -> Reply:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(COMPARED_S):
            async for item in line.events():
                if isinstance(item, Reconciled):
                    return msgspec.structs.replace(reply, result=item.view, text="Compared.")
    words = "The exchange has not answered: nothing was compared. See trader health."
    return Reply(reply.command_id, False, "NOT_READY", words)


def _adds_up(view: ReconciliationView) -> bool:
    return view.is_reconciled and not view.foreign and not any(line.trouble for line in view.symbols)
