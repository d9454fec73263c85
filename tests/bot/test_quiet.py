"""Who wants no mention in which kind of message: their own affair, over restarts, written down, and never of alarms."""

from __future__ import annotations

from pathlib import Path

import pytest
from local_desk import ALICE, BOB, desk
from sample_views import alarm, order, proposal

from bot.memory import Card, Memory, load, save
from bot.quiet import Quiet
from bot.render.blocks import message, section
from engine.wire.commands import SetQuiet
from engine.wire.events import AlarmChanged, OrderChanged, TradingArmed
from engine.wire.mutes import GetMutes, MutesView

NAMED = message(f"<@{ALICE}> buys", [section(f"*<@{ALICE}>* buys, <@{BOB}> looks on")])


def test_a_mention_becomes_a_name_in_the_kinds_that_somebody_said_and_no_other() -> None:
    quiet = Quiet({}, {})
    quiet.set(ALICE, "al<ice", "orders", None)
    hushed = quiet.hush(NAMED, "orders")
    assert hushed.text == "@al&lt;ice buys"
    assert hushed.blocks[0]["text"]["text"] == f"*@al&lt;ice* buys, <@{BOB}> looks on"
    assert quiet.hush(NAMED, "desk") is NAMED
    assert quiet.hush(NAMED, "") is NAMED, "an alarm is of no kind"


def test_it_ends_by_itself_or_when_it_is_taken_back_and_a_restart_knows_it() -> None:
    wishes: dict[str, dict[str, int]] = {}
    quiet = Quiet(wishes, {})
    quiet.set(ALICE, "alice", "all", 60.0)
    quiet.set(ALICE, "alice", "prices", None)
    assert set(Quiet(wishes, {}).left_s(ALICE)) == {"orders", "approvals", "prices", "desk"}
    assert Quiet(wishes, {}).left_s(ALICE)["prices"] is None
    wishes[ALICE]["desk"] = 1
    assert quiet.end(ALICE, "desk") == ()
    assert quiet.end(ALICE, "orders") == ("orders",)
    assert quiet.end(ALICE) == ("approvals", "prices")
    assert quiet.left_s(ALICE) == {}


@pytest.mark.parametrize(
    ("card", "kind"),
    [
        (Card("a", alarm=alarm()), ""),
        (Card("b", order=order()), "orders"),
        (Card("c", proposal=proposal()), "orders"),
        (Card("d"), "desk"),
    ],
)
def test_each_card_is_of_a_kind_and_an_alarm_of_none(card: Card, kind: str) -> None:
    assert card.kind == kind


def test_the_memory_keeps_it(tmp_path: Path) -> None:
    memory = Memory("C1")
    Quiet(memory.quiet, memory.names).set(ALICE, "alice", "orders", None)
    save(tmp_path / "state.json", memory)
    again = load(tmp_path / "state.json", "C1")
    assert Quiet(again.quiet, again.names).hush(NAMED, "orders").text == "@alice buys"


async def test_a_person_quiets_what_names_them_and_alarms_call_all_the_same() -> None:
    """In the local Slack: a viewer may, only they see the answer, the engine writes it down, and it is undone."""
    async with desk() as (slack, engine):
        await slack.command(BOB, "/mute", "me orders")
        told = await slack.sees_text("You are not named in 1 kind of message")
        assert told["ephemeral_to"] == BOB
        for text in ("me off orders now", "me list orders"):
            await slack.command(ALICE, "/mute", text)
        await slack.sees_text("Say what to be named in again", "/mute me off")
        await slack.sees_text("Say no more than that", "/mute me list")
        await slack.command(ALICE, "/mute", "me everything")
        await slack.see(lambda m: m.get("ephemeral_to") == ALICE and "is no kind of message that names" in m["text"])
        await slack.command(ALICE, "/mute", "me all 2h")
        await slack.sees_text("You are not named in 4 kinds of message")
        written = await engine.has(SetQuiet, 2)
        assert (written.who.user_id, written.what, written.seconds) == (ALICE, "all", 7_200.0)
        await engine.tell(OrderChanged(ts_ns=1, order=order(origin=f"slack:{ALICE}")))
        await engine.tell(TradingArmed(ts_ns=2, by=f"slack:{ALICE}"))
        await engine.tell(AlarmChanged(ts_ns=3, alarm=alarm()))
        called = await slack.sees_text("Critical: Nothing protects")
        await slack.sees_text("@alice buys")
        await slack.sees_text("Trading is armed by @alice")
        assert f"<@{ALICE}>" in str(called)
        engine.answer(GetMutes, MutesView(()))
        await slack.command(ALICE, "/mute", "list")
        await slack.see(lambda m: m.get("ephemeral_to") == ALICE and "You are not named in 4" in str(m.get("blocks")))
        await slack.command(ALICE, "/mute", "me off")
        await slack.sees_text("You are named wherever you are meant")
        await engine.tell(TradingArmed(ts_ns=4, by=f"slack:{ALICE}"))
        await slack.sees_text(f"Trading is armed by <@{ALICE}>")
