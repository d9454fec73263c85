"""A drill that the engine was asked for runs as a process of its own, and says what it could not rehearse."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.drill_child import run_drills
from engine.wire.drill import DrillReport


@pytest.mark.timeout(200)
async def test_it_reports_and_says_that_no_slack_is_installed(tmp_path: Path) -> None:
    wanted, found = asyncio.Event(), asyncio.get_running_loop().create_future()

    def done(report: DrillReport | None, why: str) -> None:
        found.set_result((report, why))

    task = asyncio.create_task(run_drills(wanted, done, tmp_path))
    wanted.set()
    report, why = await asyncio.wait_for(found, 150.0)
    task.cancel()
    assert why == ""
    states = {step.name: step.state for step in report.steps}
    assert states == {
        "restart": "passed", "exchange times out": "passed", "Slack outage": "not rehearsed", "kill": "passed"
    }  # fmt: skip
