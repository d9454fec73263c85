"""C11 with Slack gone and the bot stopped: the command line kills the whole desk, and Slack is told when it is back."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from local_desk import local_slack, short_home
from rough_slack import rough_slack
from whole_desk import desk_in_a_workspace

from engine.wire import commands
from engine.wire.commands import AnyCommand, Who
from engine.wire.line import EngineLine, socket_path
from engine.wire.replies import OrdersView, Reply
from engine.wire.views import PositionsView

ANN = Who("ann", "ann", "cli")
PROC = Path("/proc")
RESTING = 3
PROTECTING = 2
"""A stop and a target rest over what is held, and go with it."""


def bot_of(home: Path) -> int:
    """Return the process id of the bot that works in a home."""
    wanted = f"TRADER_HOME={home}".encode()
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            try:
                words, told = ((folder / name).read_bytes().split(b"\0") for name in ("cmdline", "environ"))
            except OSError:  # it has ended, or is somebody else's
                continue
            if wanted in told and words[1:3] == [b"-m", b"bot"]:
                return int(folder.name)
    raise AssertionError("no bot runs there")


async def ask(line: EngineLine, kind: Callable[..., AnyCommand], **told: Any) -> Reply:
    """Ask the engine, past the bot."""
    return await line.ask(kind(id=uuid.uuid4().hex, who=ANN, **told))


async def open_orders(line: EngineLine) -> list[str]:
    """Return the side of each open order."""
    view = (await ask(line, commands.GetOrders)).result
    assert isinstance(view, OrdersView)
    return sorted(order.side for order in view.open)


@pytest.mark.skipif(not PROC.is_dir(), reason="finds the bot's process in /proc")
async def test_c11_kill_with_slack_gone_and_the_bot_stopped() -> None:
    """Entries rest and something is held: it is killed and flat by one command, and stays so until it is reset."""
    with short_home() as home:
        async with (
            local_slack(home) as slack,
            rough_slack(slack.page) as rough,
            desk_in_a_workspace(slack, rough.env, "--tape", "story") as desk,
            EngineLine(socket_path(desk.home)) as line,
        ):
            await desk.armed()
            amount = commands.Amount("quote", "100")
            for limit in ("", *("0.5",) * RESTING):
                reply = await ask(line, commands.Buy, symbol="IOTA", amount=amount, limit_price=limit)
                assert reply.ok, reply
            async with asyncio.timeout(30.0):
                while await open_orders(line) != ["buy"] * RESTING + ["sell"] * PROTECTING:
                    await asyncio.sleep(0.1)
            await rough.leave()
            bot = bot_of(desk.home)
            os.kill(bot, signal.SIGSTOP)
            try:
                code, killed = await desk.trader("kill", "--flatten")
            finally:
                os.kill(bot, signal.SIGCONT)
            assert (code, killed["result"]["is_done"]) == (0, True)
            (symbol,) = killed["result"]["symbols"]
            assert (symbol["cancelled"], symbol["still_open"], symbol["why"]) == (RESTING + PROTECTING, 0, "")
            positions = (await ask(line, commands.GetPositions)).result
            assert isinstance(positions, PositionsView)
            assert (positions.positions, await open_orders(line)) == ((), [])
            assert (await ask(line, commands.Resume)).code == "C11_KILLED"
            rough.is_away = False
            await slack.sees_text("Kill by", "confirmed by the exchange")
