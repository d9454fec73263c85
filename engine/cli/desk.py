"""The desk in a terminal: shows what happens, and takes the same words as Slack, for when there is no Slack.

At a terminal an order is previewed and waits for `confirm`, as in Slack; in a script it goes, as with `trader buy`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from typing import Final

from engine.cli.client import new_id, who
from engine.cli.desk_answers import ANSWERS, Waiting
from engine.cli.desk_text import command_help, event_text, help_text, prices_text, proposal_text, reply_text
from engine.cli.refused import Refused
from engine.cli.said import read_command
from engine.cli.stdin_lines import stdin_lines
from engine.cli.traded import ANY, in_status
from engine.settings import read_home
from engine.wire.commands import AnyCommand, Buy, Confirm, GetStatus, Preview, Sell
from engine.wire.events import (
    ApprovalChanged,
    PricesMoved,
    ProposalClosed,
    ProposalOpened,
    ProposalReviewed,
    SignalActed,
)
from engine.wire.hand_views import PreviewView
from engine.wire.line import EngineLine, Followed, LineDown, socket_path
from engine.wire.replies import OrderPlaced, Snapshot
from engine.wire.views import StatusView
from engine.wire.words import BadWords, read_nothing

_PRICES_EVERY_NS: Final = 10_000_000_000


class Desk:
    """What the desk remembers: what waits for an answer, and when it last showed prices."""

    def __init__(self, *, is_asked: bool = False) -> None:
        """Begin with nothing seen; ``is_asked``: orders are previewed, and wait for ``confirm``."""
        self.is_asked = is_asked
        self.waiting = Waiting()
        self._prices_due_ns = 0

    def on_followed(self, item: Followed) -> str:
        """Return what to show of the next thing that the line tells; empty for nothing."""
        match item:
            case Snapshot():
                self._prices_due_ns = item.status.ts_now_ns + _PRICES_EVERY_NS
                for approval in item.approvals:
                    self.waiting.on_approval(approval)
                news = [p for p in item.proposals if p.state == "open" and not self.waiting.knows(p)]
                return "\n".join([prices_text(item.prices), *(proposal_text(self.waiting.number(p), p) for p in news)])
            case PricesMoved() if item.ts_ns < self._prices_due_ns:
                return ""
            case PricesMoved():
                self._prices_due_ns = item.ts_ns + _PRICES_EVERY_NS
                return event_text(item)
            case ProposalOpened() | ProposalReviewed() | ProposalClosed() | SignalActed():
                return event_text(item, self.waiting.number(item.proposal))
            case ApprovalChanged():
                self.waiting.on_approval(item.approval)
                return event_text(item)
            case _:
                return event_text(item)

    def read(self, line: str) -> AnyCommand | None:
        """Turn a typed line into a command, None for an empty one; raises BadWords."""
        verb, _, rest = line.strip().removeprefix("/").partition(" ")
        verb, rest = verb.lower(), rest.strip()
        if not verb:
            return None
        if verb in ANSWERS:
            return self.waiting.answer(verb, rest)
        if verb == "confirm":
            read_nothing(verb, rest)
            return self.waiting.confirm()
        return read_command(verb, rest, new_id(), who("desk"))


def main(args: argparse.Namespace) -> int:
    """Sit at the desk until ``quit``, Ctrl-C or the end of the input."""
    asyncio.run(_main())
    return 0


async def _main() -> None:
    async with EngineLine(socket_path(read_home()), watch=True) as line:
        try:
            status = await line.ask(GetStatus(id=new_id(), who=who("desk")))
        except LineDown as error:
            raise Refused("ENGINE_DOWN", str(error)) from None
        show(reply_text(status))
        example = in_status(status.result) if isinstance(status.result, StatusView) else ANY
        await sit(line, stdin_lines(), show, example, is_asked=is_terminal())


async def sit(
    line: EngineLine,
    typed: AsyncIterator[str],
    say: Callable[[str], None],
    example: str,
    *,
    is_asked: bool = False,
) -> None:
    """Show what the line tells and do what is typed, until ``quit`` or the end of the input.

    ``example`` is a symbol that is traded, for the help; ``is_asked``: an order is previewed first.
    """
    desk = Desk(is_asked=is_asked)
    follower = asyncio.create_task(_follow(desk, line, say), name="desk")
    say(help_text(example))
    try:
        async for text in typed:
            if text.strip().lower() in ("quit", "exit", "q"):
                break
            if text.strip().lower() in ("help", "?"):
                say(help_text(example))
                continue
            verb, _, asked = text.strip().partition(" ")
            if verb.lower().removeprefix("/") == "help" or asked.strip().lower() in ("help", "?"):
                say(command_help(asked.strip() if verb.lower().removeprefix("/") == "help" else verb))
                continue
            await _do(desk, line, text, say)
    finally:
        follower.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await follower


def is_terminal() -> bool:
    """Say whether a person sits here, and no script."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def show(text: str) -> None:
    """Print above the prompt of a terminal, or plainly where there is none."""
    if is_terminal():
        print(f"\r\x1b[K{text}\n> ", end="", flush=True)
    else:
        print(text, flush=True)


async def _follow(desk: Desk, line: EngineLine, say: Callable[[str], None]) -> None:
    async for item in line.events():
        if text := desk.on_followed(item):
            say(text)


async def _do(desk: Desk, line: EngineLine, text: str, say: Callable[[str], None]) -> None:
    if text.strip().lower().removeprefix("/") == "cancel" and desk.waiting.drop():
        say("Cancelled: nothing was ordered.")
        return
    try:
        command = desk.read(text)
        if isinstance(command, Buy | Sell) and desk.is_asked:
            command = await _previewed(desk, line, command, say)
        if command is not None:
            reply = await line.ask(command)
            if isinstance(command, Confirm) and reply.ok:
                desk.waiting.drop()
            # Its orders come as events too, and those tell what became of them.
            say(reply.text if isinstance(reply.result, OrderPlaced) else reply_text(reply))
    except (BadWords, LineDown) as error:
        say(str(error))


async def _previewed(desk: Desk, line: EngineLine, order: Buy | Sell, say: Callable[[str], None]) -> AnyCommand | None:
    """Show what an order would be, and return None; return the order itself where the settings make it one step."""
    seen = await line.ask(Preview(id=new_id(), who=order.who, order=order))
    if isinstance(seen.result, PreviewView) and seen.result.is_one_step:
        return order
    desk.waiting.drop()
    say(reply_text(seen))
    if isinstance(seen.result, PreviewView):
        say(desk.waiting.on_preview(order, seen.result))
    return None
