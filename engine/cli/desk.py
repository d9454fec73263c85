"""The desk in a terminal: shows what happens, and takes the same words as Slack, for when there is no Slack."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from typing import Final

from engine.cli.client import new_id, who
from engine.cli.desk_text import command_help, event_text, help_text, prices_text, proposal_text, reply_text
from engine.cli.refused import Refused
from engine.cli.said import read_command
from engine.cli.stdin_lines import stdin_lines
from engine.cli.traded import ANY, in_status
from engine.settings import read_home
from engine.wire.commands import AnyCommand, Decide, GetStatus
from engine.wire.events import PricesMoved, ProposalClosed, ProposalOpened, ProposalReviewed, SignalActed
from engine.wire.line import EngineLine, Followed, LineDown, socket_path
from engine.wire.replies import OrderPlaced, Snapshot
from engine.wire.views import ProposalView, StatusView
from engine.wire.words import BadWords

_PRICES_EVERY_NS: Final = 10_000_000_000


class Desk:
    """What the desk remembers: the alerts by the number that it gave them, and when it last showed prices."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._numbers: dict[str, int] = {}
        self._alerts: dict[int, ProposalView] = {}
        self._prices_due_ns = 0

    def on_followed(self, item: Followed) -> str:
        """Return what to show of the next thing that the line tells; empty for nothing."""
        match item:
            case Snapshot():
                self._prices_due_ns = item.status.ts_now_ns + _PRICES_EVERY_NS
                news = [p for p in item.proposals if p.state == "open" and p.proposal_id not in self._numbers]
                return "\n".join([prices_text(item.prices), *(proposal_text(self._number(p), p) for p in news)])
            case PricesMoved() if item.ts_ns < self._prices_due_ns:
                return ""
            case PricesMoved():
                self._prices_due_ns = item.ts_ns + _PRICES_EVERY_NS
                return event_text(item)
            case ProposalOpened() | ProposalReviewed() | ProposalClosed() | SignalActed():
                return event_text(item, self._number(item.proposal))
            case _:
                return event_text(item)

    def read(self, line: str) -> AnyCommand | None:
        """Turn a typed line into a command, None for an empty one; raises BadWords."""
        verb, _, rest = line.strip().removeprefix("/").partition(" ")
        verb, rest = verb.lower(), rest.strip()
        if not verb:
            return None
        if verb in ("yes", "no"):
            return self._decide(verb, rest)
        return read_command(verb, rest, new_id(), who("desk"))

    def _decide(self, verb: str, word: str) -> Decide:
        proposal = self._alerts.get(int(word)) if word.isascii() and word.isdigit() else None
        if proposal is None:
            seen = f"1 to {len(self._alerts)}" if self._alerts else "none so far"
            raise BadWords(f"Say which alert by its number ({seen}): {verb} 1")
        return Decide(
            id=new_id(),
            who=who("desk"),
            proposal_id=proposal.proposal_id,
            choice=proposal.side if verb == "yes" else "dismiss",
            fingerprint=proposal.fingerprint,
        )

    def _number(self, proposal: ProposalView) -> int:
        number = self._numbers.setdefault(proposal.proposal_id, len(self._numbers) + 1)
        self._alerts[number] = proposal
        return number


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
        await sit(line, stdin_lines(), show, example)


async def sit(line: EngineLine, typed: AsyncIterator[str], say: Callable[[str], None], example: str) -> None:
    """Show what the line tells and do what is typed, until ``quit`` or the end of the input.

    ``example`` is a symbol that is traded, for the help.
    """
    desk = Desk()
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


def show(text: str) -> None:
    """Print above the prompt of a terminal, or plainly where there is none."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        print(f"\r\x1b[K{text}\n> ", end="", flush=True)
    else:
        print(text, flush=True)


async def _follow(desk: Desk, line: EngineLine, say: Callable[[str], None]) -> None:
    async for item in line.events():
        if text := desk.on_followed(item):
            say(text)


async def _do(desk: Desk, line: EngineLine, text: str, say: Callable[[str], None]) -> None:
    try:
        if (command := desk.read(text)) is not None:
            reply = await line.ask(command)
            # Its orders come as events too, and those tell what became of them.
            say(reply.text if isinstance(reply.result, OrderPlaced) else reply_text(reply))
    except (BadWords, LineDown) as error:
        say(str(error))
