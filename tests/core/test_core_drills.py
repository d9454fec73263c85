"""A drill is for paper, for admins, and one at a time; that it begins and what it found is told."""

from __future__ import annotations

from core_builders import ALICE, Desk, config, told

from engine.wire.drill import DrillReport, DrillStep, StartDrill
from engine.wire.events import DrillChanged

REPORT = DrillReport((DrillStep("kill", "passed", 0.1, "halted"),), 20.0)


def test_one_runs_at_a_time_and_its_report_is_told() -> None:
    begun_runs: list[int] = []
    desk = Desk(config()).ready()
    desk.engine.people.drills.begin = lambda: begun_runs.append(1)
    reply, actions = desk.ask(StartDrill(id="d1", who=ALICE))
    assert reply.ok
    assert begun_runs == [1]
    (begun,) = told(actions, DrillChanged)
    assert (begun.drill_id, begun.by, begun.report) == ("d1", "slack:U01ALICE", None)
    second, _ = desk.ask(StartDrill(id="d2", who=ALICE))
    assert (second.ok, second.code) == (False, "ALREADY_RUNNING")
    (done,) = told(desk.engine.on_drill_done(REPORT, ""), DrillChanged)
    assert (done.drill_id, done.report) == ("d1", REPORT)
    assert desk.ask(StartDrill(id="d3", who=ALICE))[0].ok


def test_it_is_refused_on_a_live_account() -> None:
    desk = Desk(config()).ready()
    desk.engine.trading.account = "live"
    reply, actions = desk.ask(StartDrill(id="d1", who=ALICE))
    assert (reply.ok, reply.code) == (False, "NOT_PAPER")
    assert told(actions, DrillChanged) == []
