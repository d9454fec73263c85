"""A drill, as Slack gets it."""

from __future__ import annotations

from local_desk import ALICE

from bot.memory import Card
from bot.render import drill
from bot.render.blocks import Message
from engine.wire.drill import DrillReport, DrillStep
from engine.wire.events import DrillChanged

REPORT = DrillReport(
    (
        DrillStep("restart", "passed", 9.21, "killed while it held a position"),
        DrillStep("exchange times out", "failed", 0.0, "the exchange has 2 orders for one <now>"),
        DrillStep("Slack outage", "not rehearsed", 0.0, "no local Slack is installed here"),
    ),
    24.0,
)
RUNNING = DrillChanged(ts_ns=0, drill_id="d1", by=f"slack:{ALICE}", report=None, why="")
DONE = DrillChanged(ts_ns=0, drill_id="d1", by=f"slack:{ALICE}", report=REPORT, why="")
DRILLS: dict[str, Message] = {
    "drill_running": Card("drill:d1", drill=RUNNING).render(),
    "drill_failed": drill.drill(DONE),
    "drill_passed": drill.drill(
        DrillChanged(ts_ns=0, drill_id="d1", by="cli:ann", report=DrillReport(REPORT.steps[:1], 9.0), why="")
    ),
    "drill_not_run": drill.drill(
        DrillChanged(ts_ns=0, drill_id="d1", by="cli:ann", report=None, why="it took longer than 240 s")
    ),
}
