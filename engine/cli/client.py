"""Sends one command over the line to the running engine and shows its reply."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import sys
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from engine.cli.desk_text import reply_text
from engine.cli.refused import Refused
from engine.cli.said import read_command
from engine.settings import read_home
from engine.wire.commands import AnyCommand, Who
from engine.wire.line import EngineLine, LineDown, socket_path
from engine.wire.replies import Reply
from engine.wire.words import BadWords

Staying: TypeAlias = Callable[[EngineLine, Reply], Awaitable[Reply]]


def main(args: argparse.Namespace) -> int:
    """Ask the engine what the arguments say; return 0 when it did so and 2 when it refused."""
    return show_reply(asyncio.run(ask(read_home(), command_of(args))), as_json=args.json)


def command_of(args: argparse.Namespace) -> AnyCommand:
    """Read the command that a verb and its words ask for; raises Refused."""
    try:
        return read_command(args.verb, " ".join(getattr(args, "words", ())), args.id or new_id(), who("cli"))
    except BadWords as error:
        raise Refused("BAD_REQUEST", str(error)) from None


def show_reply(reply: Reply, *, as_json: bool, is_done: bool = True) -> int:
    """Print a reply, refused ones and what is not done yet as errors; return the exit code."""
    is_well = reply.ok and is_done
    if as_json:
        print(json.dumps(msgspec.to_builtins(reply), ensure_ascii=False))
    else:
        print(reply_text(reply), file=sys.stdout if is_well else sys.stderr)
    return 0 if is_well else 2


async def ask(home: Path, command: AnyCommand, stay: Staying | None = None) -> Reply:
    """Open the line, ask once, and close it; raises Refused when the engine can't be asked.

    ``stay`` hears on the line what an accepted command leads to, and returns the reply with that.
    """
    try:
        async with EngineLine(socket_path(home), watch=stay is not None) as line:
            reply = await line.ask(command)
            return await stay(line, reply) if stay is not None and reply.ok else reply
    except LineDown as error:
        raise Refused("ENGINE_DOWN", str(error)) from None


def who(door: Literal["cli", "desk"]) -> Who:
    """Say who sits at this terminal."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        name = "somebody"
    return Who(user_id=name, name=name, door=door)


def new_id() -> str:
    """Return an id that no command had before."""
    return uuid.uuid4().hex
