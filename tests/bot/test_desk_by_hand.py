"""Previews, sizes, second persons and mutes in the real local Slack, by each role, to an engine on the real wire."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from local_desk import (
    ALICE,
    BOB,
    CAROL,
    CHANNEL,
    LocalSlack,
    ScriptedEngine,
    desk,
    embedded,
    local_slack,
    running_bot,
    short_home,
)
from sample_views import approval, filled, order, preview, proposal, status

from bot.access import NEEDS, Role
from bot.listeners import ACTIONS, COMMANDS, VIEWS
from engine.wire.commands import Approve, Buy, Confirm, Decide, GetSnapshot, Preview, Sell, Shown, TurnAway
from engine.wire.events import ApprovalChanged, MutesChanged, ProposalOpened
from engine.wire.line import socket_path
from engine.wire.mutes import MuteView, SetMute
from engine.wire.replies import OrderPlaced, ProposalTaken
from engine.wire.views import PersonView

DAVE = "U04DAVE"
"""Nobody, as far as the settings go."""


def is_private(message: dict[str, Any], user: str, part: str) -> bool:
    return message.get("ephemeral_to") == user and part in message["text"]


async def previewed(slack: LocalSlack, engine: ScriptedEngine) -> dict[str, Any]:
    """Type a buy, and return its preview."""
    engine.answer(Preview, preview())
    await slack.command(ALICE, "/buy", "ETHUSDT 250 2% 5%")
    return await slack.see(lambda message: is_private(message, ALICE, "Preview: buy 0.0932 ETH for 250.00 USDT"))


async def test_a_buy_is_previewed_and_confirmed_as_it_was_shown() -> None:
    """In private until it is confirmed; the confirmation carries the order, what was shown, and the fingerprint."""
    async with desk() as (slack, engine):
        shown = await previewed(slack, engine)
        assert "worst loss 10.49 USDT" in shown["text"]
        assert not any(isinstance(command, Buy) for command in engine.heard)
        engine.answer(Confirm, OrderPlaced((order(),)), text="Buying; preview 2 s old; still inside the gate")
        await slack.click(ALICE, shown, "confirm_order")
        confirmed = await engine.has(Confirm)
        typed = (await engine.has(Preview)).order
        assert confirmed.order == typed
        assert isinstance(typed, Buy)
        assert (typed.stop_pct, typed.target_pct, typed.who.channel) == (2.0, 5.0, CHANNEL)
        assert (confirmed.shown, confirmed.fingerprint) == (Shown("0.0932", "2682.51", preview().ts_ns), "feed00112233")
        await slack.sees_text("buys ETH for 250 USDT", "sent")
        await slack.sees_text("Confirmed.", "preview 2 s old")


async def test_a_preview_that_is_cancelled_orders_nothing() -> None:
    async with desk() as (slack, engine):
        shown = await previewed(slack, engine)
        await slack.click(ALICE, shown, "cancel_preview")
        await slack.sees_text("Cancelled: nothing was ordered.")
        assert not any(isinstance(command, Buy | Confirm) for command in engine.heard)


async def test_a_sale_at_a_limit_says_what_happens_to_its_stop_and_is_confirmed_with_its_limit() -> None:
    async with desk() as (slack, engine):
        engine.answer(Preview, preview(side="sell", limit_price="2750.00", is_resting=True, note="Its stop is <ours>."))
        await slack.command(ALICE, "/sell", "eth 50% limit=2750")
        shown = await slack.see(lambda message: is_private(message, ALICE, "at 2,750.00"))
        assert "Its stop is &lt;ours&gt;." in str(shown["blocks"])
        resting = order(side="sell", state="working", limit_price="2750.00", reduce_only=True)
        engine.answer(Confirm, OrderPlaced((resting,)), text="Selling; it rests.")
        await slack.click(ALICE, shown, "confirm_order")
        given = (await engine.has(Confirm)).order
        assert isinstance(given, Sell)
        assert (given.limit_price, given.amount.unit, given.amount.value) == ("2750", "percent", "50")
        await slack.sees_text("sells 50 % of the ETH that is held: working at the exchange")


async def test_a_sale_at_a_limit_with_a_time_gets_the_right_form_back() -> None:
    async with desk() as (slack, engine):
        await slack.command(ALICE, "/sell", "eth all limit=2750:4h")
        said = await slack.sees_text("write limit=2750 without a time")
        assert said["ephemeral_to"] == ALICE
        assert not any(isinstance(command, Preview) for command in engine.heard)


async def test_what_the_gate_would_refuse_has_no_button() -> None:
    async with desk() as (slack, engine):
        engine.answer(
            Preview, preview(code="C2_ORDER_SIZE", detail="limit=100.00 asked=255.00", advice="Ask for less.")
        )
        await slack.command(ALICE, "/sell", "ETHUSDT all")
        said = await slack.sees_text("The gate would refuse", "limit=100.00 asked=255.00", "C2_ORDER_SIZE")
        assert said["ephemeral_to"] == ALICE
        assert not any(block["type"] == "actions" for block in said["blocks"])
        assert not any(isinstance(command, Sell) for command in engine.heard)


async def test_another_size_is_asked_for_checked_and_given_in_a_modal() -> None:
    """Two steps: the amount, then what it comes to; a slip is said at the field, and what went is on the alert."""
    async with desk() as (slack, engine):
        await engine.tell(ProposalOpened(ts_ns=1, proposal=proposal()))
        alert = await slack.sees_text("Buy IOTAUSDT?")
        engine.answer(Preview, preview(symbol="IOTAUSDT", base_asset="IOTA", qty="95.1"))
        await slack.click(ALICE, alert, "decide_size")
        first = (await engine.has(Preview)).order
        assert isinstance(first, Decide)
        assert (first.proposal_id, first.choice, first.fingerprint, first.amount) == ("p-1", "buy", "f00d", None)
        await slack.has_modal(ALICE, "size_ask")
        await slack.submit(ALICE, "a lot")
        await slack.submit(ALICE, "50 IOTA")
        second = (await engine.has(Preview, 2)).order
        assert isinstance(second, Decide)
        assert second.amount is not None
        assert (second.amount.unit, second.amount.value) == ("base", "50")
        await slack.has_modal(ALICE, "size_give")
        taken = proposal(state="bought", decided_by=f"slack:{ALICE}", client_order_id="t-2", outcome="Sent.")
        engine.answer(Confirm, ProposalTaken(taken, ("size cut 12 %",), None), text="size cut 12 %")
        await slack.submit(ALICE)
        given = await engine.has(Confirm)
        assert (given.order, given.who.channel) == (second, CHANNEL)
        await slack.sees_text(f"Buying by <@{ALICE}>: IOTAUSDT")


async def test_an_order_that_waits_is_shown_to_all_and_approved_by_a_click() -> None:
    async with desk() as (slack, engine):
        await engine.tell(ApprovalChanged(ts_ns=1, approval=approval()))
        card = await slack.sees_text(f"<@{ALICE}> wants to buy 0.932 ETH for 2,500.00 USDT", "no answer means no")
        engine.answer(Approve, OrderPlaced((filled(),)), text="Buying.")
        await slack.click(ALICE, card, "approve_order")
        said = await engine.has(Approve)
        assert (said.approval_id, said.fingerprint, said.is_yes) == ("a-1", "beef", True)
        done = approval(state="approved", decided_by=f"slack:{BOB}", outcome="approved by bob: Buying.")
        await engine.tell(ApprovalChanged(ts_ns=2, approval=done))
        gone = await slack.sees_text(f"Approved: <@{ALICE}> wanted to buy")
        assert gone["ts"] == card["ts"]
        assert not any(block["type"] == "actions" for block in gone["blocks"])


async def test_a_muted_strategy_asks_no_more_about_a_symbol_and_still_tells_what_it_did() -> None:
    async with desk() as (slack, engine):
        await engine.tell(ProposalOpened(ts_ns=1, proposal=proposal()))
        alert = await slack.sees_text("Buy IOTAUSDT?")
        engine.answer(SetMute)
        await slack.click(ALICE, alert, "mute_alerts")
        asked = await engine.has(SetMute)
        assert (asked.what, asked.seconds, asked.who.user_id) == ("headlines on IOTAUSDT", 3_600.0, ALICE)
        mute = MuteView(asked.what, time.time_ns() + 3_600_000_000_000, f"slack:{ALICE}", time.time_ns())
        await engine.tell(MutesChanged(ts_ns=2, by=mute.by, muted=mute, ended=(), mutes=(mute,)))
        await slack.sees_text(f"<@{ALICE}> muted headlines on IOTAUSDT here for 60 min")
        await engine.tell(ProposalOpened(ts_ns=2, proposal=proposal(proposal_id="p-2")))
        await engine.tell(ProposalOpened(ts_ns=3, proposal=proposal(proposal_id="p-3", symbol="ETHUSDT")))
        await slack.sees_text("Buy ETHUSDT?")
        assert sum("Buy IOTAUSDT?" in message["text"] for message in await slack.messages()) == 1


@contextlib.asynccontextmanager
async def by_roles(engine: ScriptedEngine) -> AsyncIterator[LocalSlack]:
    """Run a desk where Alice is admin, Carol trader, Bob viewer, and Dave nobody."""
    with short_home() as home:
        async with local_slack(home) as slack, engine.serving(socket_path(home)):
            settings = dataclasses.replace(embedded(slack.page, home), traders=frozenset({CAROL}))
            async with running_bot(settings):
                await slack.bot_is_there()
                await slack.sees_text("The engine is up")
                yield slack


@pytest.mark.parametrize(("user", "role"), [(BOB, Role.VIEWER), (CAROL, Role.TRADER), (DAVE, Role.NOBODY)])
async def test_everything_that_a_role_may_not_is_refused_in_private_and_written_down(user: str, role: Role) -> None:
    """Every command, button and modal; the engine hears who was refused what, and nothing that acts."""
    engine = ScriptedEngine()
    async with by_roles(engine) as slack:
        await engine.tell(ApprovalChanged(ts_ns=1, approval=approval()))
        message = await slack.sees_text("wants to buy")
        forbidden = [name for name in (*COMMANDS, *ACTIONS) if NEEDS[name] > role]
        for count, name in enumerate(forbidden, start=1):
            if name in COMMANDS:
                await slack.command(user, name, "ETHUSDT 250")
            else:
                await slack.act_on(user, message, {"type": "button", "action_id": name, "value": "p-1|f00d"})
            told = await engine.has(TurnAway, count)
            assert (told.who.user_id, told.asked, "only" in told.why) == (user, name, True)
        acting = [command for command in engine.heard if isinstance(command, Buy | Sell | Confirm | Decide | Approve)]
        assert acting == []


async def test_a_modal_that_somebody_no_longer_may_is_refused_in_its_place() -> None:
    """The role is looked at again on submit."""
    engine = ScriptedEngine()
    async with by_roles(engine) as slack:
        await engine.tell(ProposalOpened(ts_ns=1, proposal=proposal()))
        alert = await slack.sees_text("Buy IOTAUSDT?")
        engine.answer(Preview, preview(symbol="IOTAUSDT"))
        await slack.click(CAROL, alert, "decide_size")
        await slack.has_modal(CAROL, "size_ask")
        engine.status = status(people=(PersonView(CAROL, "viewer", ()),))
        await engine.hang_up()
        await engine.has(GetSnapshot, 2)
        await slack.submit(CAROL, "250")
        told = await engine.has(TurnAway)
        assert (told.who.user_id, told.asked, told.who.channel) == (CAROL, "size_ask", CHANNEL)
        await slack.has_modal(CAROL, "size_said")


async def test_a_row_holds_a_person_to_its_channels_and_role() -> None:
    engine = ScriptedEngine()
    engine.status = status(people=(PersonView(CAROL, "trader", ("C77",)), PersonView(ALICE, "viewer", ())))
    async with by_roles(engine) as slack:
        await slack.command(CAROL, "/buy", "ETHUSDT 250")
        assert await slack.see(lambda message: is_private(message, CAROL, "You may do this in <#C77>"))
        await slack.command(ALICE, "/buy", "ETHUSDT 250")
        assert await slack.see(lambda message: is_private(message, ALICE, "traders only"))


def test_every_modal_needs_a_trader_at_least() -> None:
    assert all(NEEDS[name] >= Role.TRADER for name in VIEWS)
