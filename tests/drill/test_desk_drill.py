"""The desk drill, whole: a kill, a Slack outage, an exchange that times out and a restart, on real processes."""

from __future__ import annotations

import pytest
from needs import ROOT, skip_or_fail

from bot.local_slack.install import NotInstallable, install
from engine.cli.drill_text import drill_text
from engine.drill.desk import desk_drill


@pytest.mark.timeout(200)
async def test_all_four_are_rehearsed_and_passed_with_their_times() -> None:
    try:
        install(ROOT / "var")
    except NotInstallable as error:
        skip_or_fail(str(error))
    report = await desk_drill(ROOT / "var")
    assert [(step.name, step.state) for step in report.steps] == [
        ("restart", "passed"),
        ("exchange times out", "passed"),
        ("Slack outage", "passed"),
        ("kill", "passed"),
    ], drill_text(report)
    assert all(step.seconds > 0 for step in report.steps)
    assert report.steps[1].seconds > 2.0, "an order is unknown only after two seconds without a word"
    assert report.is_passed
