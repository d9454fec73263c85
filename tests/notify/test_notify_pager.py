"""What goes out by the second channel, and when."""

from __future__ import annotations

from msgspec.structs import replace
from sample_views import NOW_NS, alarm, positions, proposal, status

from engine.notify.pager import ENGINE_GONE, Pager
from engine.wire.events import AlarmChanged, Notice, ProposalOpened
from engine.wire.replies import OrdersView, Snapshot
from engine.wire.safeguard_views import AlarmView

RAISED = alarm()
SAID = "NAKED_POSITION: Nothing protects what is held of ETHUSDT <now>."


def pager(*, level: str = "critical", is_slack_well: bool = True) -> Pager:
    made = Pager({}, level=level, after_s=120.0)  # type: ignore[arg-type]
    made.is_slack_well = is_slack_well
    return made


def changed(view: AlarmView) -> AlarmChanged:
    return AlarmChanged(ts_ns=0, alarm=view)


def snapshot(*alarms: AlarmView) -> Snapshot:
    return Snapshot(1, status(), positions(), OrdersView((), ()), (), (), alarms)


def test_an_alarm_goes_out_when_nobody_has_acknowledged_it_and_again_with_a_growing_pause() -> None:
    desk = pager()
    desk.on_event(changed(RAISED), 0.0)
    at = [second for second in range(4_000) if desk.due(float(second))]
    assert at == [120, 420, 1_020, 2_220]


def test_it_goes_out_at_once_while_slack_can_not_be_reached() -> None:
    desk = pager(is_slack_well=False)
    desk.on_event(changed(RAISED), 0.0)
    assert desk.due(0.0) == [SAID]
    assert desk.due(1.0) == []


def test_who_acknowledges_in_time_is_not_called() -> None:
    desk = pager()
    desk.on_event(changed(RAISED), 0.0)
    desk.on_event(changed(replace(RAISED, acknowledged_by="slack:U01ALICE")), 60.0)
    assert [desk.due(float(second)) for second in range(60, 200)] == [[]] * 140


def test_those_who_were_called_hear_that_somebody_has_it() -> None:
    desk = pager()
    desk.on_event(changed(RAISED), 0.0)
    desk.due(120.0)
    desk.on_event(changed(replace(RAISED, acknowledged_by="cli:ann")), 130.0)
    assert desk.due(131.0) == ["NAKED_POSITION was acknowledged by cli:ann."]


def test_a_restart_tells_nothing_twice() -> None:
    desk = pager()
    desk.on_snapshot(snapshot(RAISED), 0.0)
    assert desk.due(120.0)
    again = Pager(desk.pages, level="critical", after_s=120.0)
    again.on_snapshot(snapshot(RAISED), 130.0)
    assert again.due(131.0) == []
    assert again.due(420.0) == [f"{SAID} (said 2 times; Acknowledge in Slack, or `trader ack`)"]


def test_an_alarm_that_the_engine_knows_no_more_is_over() -> None:
    desk = pager()
    desk.on_snapshot(snapshot(RAISED), 0.0)
    desk.on_snapshot(snapshot(), 1.0)
    assert desk.due(1_000.0) == []


def test_an_engine_that_is_gone_goes_out_and_that_it_is_back() -> None:
    desk = pager()
    desk.on_engine(is_there=True, now_s=0.0)
    desk.on_engine(is_there=False, now_s=10.0)
    assert desk.due(10.0) == [ENGINE_GONE]
    desk.on_snapshot(snapshot(), 11.0)
    assert desk.pages
    desk.on_engine(is_there=True, now_s=12.0)
    assert desk.due(12.0) == ["The engine answers again."]


def test_less_than_critical_goes_out_only_without_slack_and_from_the_level_that_was_set() -> None:
    warning = Notice(ts_ns=0, severity="warning", code="C7_SILENCE", text="The venue wants silence.")
    asked = ProposalOpened(ts_ns=NOW_NS, proposal=proposal())
    counts = {}
    for level in ("critical", "warning", "info"):
        for is_slack_well in (True, False):
            desk = pager(level=level, is_slack_well=is_slack_well)
            desk.on_event(warning, 0.0)
            desk.on_event(asked, 0.0)
            counts[level, is_slack_well] = len(desk.due(0.0))
    assert {key: count for key, count in counts.items() if count} == {("warning", False): 1, ("info", False): 2}


def test_a_proposal_says_how_long_there_is_and_where_to_answer() -> None:
    desk = pager(level="info", is_slack_well=False)
    desk.on_event(ProposalOpened(ts_ns=NOW_NS, proposal=proposal()), 0.0)
    (line,) = desk.due(0.0)
    assert "buy 95.10 IOTAUSDT at 1.0505" in line
    assert "within 60 s in `trader desk`; no answer means no" in line
