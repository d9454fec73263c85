"""Slack's faults, F19 to F23, against the real local Slack and every process as ``trader run`` starts it.

F20 with its interleavings is beside the core's people; F21 is in ``test_http_mode.py``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from aiohttp import web
from local_desk import ALICE, BOB, LocalSlack, local_slack, short_home
from rough_slack import rough_slack
from whole_desk import Desk, desk_in_a_workspace, running_desk

from bot.local_slack import workspace

SOON_DEAF = """
[operator]
deaf_s = 8.0
[strategies.headlines]
expires_s = 5.0
"""
LASTING = """
[strategies.headlines]
expires_s = 6.0
"""


class Inbox:
    """What people outside Slack get."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.changed = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Inbox:
        app = web.Application()
        app.router.add_post("/in", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        assert self._runner is not None
        return f"json://127.0.0.1:{self._runner.addresses[0][1]}/in"

    async def _take(self, request: web.Request) -> web.Response:
        self.texts.append((await request.json())["message"])
        self.changed.set()
        return web.Response()

    async def has(self, words: str, within_s: float) -> None:
        async with asyncio.timeout(within_s):
            while not any(words in text for text in self.texts):
                self.changed.clear()
                await self.changed.wait()


def is_private(message: dict[str, Any], user: str, words: str) -> bool:
    return message.get("ephemeral_to") == user and words in message["text"]


async def finished_buys(desk: Desk) -> int:
    return len([order for order in await desk.finished() if order["side"] == "buy"])


async def test_f19_while_slack_is_away_trading_goes_on_the_second_channel_tells_and_proposals_expire() -> None:
    """Then Slack comes back: the bot shows what happened, and the alarm waits there for its acknowledgement."""
    with short_home() as home:
        async with (
            local_slack(home) as slack,
            rough_slack(slack.page) as rough,
            Inbox() as inbox,
            desk_in_a_workspace(
                slack,
                rough.env | {"NOTIFY_URLS": inbox.url, "NOTIFY_AFTER_S": "1"},
                *("--tape", "story", "--speed", "60"),
                config=SOON_DEAF,
            ) as desk,
        ):
            await desk.armed()
            await slack.command(ALICE, "/auto", "auto")
            await slack.sees_text("from ask to auto")
            await rough.leave()
            code, bought = await desk.trader("buy", "IOTA", "250")
            assert (code, bought["ok"]) == (0, True)
            await inbox.has("C12_DEAF", within_s=30.0)
            async with asyncio.timeout(30.0):
                while not await finished_buys(desk):
                    await asyncio.sleep(0.2)
            _, status = await desk.trader("status")
            assert (status["result"]["is_armed"], status["result"]["mode"]) == (True, "ask")
            rough.is_away = False
            await slack.sees_text("Critical: C12_DEAF", within_s=30.0)
            await slack.sees_text("the command line", "IOTA", "filled")
            assert (await desk.trader("ack", "all"))[0] == 0
            await slack.sees_text("Acknowledged: C12_DEAF")


async def test_f22_who_may_not_and_who_is_elsewhere_is_refused_in_private_and_audited() -> None:
    """A viewer, a stranger, and the admin in another channel: nobody learns anything, and the trail names all three."""
    async with running_desk("--tape", "story", "--speed", "20") as desk:
        slack = desk.slack
        await desk.armed()
        before = len(await slack.messages())
        await slack.command(BOB, "/buy", "IOTA 250")
        await slack.see(lambda m: is_private(m, BOB, "traders only: nothing was done"))
        await slack.command("U0STRANGER", "/positions")
        refused = await slack.see(lambda m: is_private(m, "U0STRANGER", "viewers only: nothing was done"))
        assert "USDT" not in json.dumps(refused)
        await slack.command(ALICE, "/buy", "IOTA 250", channel=workspace.CHANNEL + "X")
        async with asyncio.timeout(30.0):
            while len(found := await refusals(desk)) < 3:
                await asyncio.sleep(0.2)
        assert {row["who"] for row in found} == {ALICE, BOB, "U0STRANGER"}
        assert not await finished_buys(desk)
        public = [m for m in (await slack.messages())[before:] if "ephemeral_to" not in m]
        assert not any("IOTA 250" in m["text"] for m in public)


async def refusals(desk: Desk) -> list[dict[str, Any]]:
    """Read from the ledger's audit trail who was turned away."""
    _, trail = await desk.trader("audit")
    rows = next(rows for rows in trail.values() if isinstance(rows, list))
    return [row for row in rows if row["what"].startswith("turn_away")]


async def test_f23_a_click_after_the_kill_after_the_price_moved_and_after_expiry_is_refused_with_the_reason() -> None:
    """A strategy's question is clicked after the kill; the headline's when its price is gone, and when its time is."""
    async with running_desk("--tape", "story", "--speed", "200", config=LASTING) as desk:
        slack = desk.slack
        await desk.armed()
        asked = await slack.see(lambda m: "Buy IOTAUSDT?" in m["text"] and "News" not in m["text"], within_s=30.0)
        (desk.home / "kill").touch()
        await slack.sees_text("killed")
        await refused(slack, asked, "HALTED")
        headline = await slack.sees_text("Buy IOTAUSDT?", "News: IOTA launches", within_s=60.0)
        await refused(slack, headline, "C4_PRICE_COLLAR")
        await slack.see(lambda m: m["ts"] == headline["ts"] and "Expired" in m["text"], within_s=30.0)
        await refused(slack, headline, "EXPIRED")
        assert not await finished_buys(desk)


async def refused(slack: LocalSlack, alert: dict[str, Any], code: str) -> None:
    """Click Buy on an alert as it was shown, until the answer has this reason; another one may count before it."""
    for _ in range(80):
        await slack.click(ALICE, alert, "decide_buy")
        with contextlib.suppress(AssertionError):
            await slack.sees_text("Nothing was done", code, within_s=0.5)
            return
    raise AssertionError(f"never refused with {code}")
