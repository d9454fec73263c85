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
from whole_desk import Desk, desk_in_a_workspace, has_buttons, running_desk

from bot.local_slack import workspace

SOON_DEAF = """
[operator]
deaf_s = 8.0
[strategies.headlines]
expires_s = 5.0
[strategies.order_flow]
mode = "off"
[strategies.sma_cross]
mode = "off"
"""
"""No other alarm may be told before the one that is waited for: the second channel rests for 30 s between two."""
LASTING = """
[strategies.headlines]
expires_s = 6.0
"""

TWO_PEOPLE = """two_person_quote = 100.0
two_person_s = 8.0
[strategies.headlines]
expires_s = 8.0
[strategies.sma_cross]
expires_s = 8.0
[strategies.order_flow]
expires_s = 8.0
"""
"""Begins in ``[people]``, where the desk's own settings end."""
WAITS_S = 8.5
"""What was shown to wait before this is over."""


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
            await inbox.has("C12_DEAF", within_s=60.0)
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


async def test_f19_what_waits_for_a_click_or_a_second_person_expires_while_slack_is_away_and_orders_nothing() -> None:
    """Both are looked at from the command line while nobody hears Slack; it shows the same once it is back."""
    with short_home() as home:
        async with (
            local_slack(home) as slack,
            rough_slack(slack.page) as rough,
            desk_in_a_workspace(slack, rough.env, *("--tape", "story", "--speed", "60"), config=TWO_PEOPLE) as desk,
        ):
            await desk.armed()
            alert = await slack.see(lambda m: "Buy IOTAUSDT?" in m["text"] and has_buttons(m), within_s=60.0)
            await slack.command(ALICE, "/buy", "IOTA 250")
            waiting = await slack.sees_text(f"<@{ALICE}> wants to buy", "no answer means no")
            await rough.leave()
            proposal_id, approval_id = named(alert, "decide_buy"), named(waiting, "approve_order")
            over_at = asyncio.get_running_loop().time() + WAITS_S
            async with asyncio.timeout(60.0):
                while "expired" not in (await desk.trader("why", proposal_id))[1]["result"]["summary"]:
                    await asyncio.sleep(0.5)
            await asyncio.sleep(over_at - asyncio.get_running_loop().time())
            _, too_late = await desk.trader("approve", approval_id)
            assert too_late["code"] == "EXPIRED"
            assert not await all_orders(desk)
            rough.is_away = False
            await slack.see(lambda m: m["ts"] == alert["ts"] and "Expired" in m["text"], within_s=30.0)
            await slack.see(lambda m: m["ts"] == waiting["ts"] and m["text"].startswith("Expired:"), within_s=30.0)
            assert not await all_orders(desk)


def named(message: dict[str, Any], action_id: str) -> str:
    """Return the id that a message's button carries."""
    elements = [each for block in message["blocks"] for each in block.get("elements", [])]
    return str(next(each["value"] for each in elements if each.get("action_id") == action_id)).partition("|")[0]


async def all_orders(desk: Desk) -> list[dict[str, Any]]:
    _, orders = await desk.trader("orders")
    return [*orders["result"]["open"], *orders["result"]["finished"]]


async def test_f22_who_may_not_and_who_is_elsewhere_is_refused_in_private_and_audited() -> None:
    """A viewer, a stranger, and the admin in another channel: nobody learns anything, and the trail names all three."""
    async with running_desk("--tape", "story", "--speed", "20") as desk:
        slack = desk.slack
        await desk.armed()
        await every_process_is_well(desk)
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


async def every_process_is_well(desk: Desk) -> None:
    """Ask in Slack and at the command line: both know of all that `trader run` has started."""
    await desk.slack.command(BOB, "/health")
    shown = str(
        (await desk.slack.see(lambda m: is_private(m, BOB, " well") or is_private(m, BOB, "NOT WELL")))["blocks"]
    )
    assert all(f"*{name}*" in shown for name in ("engine", "bot", "run", "watchdog", "ledger"))
    _, said = await desk.trader("health", "all")
    well = {part["name"] for part in said["health"] if part["is_ok"]}
    children = {f"run, {name}" for name in ("exchange", "engine", "watchdog", "ledger", "bot", "local-slack")}
    assert children | {"watchdog, heartbeat", "watchdog, venue", "ledger, process"} <= well


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
