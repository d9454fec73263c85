"""C11 with Slack gone and the bot stopped: the command line kills the whole desk, and Slack is told when it is back."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from local_desk import local_slack, short_home
from needs import IS_FULL
from rough_slack import rough_slack
from whole_desk import Desk, desk_in_a_workspace

PROC = Path("/proc")
RESTING = 3


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


async def orders(desk: Desk, state: str) -> int:
    """Count the open orders to buy, or the finished ones."""
    _, shown = await desk.trader("orders")
    return sum(order["side"] == "buy" for order in shown["result"][state])


async def until_orders(desk: Desk, state: str, count: int) -> None:
    """Wait until there are so many."""
    async with asyncio.timeout(30.0):
        while await orders(desk, state) != count:
            await asyncio.sleep(0.1)


if IS_FULL:  # it takes half a minute

    @pytest.mark.skipif(not PROC.is_dir(), reason="finds the bot's process in /proc")
    async def test_c11_kill_with_slack_gone_and_the_bot_stopped() -> None:
        """Entries rest and something is held: it is killed and flat by one command, and stays so until it is reset."""
        with short_home() as home:
            async with (
                local_slack(home) as slack,
                rough_slack(slack.page) as rough,
                desk_in_a_workspace(slack, rough.env, *("--tape", "story", "--speed", "60")) as desk,
            ):
                await desk.armed()
                assert (await desk.trader("buy", "IOTA", "250"))[0] == 0
                for _ in range(RESTING):
                    code, answer = await desk.trader("buy", "IOTA", "100", "limit=0.5")
                    assert code == 0, answer
                await until_orders(desk, "open", RESTING)
                await rough.leave()
                bot = bot_of(desk.home)
                os.kill(bot, signal.SIGSTOP)
                try:
                    code, killed = await desk.trader("kill", "--flatten")
                finally:
                    os.kill(bot, signal.SIGCONT)
                assert (code, killed["result"]["is_done"]) == (0, True)
                (line,) = killed["result"]["symbols"]
                assert (line["cancelled"], line["still_open"], line["why"]) == (RESTING, 0, "")
                _, positions = await desk.trader("positions")
                _, shown = await desk.trader("orders")
                assert (positions["result"]["positions"], shown["result"]["open"]) == ([], [])
                assert (await desk.trader("resume"))[1]["code"] == "C11_KILLED"
                rough.is_away = False
                await slack.sees_text("Kill by", "confirmed by the exchange", within_s=30.0)
