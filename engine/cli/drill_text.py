"""How the report of a drill reads in a terminal."""

from __future__ import annotations

from engine.wire.drill import DrillReport


def drill_text(report: DrillReport) -> str:
    """Write what was rehearsed, one a line, with pass or fail and the time until all was well again."""
    rows = [f"{step.state.upper():<14}{step.name:<20}{step.seconds:>7.2f} s  {step.detail}" for step in report.steps]
    return "\n".join([*rows, f"{'all in all':<34}{report.seconds:>7.2f} s"])
