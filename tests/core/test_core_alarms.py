"""Alarms: open until somebody has seen them, one for each code, and known again after a restart."""

from __future__ import annotations

from core_builders import ALICE, Desk, told

from engine.core.alarms import Alarms
from engine.core.record_codec import AnyRecord
from engine.core.safeguard_records import AlarmAcknowledged, AlarmRaised
from engine.wire.commands import Acknowledge, GetSnapshot, Halt, Who
from engine.wire.events import AlarmChanged, AnyEvent, Notice
from engine.wire.replies import Snapshot

BY = "slack:U01ALICE"


class Told:
    """Alarms, and what they write and tell."""

    def __init__(self) -> None:
        self.records: list[AnyRecord] = []
        self.events: list[AnyEvent] = []
        self.alarms = Alarms(self.records.append, lambda make: self.events.append(make()))


def test_a_critical_notice_is_an_alarm_until_somebody_acknowledges_it() -> None:
    kept = Told()
    kept.alarms.on_critical("NAKED_POSITION", "Nothing protects ETHUSDT.", 5)
    (alarm,) = kept.alarms.views()
    assert (alarm.alarm_id, alarm.acknowledged_by) == ("NAKED_POSITION:5", "")
    assert alarm.texts == ("Nothing protects ETHUSDT.",)
    (done,) = kept.alarms.acknowledge(alarm.alarm_id, BY, 9)
    assert (done.acknowledged_by, done.ts_acknowledged_ns) == (BY, 9)
    assert kept.records == [
        AlarmRaised("NAKED_POSITION", "Nothing protects ETHUSDT.", 5),
        AlarmAcknowledged("NAKED_POSITION:5", BY, 9),
    ]
    assert [event.alarm for event in kept.events if isinstance(event, AlarmChanged)] == [alarm, done]


def test_what_is_said_again_joins_the_open_alarm_and_is_told_only_where_it_is_new() -> None:
    kept = Told()
    for ts_ns, text in enumerate(("one", "one", "two"), start=1):
        kept.alarms.on_critical("FAULT", text, ts_ns)
    (alarm,) = kept.alarms.views()
    assert (alarm.texts, alarm.times, alarm.ts_raised_ns, alarm.ts_last_ns) == (("one", "two"), 3, 1, 3)
    assert len(kept.records) == len(kept.events) == 2


def test_after_its_acknowledgement_the_same_is_a_new_alarm() -> None:
    kept = Told()
    kept.alarms.on_critical("FAULT", "one", 1)
    kept.alarms.acknowledge("FAULT", BY, 2)
    kept.alarms.on_critical("FAULT", "one", 3)
    assert [alarm.alarm_id for alarm in kept.alarms.views()] == ["FAULT:1", "FAULT:3"]
    assert kept.alarms.acknowledge("all", BY, 4)[0].alarm_id == "FAULT:3"
    assert kept.alarms.acknowledge("all", BY, 5) == ()


def test_a_restart_knows_which_are_open_and_who_acknowledged_the_others() -> None:
    kept, again = Told(), Told()
    kept.alarms.on_critical("FAULT", "one", 1)
    kept.alarms.on_critical("C7_BANNED", "banned", 2)
    kept.alarms.acknowledge("FAULT", BY, 3)
    for record in kept.records:
        assert isinstance(record, AlarmRaised | AlarmAcknowledged)
        again.alarms.take(record)
    assert again.alarms.views() == kept.alarms.views()
    assert (again.records, again.events) == ([], [])


def test_open_alarms_are_never_forgotten() -> None:
    kept = Told()
    for number in range(60):
        kept.alarms.on_critical(f"CODE_{number}", "x", number)
        if number % 2:
            kept.alarms.acknowledge(f"CODE_{number}", BY, number)
    open_ = [alarm for alarm in kept.alarms.views() if not alarm.acknowledged_by]
    assert len(open_) == 30
    assert len(kept.alarms.views()) == 50


def acknowledge(desk: Desk, alarm: str) -> tuple[bool, str]:
    """Acknowledge; return what was said."""
    reply, _ = desk.ask(Acknowledge(id=desk.new_id(), who=ALICE, alarm=alarm))
    return reply.ok, reply.text


def test_the_watchdog_s_note_and_a_loop_that_stood_still_are_alarms() -> None:
    desk = Desk().ready()
    watchdog = Who("watchdog", "the watchdog", "watchdog")
    _, actions = desk.ask(Halt(id=desk.new_id(), who=watchdog, reason="The engine was dead for 5 s."))
    actions += desk.keep(desk.engine.on_stood_still(5.25, desk.now_ns))
    assert [event.alarm.code for event in told(actions, AlarmChanged)] == ["C12_WATCHDOG", "LOOP_BLOCKED"]
    assert [event.code for event in told(actions, Notice)] == ["C12_WATCHDOG", "LOOP_BLOCKED"]


def test_a_person_acknowledges_once_and_a_restart_knows_it() -> None:
    """The command and its answer are in the journal as everybody's are, with who and when."""
    desk = Desk().ready()
    desk.keep(desk.engine.on_stood_still(5.25, desk.now_ns))
    assert acknowledge(desk, "NO_SUCH") == (False, "No such alarm is open.")
    assert acknowledge(desk, "LOOP_BLOCKED") == (True, "Acknowledged: LOOP_BLOCKED.")
    again = desk.restarted()
    reply, _ = again.ask(GetSnapshot(id=again.new_id(), who=ALICE))
    assert isinstance(reply.result, Snapshot)
    (alarm,) = reply.result.alarms
    assert alarm.acknowledged_by == f"{ALICE.door}:{ALICE.user_id}"
    assert "has acknowledged this alarm already" in acknowledge(again, alarm.alarm_id)[1]
