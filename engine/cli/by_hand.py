"""`trader buy` and `trader sell`: on a terminal the preview and a question, then exactly what was previewed."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable

from engine.cli.client import ask, command_of, new_id, show_reply
from engine.cli.hand_text import preview_text
from engine.cli.refused import Refused
from engine.settings import read_home
from engine.wire.commands import AnyCommand, Buy, Confirm, Preview, Sell, Shown
from engine.wire.hand_views import PreviewView
from engine.wire.replies import Reply


def main(args: argparse.Namespace) -> int:
    """Preview, ask and order; return 0 when it was done and 2 when it was refused or left."""
    order = command_of(args)
    if not isinstance(order, Buy | Sell):
        raise Refused("BAD_REQUEST", f"{args.verb} is no order.")
    home = read_home()

    def put(command: AnyCommand) -> Reply:
        return asyncio.run(ask(home, command))

    is_asked = sys.stdin.isatty() and sys.stdout.isatty() and not (args.yes or args.json)
    if args.dry_run:
        reply = put(Preview(id=new_id(), who=order.who, order=order))
        is_well = reply.ok and isinstance(reply.result, PreviewView) and reply.result.code == "OK"
        show_reply(reply, as_json=args.json)
        return 0 if is_well else 2
    reply = previewed(order, put, lambda: input("Order it? [y/N] ")) if is_asked else put(order)
    return show_reply(reply, as_json=args.json)


def previewed(order: Buy | Sell, put: Callable[[AnyCommand], Reply], answer: Callable[[], str]) -> Reply:
    """Show what an order would be, and give it when the answer is yes; the engine prices and checks it again."""
    seen = put(Preview(id=new_id(), who=order.who, order=order))
    view = seen.result
    if not seen.ok or not isinstance(view, PreviewView):
        return seen
    print(preview_text(view))
    if view.code != "OK":
        return Reply(seen.command_id, False, view.code, f"Nothing was ordered. {view.advice}".rstrip())
    if answer().strip().lower() not in ("y", "yes"):
        return Reply(seen.command_id, False, "NOT_CONFIRMED", "Nothing was ordered.")
    shown = Shown(view.qty, view.price, view.ts_ns)
    return put(Confirm(id=new_id(), who=order.who, order=order, shown=shown, fingerprint=view.fingerprint))
