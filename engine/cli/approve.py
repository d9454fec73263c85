"""`trader approve` and `trader decline`: the second person's answer to an order that waits."""

from __future__ import annotations

import argparse
import asyncio

from engine.cli.client import ask, new_id, show_reply, who
from engine.cli.refused import Refused
from engine.settings import read_home
from engine.wire.commands import Approve, GetSnapshot
from engine.wire.replies import Snapshot


def main(args: argparse.Namespace) -> int:
    """Answer for the order of this id, as it waits now; return 0 when that was taken and 2 when not."""
    home, me = read_home(), who("cli")
    seen = asyncio.run(ask(home, GetSnapshot(id=new_id(), who=me))).result
    approvals = seen.approvals if isinstance(seen, Snapshot) else ()
    found = next((view for view in approvals if view.approval_id == args.approval_id), None)
    if found is None:
        waiting = ", ".join(view.approval_id for view in approvals if view.state == "waiting") or "nothing"
        raise Refused("NOT_FOUND", f"No order {args.approval_id} waits for a second person; {waiting} does.")
    is_yes = args.verb == "approve"
    answer = Approve(id=new_id(), who=me, approval_id=found.approval_id, fingerprint=found.fingerprint, is_yes=is_yes)
    return show_reply(asyncio.run(ask(home, answer)), as_json=args.json)
