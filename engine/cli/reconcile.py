"""``trader reconcile``: has the running engine compare the account now, and stays for what that finds."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from typing import Final

import msgspec

from engine.cli.client import ask, command_of, show_reply
from engine.settings import read_home
from engine.wire.commands import Reconcile
from engine.wire.events import Reconciled
from engine.wire.line import EngineLine
from engine.wire.reconciliation import ReconciliationView
from engine.wire.replies import Reply

COMPARED_S: Final = 15.0
"""How long it stays: the venue's answer takes tenths of a second, a comparison that has just begun two seconds."""


def main(args: argparse.Namespace) -> int:
    """Compare or decide; return 0 when that is done and the account adds up, and 2 when not."""
    command = command_of(args)
    reply = asyncio.run(ask(read_home(), command, _compared if isinstance(command, Reconcile) else None))
    code = show_reply(reply, as_json=args.json)
    return code if not isinstance(reply.result, ReconciliationView) or _adds_up(reply.result) else 2


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
