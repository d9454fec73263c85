"""Walks (b) and (c), and a team on a real recording: every process as ``trader run`` starts it, people in Slack."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
from conftest import skip_or_fail
from local_desk import ALICE, BOB, ROOT, LocalSlack, free_port, short_home

from bot.local_slack.install import NotInstallable, install

UP_S = 30.0
EAGER = """
[strategies.order_flow]
ask = 0.2
act = 0.25
min_trades = 20
expires_s = 3.0
cooldown_s = 5.0
"""
"""So quick to speak that a recording of six minutes, played in twenty seconds, holds several signals."""


class Desk(NamedTuple):
    """A running desk: its Slack, its home, and its environment for the command line."""

    slack: LocalSlack
    env: dict[str, str]

    async def trader(self, *words: str) -> tuple[int, Any]:
        """Run the command line with ``--json``; return its exit code and the one object that it printed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "engine.cli.main", *words, "--json"), env=self.env, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await process.communicate()
        return process.returncode or 0, json.loads(out)

    async def armed(self) -> None:
        """Type /resume until the engine is ready for it."""
        for _ in range(40):
            await self.slack.command(ALICE, "/resume")
            with contextlib.suppress(AssertionError):
                async with asyncio.timeout(1.0):
                    await self.slack.sees_text("Trading is armed by")
                    return
        raise AssertionError("trading was never armed")


@contextlib.asynccontextmanager
async def running_desk(*words: str, config: str = "") -> AsyncIterator[Desk]:
    """Start ``trader run`` with a local Slack, as a person would, and stop it with Ctrl-C."""
    try:
        binary = await asyncio.to_thread(install, ROOT / "var")
    except NotInstallable as error:
        skip_or_fail(str(error))
    with short_home() as home:
        (home / "local-slack").symlink_to(binary.parents[3])
        (home / "trader.toml").write_text(config)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "BINANCE_"))}
        env = kept | {"TRADER_HOME": str(home), "TRADER_CONFIG": str(home / "trader.toml"), "ENGINE_HTTP_PORT": "0"}
        page = free_port()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "engine.cli.main", "run", "--no-browser", *words),
            *("--port", str(page), "--exchange-port", str(free_port())),
            env=env,
            cwd=home,
        )
        try:
            async with aiohttp.ClientSession() as session:
                slack = LocalSlack(f"http://127.0.0.1:{page}", session)
                await _is_up(slack)
                yield Desk(slack, env)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)
            async with asyncio.timeout(5.0):
                assert await process.wait() == 0


async def _is_up(slack: LocalSlack) -> None:
    async with asyncio.timeout(UP_S):
        while True:
            with contextlib.suppress(aiohttp.ClientError, AssertionError):
                await slack.sees_text("The engine is up")
                return
            await asyncio.sleep(0.1)


def has_buttons(message: dict[str, Any]) -> bool:
    """Say whether a message still has buttons."""
    return any(block["type"] == "actions" for block in message.get("blocks", []))


async def test_walk_b_buy_from_slack_to_the_fill_and_back_to_the_same_message() -> None:
    """/buy is answered with one public message that is edited with the fill, and the trade's thread says more."""
    async with running_desk("--tape", "story", "--speed", "20") as desk:
        slack = desk.slack
        await slack.command(BOB, "/buy", "IOTA 250")
        refused = await slack.sees_text("traders only: nothing was done")
        assert refused["ephemeral_to"] == BOB
        await desk.armed()
        await slack.command(ALICE, "/buy", "IOTA 250")
        root = await slack.sees_text("buys IOTAUSDT for 250", "filled")
        await slack.see(lambda m: m.get("thread_ts") == root["ts"] and "Bought" in m["text"])
        _, orders = await desk.trader("orders")
        assert [order["origin"] for order in orders["result"]["finished"]] == [f"slack:{ALICE}"]


async def test_walk_c_a_headline_becomes_an_alert_that_buys_once_however_often_it_is_clicked() -> None:
    """The story's headline is asked about; a click buys, and the second one is told that it was decided."""
    async with running_desk("--tape", "story", "--speed", "60") as desk:
        slack = desk.slack
        await desk.armed()
        alert = await slack.sees_text("Buy IOTAUSDT?", "News: IOTA launches", within_s=60.0)
        assert has_buttons(alert)
        await asyncio.gather(*(slack.click(ALICE, alert, "decide_buy") for _ in range(2)))
        decided = await slack.see(lambda m: m["ts"] == alert["ts"] and not has_buttons(m) and "bought" in m["text"])
        assert ALICE in decided["text"]
        assert [order["origin"] for order in await finished(desk, "proposal:")] == [f"slack:{ALICE}"]


async def test_a_team_trades_a_real_recording_from_slack(eth_recording: Path) -> None:
    """A buy fills; what nobody answers expires; in mode auto a signal is an order; halted, only the close works."""
    tape = f"recording:{eth_recording}?laps=0"
    async with running_desk("--tape", tape, "--speed", "20", config=EAGER) as desk:
        slack = desk.slack
        await desk.armed()
        await slack.command(ALICE, "/buy", "ETHUSDT 250")
        await slack.sees_text("buys ETHUSDT for 250", "filled")
        expired = await slack.see(lambda m: "Expired" in m["text"] and not has_buttons(m))
        assert "ETHUSDT" in expired["text"]
        assert not await finished(desk, "signal:")
        await slack.command(ALICE, "/auto", "auto")
        await slack.sees_text("Done automatically: buy ETHUSDT", within_s=40.0)
        assert await finished(desk, "signal:")
        await slack.command(ALICE, "/halt", "enough for today")
        await slack.sees_text("alted", "enough for today")
        code, refused = await desk.trader("buy", "ETHUSDT", "100")
        assert (code, refused["code"]) == (2, "HALTED")
        code, closed = await desk.trader("close", "all")
        if code:
            assert closed["code"] == "NO_POSITION"
        else:
            assert closed["result"]["orders"][0]["reduce_only"]


async def finished(desk: Desk, cause: str) -> list[dict[str, Any]]:
    """Return the finished orders of one kind of cause."""
    _, orders = await desk.trader("orders")
    return [order for order in orders["result"]["finished"] if order["cause_id"].startswith(cause)]
