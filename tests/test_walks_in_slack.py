"""A team on a real recording, and a Slack that delivers twice: every process as ``trader run`` starts it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from local_desk import ALICE, local_slack, short_home
from rough_slack import rough_slack
from whole_desk import Desk, desk_in_a_workspace, has_buttons, running_desk

from engine.core.bars import AFTER_GAP

EAGER = """
[strategies.order_flow]
ask = 0.2
act = 0.25
min_trades = 20
expires_s = 3.0
cooldown_s = 5.0

[breakers]
cooldown_s = 0.0
"""
"""So quick to speak that a recording of six minutes, played in twenty seconds, holds several signals; without the rest
after one that lost, which the gate names before a halt."""


@pytest.mark.timeout(240)
async def test_a_team_trades_a_real_recording_from_slack(eth_recording: Path) -> None:
    """A buy fills; what nobody answers expires; in mode auto a signal is an order; halted, only the close works.

    And what is muted at the command line is told in the channel, and in the audit trail.
    """
    tape = f"recording:{eth_recording}?laps=0"
    async with running_desk("--tape", tape, "--speed", "20", config=EAGER) as desk:
        slack = desk.slack
        await desk.armed()
        await slack.command(ALICE, "/buy", "ETHUSDT 250")
        await slack.sees_text("buys ETH for 250 USDT", "filled")
        expired = await slack.see(lambda m: "Expired" in m["text"] and not has_buttons(m))
        assert "ETHUSDT" in expired["text"]
        assert not await desk.finished("signal:")
        await slack.command(ALICE, "/auto", "auto")
        await slack.sees_text("automatically: ETHUSDT", within_s=90.0)
        assert await desk.finished("signal:")
        await slack.command(ALICE, "/halt", "enough for today")
        await slack.sees_text("alted", "enough for today")
        code, refused = await desk.trader("buy", "ETHUSDT", "100")
        while refused["code"] == AFTER_GAP:  # a busy machine stood still, which is named before a halt
            code, refused = await desk.trader("buy", "ETHUSDT", "100")
        assert (code, refused["code"]) == (2, "HALTED")
        code, closed = await desk.trader("close", "all")
        if code:
            assert closed["code"] == "NO_POSITION"
        else:
            assert closed["result"]["orders"][0]["reduce_only"]
        assert (await desk.trader("mute", "notices", "1h"))[0] == 0
        await slack.sees_text("(the command line) muted notices here for 60 min")
        row = await audited(desk, "mute of notices")
        assert (row["source"], row["before"], row["after"].partition(" ")[0]) == ("cli", "", "until")


async def audited(desk: Desk, what: str) -> dict[str, Any]:
    """Wait until the ledger has an entry of the audit trail about this, and return it."""
    async with asyncio.timeout(60.0):
        while True:
            _, trail = await desk.trader("audit")
            rows = next(rows for rows in trail.values() if isinstance(rows, list))
            if found := [row for row in rows if row["what"] == what]:
                return found[0]
            await asyncio.sleep(0.2)


async def test_an_envelope_that_slack_delivers_twice_buys_once() -> None:
    """A command and a click, each delivered twice and acknowledged twice: one order each, and one message each."""
    with short_home() as home:
        async with (
            local_slack(home) as slack,
            rough_slack(slack.page) as repeating,
            desk_in_a_workspace(slack, repeating.env, "--tape", "story", "--speed", "60") as desk,
        ):
            repeating.repeats = True
            await desk.armed()
            await slack.command(ALICE, "/buy", "IOTA 250")
            alert = await slack.sees_text("Buy IOTAUSDT?", "News: IOTA launches", within_s=60.0)
            await slack.click(ALICE, alert, "decide_buy")
            await slack.see(lambda m: m["ts"] == alert["ts"] and "Bought by" in m["text"])
            for kind in ("Preview", "Decide"):
                first, second = await desk.logged("bot", command=kind, count=2)
                assert first["command_id"] == second["command_id"]
            bought = await desk.logged("bot", command="Buy", count=1)
            assert len({line["command_id"] for line in bought}) == 1
            assert [repeating.acks[envelope] for envelope in repeating.repeated] == [2] * len(repeating.repeated)
            causes = [order["cause_id"].partition(":")[0] for order in await desk.finished()]
            assert sorted(cause for cause in causes if cause != "protection") == ["command", "proposal"]
            assert sum("buys IOTA for 250 USDT" in message["text"] for message in await slack.messages()) == 1
