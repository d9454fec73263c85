"""Alarms in Slack: repeated with a growing pause until somebody acknowledges them, over restarts too."""

from __future__ import annotations

from local_desk import ALICE, BOB, CHANNEL, desk
from msgspec.structs import replace
from sample_views import NOW_NS, alarm

from bot.alarms import Alarms
from bot.memory import Card, Memory
from engine.wire.commands import Acknowledge
from engine.wire.events import AlarmChanged, Notice
from engine.wire.pairs import ClosePair


class Clocked:
    """Alarms whose clock is turned by hand, and the cards that they show."""

    def __init__(self, memory: Memory | None = None, now_s: float = 1_000.0) -> None:
        self.now_s = now_s
        self.memory = memory or Memory(CHANNEL)
        self.shown: list[Card] = []
        self.alarms = Alarms(self.memory, self.shown.append, (ALICE,), first_pause_s=60.0, now_s=lambda: self.now_s)

    def wait(self, seconds: float) -> list[int]:
        """Let time pass second by second; return which reminders came, by the second."""
        before = len(self.memory.cards)
        at: list[int] = []
        for second in range(1, int(seconds) + 1):
            self.now_s += 1.0
            self.alarms.look()
            if len(self.memory.cards) > before + len(at):
                at.append(second)
        return at


def test_it_is_repeated_with_a_pause_that_doubles() -> None:
    clocked = Clocked()
    clocked.alarms.on_alarm(alarm())
    assert clocked.wait(60 + 120 + 240) == [60, 180, 420]
    assert [card.reminder for card in clocked.memory.cards] == [0, 1, 2, 3]
    assert [card.is_latest for card in clocked.memory.cards] == [False, False, False, True]


def test_the_pause_grows_to_half_an_hour_and_no_further() -> None:
    clocked = Clocked()
    clocked.alarms.on_alarm(alarm())
    clocked.wait(60 * (2**5 - 1))
    assert clocked.wait(3_600) == [1_800, 3_600]


def test_once_acknowledged_it_is_quiet_and_the_latest_message_says_who() -> None:
    clocked = Clocked()
    clocked.alarms.on_alarm(alarm())
    clocked.wait(60)
    clocked.alarms.on_alarm(alarm(acknowledged_by=f"slack:{ALICE}", ts_acknowledged_ns=NOW_NS))
    assert f"<@{ALICE}> has acknowledged" in clocked.shown[-1].render().text
    assert clocked.shown[-1].reminder == 1
    assert clocked.wait(10_000) == []


def test_a_restart_goes_on_where_it_was_and_one_reminder_stands_for_those_that_were_missed() -> None:
    clocked = Clocked()
    clocked.alarms.on_alarm(alarm())
    clocked.wait(30)
    again = Clocked(clocked.memory, clocked.now_s + 3_600.0)
    again.alarms.on_alarm(alarm())
    assert again.wait(100) == [1]
    assert [card.reminder for card in again.memory.cards] == [0, 1]


def test_what_was_acknowledged_while_nobody_listened_is_not_posted() -> None:
    clocked = Clocked()
    clocked.alarms.on_alarm(alarm(acknowledged_by="cli:ann"))
    assert clocked.shown == []


async def test_an_alarm_calls_the_admins_and_a_trader_takes_it_a_viewer_not() -> None:
    """In the local Slack: one message, with its mention and button; its notice is not shown a second time."""
    async with desk() as (slack, engine):
        engine.answer(Acknowledge, text="Acknowledged.")
        raised = alarm()
        notice = Notice(ts_ns=0, severity="critical", code=raised.code, text=raised.texts[0])
        await engine.tell(notice)
        await engine.tell(AlarmChanged(ts_ns=0, alarm=raised))
        shown = await slack.sees_text("Critical: Nothing protects", f"<@{ALICE}>")
        await slack.click(BOB, shown, "acknowledge")
        await slack.see(lambda m: m.get("ephemeral_to") == BOB and "traders only" in m["text"])
        await slack.click(ALICE, shown, "acknowledge")
        asked = await engine.has(Acknowledge)
        assert (asked.alarm, asked.who.user_id) == (raised.alarm_id, ALICE)
        done = replace(raised, acknowledged_by=f"slack:{ALICE}", ts_acknowledged_ns=raised.ts_raised_ns + 5_000_000_000)
        await engine.tell(AlarmChanged(ts_ns=0, alarm=done))
        edited = await slack.sees_text("Acknowledged:", f"<@{ALICE}> has acknowledged this after 5 s")
        assert edited["ts"] == shown["ts"]
        assert sum("Nothing protects" in m["text"] for m in await slack.messages()) == 1


async def test_a_pair_that_is_short_has_a_button_that_carries_what_closing_was_said_to_cost() -> None:
    async with desk() as (slack, engine):
        engine.answer(ClosePair, text="Selling 0.1 ETH.")
        raised = alarm(code="PAIR_SHORT", subject="ETHUSDT-1700000000000000000", closing_loss="12.50 USDT")
        await engine.tell(AlarmChanged(ts_ns=0, alarm=raised))
        shown = await slack.sees_text("Critical: Nothing protects")
        assert "Close now at market (est. loss 12.50 USDT)" in str(shown["blocks"])
        await slack.click(BOB, shown, "close_pair")
        await slack.see(lambda m: m.get("ephemeral_to") == BOB and "traders only" in m["text"])
        await slack.click(ALICE, shown, "close_pair")
        asked = await engine.has(ClosePair)
        assert (asked.pair, asked.most_loss, asked.who.user_id) == (raised.subject, "12.50", ALICE)
