"""Walks (b) and (c) on the story, and what nobody can mean: all processes as ``trader run`` starts them, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from local_desk import ALICE, BOB
from whole_desk import Desk, has_buttons, running_desk

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk() -> AsyncIterator[Desk]:
    """Start the story once; its headline comes after some fifteen seconds."""
    async with running_desk("--tape", "story", "--speed", "60") as running:
        yield running


async def test_walk_b_buy_from_slack_to_the_fill_and_back_to_the_same_message(desk: Desk) -> None:
    """/buy is answered with one public message that is edited with the fill, and the trade's thread says more."""
    slack = desk.slack
    await slack.command(BOB, "/buy", "IOTA 250")
    refused = await slack.sees_text("traders only: nothing was done")
    assert refused["ephemeral_to"] == BOB
    await desk.armed()
    await slack.command(ALICE, "/buy", "IOTA 250")
    root = await slack.sees_text("buys IOTA for 250 USDT", "filled")
    await slack.see(lambda m: m.get("thread_ts") == root["ts"] and "Bought" in m["text"])
    assert [order["origin"] for order in await desk.finished("command:")] == [f"slack:{ALICE}"]


async def test_walk_c_a_headline_becomes_an_alert_that_buys_once_however_often_it_is_clicked(desk: Desk) -> None:
    """The story's headline is asked about; two clicks at once buy once, and a later one is told that it was decided."""
    slack = desk.slack
    await desk.armed()
    alert = await slack.sees_text("Buy IOTAUSDT?", "News: IOTA launches", within_s=60.0)
    assert has_buttons(alert)
    await asyncio.gather(*(slack.click(ALICE, alert, "decide_buy") for _ in range(2)))
    decided = await slack.see(lambda m: m["ts"] == alert["ts"] and not has_buttons(m) and "Bought by" in m["text"])
    assert ALICE in decided["text"]
    await slack.click(ALICE, alert, "decide_buy")
    await slack.see(lambda m: m.get("ephemeral_to") == ALICE and "Already decided" in m["text"])
    assert [order["origin"] for order in await desk.finished("proposal:")] == [f"slack:{ALICE}"]


async def test_what_nobody_can_mean_is_answered_in_private_and_trades_nothing(desk: Desk) -> None:
    """Wrong amounts and a wrong symbol, against the real engine, armed."""
    await desk.armed()
    before = await desk.finished("command:")
    for words, says in {
        "IOTA -5": "-5 is not more than zero",
        "IOTA 0": "0 is not more than zero",
        "IOTA nan": "'nan' is not a number",
        "IOTA 1e300": "'1e300' is not a number",
        "IOTA much": "'much' is not a number",
        "IOTA 99999999999": "Nothing was done",
        "DOGE 250": "'DOGE' is not traded here",
        "IOTA": "Say what and how much",
    }.items():
        await desk.slack.command(ALICE, "/buy", words)
        answer = await desk.slack.sees_text(says)
        assert answer["ephemeral_to"] == ALICE
    assert await desk.finished("command:") == before
