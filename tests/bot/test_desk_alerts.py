"""Alerts in the real local Slack: posted with buttons, decided by a click, edited to say what became of them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from local_desk import ALICE, BOB, ScriptedEngine, desk, embedded, local_slack, running_bot, short_home
from sample_views import IOTA, NOW_NS, filled, order, proposal, trade

from engine.wire.commands import Close, Decide, Halt
from engine.wire.events import (
    NewsHeard,
    Notice,
    OrderChanged,
    ProposalClosed,
    ProposalOpened,
    SignalActed,
    TradeChanged,
)
from engine.wire.line import socket_path
from engine.wire.replies import OrderPlaced, ProposalTaken
from engine.wire.views import ProposalView

changed = msgspec.structs.replace


def buttons(message: dict[str, Any]) -> list[str]:
    """The buttons' names, in order."""
    return [
        element["text"]["text"]
        for block in message.get("blocks", [])
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def texts(blocks: list[dict[str, Any]]) -> list[str]:
    """Every text that Slack reads as markup."""
    found = [block.get("text", {}) for block in blocks]
    found += [part for block in blocks for part in (*block.get("fields", []), *block.get("elements", []))]
    return [text["text"] for text in found if text.get("type") == "mrkdwn"]


def opened(view: ProposalView) -> ProposalOpened:
    return ProposalOpened(ts_ns=NOW_NS, proposal=view)


async def test_an_alert_has_buttons_and_a_click_takes_exactly_what_was_seen() -> None:
    """The click carries the fingerprint; the alert is edited with who did it, the fill, and the trade."""
    async with desk() as (slack, engine):
        await engine.tell(opened(proposal()))
        alert = await slack.sees_text(
            "Buy IOTAUSDT? headlines, confidence 0.78: 95.1 IOTA for 99.90 USDT", "expiring means no"
        )
        assert buttons(alert) == ["Buy", "Sell", "Size…", "Dismiss", "Mute 1 h"]
        taken = proposal(state="bought", decided_by=f"slack:{ALICE}", client_order_id="t-2", outcome="Sent.")
        changes = ("alert 4 s old", "still inside the gate")
        engine.answer(Decide, ProposalTaken(taken, changes, None), text="; ".join(changes))
        await slack.click(ALICE, alert, "decide_buy")
        click = await engine.has(Decide)
        assert (click.proposal_id, click.choice, click.fingerprint) == ("p-1", "buy", "f00d")
        assert click.id.startswith(f"slack:{alert['ts']}:decide_buy:{ALICE}:")
        sent = await slack.sees_text(f"Buying by <@{ALICE}>: IOTAUSDT")
        assert "At the click: alert 4 s old, still inside the gate" in texts(sent["blocks"])
        await engine.tell(ProposalClosed(ts_ns=1, proposal=taken))
        await engine.tell(OrderChanged(ts_ns=2, order=order(client_order_id="t-2", **IOTA)))
        await engine.tell(TradeChanged(ts_ns=3, what="opened", trade=trade(**IOTA), text="Opened."))
        await engine.tell(OrderChanged(ts_ns=3, order=filled(client_order_id="t-2", **IOTA)))
        done = await slack.sees_text(f"Bought by <@{ALICE}>: IOTAUSDT, filled", "Holding 0.0932 IOTA")
        assert done["ts"] == alert["ts"]
        assert buttons(done) == []
        reply = await slack.sees_text("Bought 0.0932 IOTA at", "Holding 0.0932 IOTA from 2,682.51, stop 2,628.86")
        assert reply["thread_ts"] == alert["ts"]
        told = [message for message in await slack.messages() if "ephemeral_to" in message]
        assert [(message["ephemeral_to"], message["text"]) for message in told] == [
            (ALICE, ":white_check_mark: alert 4 s old; still inside the gate")
        ]


async def test_an_order_of_a_click_never_gets_a_second_message() -> None:
    """The order's event may come before the alert's: it is shown on the alert all the same."""
    async with desk() as (slack, engine):
        await engine.tell(opened(proposal()))
        await slack.sees_text("Buy IOTAUSDT?")
        await engine.tell(OrderChanged(ts_ns=2, order=filled(client_order_id="t-2", cause_id="proposal:p-1")))
        taken = proposal(state="bought", decided_by=f"slack:{ALICE}", client_order_id="t-2", outcome="Sent.")
        await engine.tell(ProposalClosed(ts_ns=1, proposal=taken))
        await slack.sees_text("Bought by", "filled")
        roots = [message for message in await slack.messages() if "thread_ts" not in message]
        assert len(roots) == 2


async def test_a_second_click_is_a_command_of_its_own_and_its_refusal_is_private() -> None:
    """The engine decides each alert once and tells who clicks later; a refused click may be made again."""
    async with desk() as (slack, engine):
        await engine.tell(opened(proposal()))
        alert = await slack.sees_text("Buy IOTAUSDT?")
        engine.answer(Decide, code="HALTED", text="Trading is halted: type /resume first.")
        await slack.click(ALICE, alert, "decide_buy")
        first = await engine.has(Decide)
        engine.answer(Decide, code="ALREADY_DECIDED", text="Already decided: nothing more was done.")
        await slack.click(ALICE, alert, "decide_buy")
        second = await engine.has(Decide, 2)
        assert first.id != second.id
        assert first.fingerprint == second.fingerprint
        refusal = await slack.sees_text("Already decided")
        assert refusal["ephemeral_to"] == ALICE


async def test_a_refused_click_leaves_the_alert_open_for_another_try() -> None:
    async with desk() as (slack, engine):
        await engine.tell(opened(proposal()))
        alert = await slack.sees_text("Buy IOTAUSDT?")
        engine.answer(Decide, code="HALTED", text="Trading is halted: type /resume first.")
        await slack.click(ALICE, alert, "decide_buy")
        refusal = await slack.sees_text("Trading is halted", "HALTED")
        assert refusal["ephemeral_to"] == ALICE
        still = await slack.sees_text("Buy IOTAUSDT?")
        assert buttons(still) == ["Buy", "Sell", "Size…", "Dismiss", "Mute 1 h"]


async def test_a_viewers_click_is_refused_in_private() -> None:
    async with desk() as (slack, engine):
        await engine.tell(opened(proposal()))
        alert = await slack.sees_text("Buy IOTAUSDT?")
        await slack.click(BOB, alert, "decide_buy")
        refusal = await slack.sees_text("traders only")
        assert refusal["ephemeral_to"] == BOB
        assert not any(isinstance(command, Decide) for command in engine.heard)


async def test_what_nobody_expected_is_an_id_that_is_also_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """A button's value that this version never wrote: one private sentence, the rest in the log."""
    async with desk() as (slack, engine):
        await engine.tell(opened(proposal()))
        alert = await slack.sees_text("Buy IOTAUSDT?")
        await slack.act_on(ALICE, alert, {"type": "button", "action_id": "decide_buy", "value": "of another age"})
        answer = await slack.sees_text("Something broke here", "/orders")
        assert answer["ephemeral_to"] == ALICE
        (record,) = [record for record in caplog.records if record.getMessage() == "a listener failed"]
        assert f"`{record.error_id}`" in answer["text"]  # type: ignore[attr-defined]
        assert not any(isinstance(command, Decide) for command in engine.heard)


async def test_an_expired_alert_loses_its_buttons() -> None:
    async with desk() as (slack, engine):
        await engine.tell(opened(proposal()))
        alert = await slack.sees_text("Buy IOTAUSDT?")
        await engine.tell(ProposalClosed(ts_ns=1, proposal=proposal(state="expired", outcome="Nobody decided.")))
        gone = await slack.sees_text("Expired: buy IOTAUSDT. Nobody decided.")
        assert gone["ts"] == alert["ts"]
        assert buttons(gone) == []


async def test_an_alert_that_acted_has_close_and_halt() -> None:
    async with desk() as (slack, engine):
        acted = proposal(state="acted", decided_by="auto", client_order_id="t-3", outcome="Bought at once.")
        bought = filled(client_order_id="t-3", origin="strategy:headlines", cause_id="s-3", **IOTA)
        await engine.tell(SignalActed(ts_ns=1, proposal=acted, order=bought))
        alert = await slack.sees_text("Bought automatically", "filled")
        assert buttons(alert) == ["Close", "Halt"]
        engine.answer(Halt, text="Halted.")
        engine.answer(Close, OrderPlaced((filled(side="sell", client_order_id="t-4", reduce_only=True),)))
        await slack.click(ALICE, alert, "halt_now")
        assert (await engine.has(Halt)).reason == "the Halt button of p-1"
        await slack.click(ALICE, alert, "close_position")
        assert (await engine.has(Close)).symbol == "IOTAUSDT"
        closed = trade(**IOTA, is_open=False, qty="0", exit_price="1.1", exit_reason=f"slack:{ALICE}")
        await engine.tell(TradeChanged(ts_ns=3, what="closed", trade=closed, text="Closed."))
        done = await slack.sees_text("Bought automatically", "Closed IOTA by")
        assert buttons(done) == []


async def test_a_headline_cannot_mention_or_link() -> None:
    """Other people's words stay words, also in notices and news."""
    async with desk() as (slack, engine):
        bad = "<!channel> *buy* <https://evil.example|now> & hurry"
        await engine.tell(opened(proposal(headline=bad, reasons=(bad,), url="javascript:alert(1)", warning=bad)))
        alert = await slack.sees_text("Buy IOTAUSDT?")
        news = NewsHeard(
            ts_ns=1, source="x", news_id="1", title=bad, url="", verdict=bad, symbols=("A",), confidence=0.1
        )
        await engine.tell(news)
        await engine.tell(Notice(ts_ns=2, severity="warning", code="TEST", text=bad))
        for message in (alert, await slack.sees_text("News: "), await slack.sees_text("Warning: ")):
            read_as_markup = [message["text"], *texts(message["blocks"])]
            assert not any("<!channel>" in text or "<https://evil" in text for text in read_as_markup)
            assert "javascript" not in str(message["blocks"])


async def test_after_a_restart_the_bot_knows_its_messages() -> None:
    """What was decided meanwhile is edited, what opened meanwhile is posted, nothing is posted twice."""
    engine = ScriptedEngine()
    with short_home() as home:
        async with local_slack(home) as slack, engine.serving(socket_path(home)):
            async with running_bot(embedded(slack.page, home)):
                await slack.sees_text("The engine is up")
                await engine.tell(opened(proposal()))
                await engine.tell(opened(proposal(proposal_id="p-2", symbol="ETHUSDT")))
                first = await slack.sees_text("Buy IOTAUSDT?")
                second = await slack.sees_text("Buy ETHUSDT?")
            engine.proposals = (
                proposal(state="dismissed", decided_by="cli:ann", outcome="Not today."),
                proposal(proposal_id="p-3", symbol="BTCUSDT"),
            )
            async with running_bot(embedded(slack.page, home)):
                gone = await slack.sees_text("Dismissed by ann (the command line)")
                missed = await slack.sees_text("Expired: buy ETHUSDT.", "while the bot was away")
                await slack.sees_text("Buy BTCUSDT?")
            assert (gone["ts"], missed["ts"]) == (first["ts"], second["ts"])
            assert sum("The engine is up" in message["text"] for message in await slack.messages()) == 1
