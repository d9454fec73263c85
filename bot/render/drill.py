"""A drill: that it runs, and then what was rehearsed, with pass or fail and the time of each."""

from __future__ import annotations

from typing import Final

from bot.render.blocks import Message, clip, context, escape, message, section
from bot.render.say import who
from engine.wire.drill import DrillStep
from engine.wire.events import DrillChanged
from engine.wire.figures import plural

_SIGNS: Final = {"passed": ":white_check_mark:", "failed": ":x:", "not rehearsed": ":heavy_minus_sign:"}
_LINE: Final = 400


def drill(event: DrillChanged) -> Message:
    """Show a drill as it is now."""
    if event.report is None:
        state = f"it could not run: {escape(event.why)}" if event.why else "running, on a desk of its own"
        line = f"Drill by {who(event.by)}: {state}"
        sign = ":x:" if event.why else ":hourglass_flowing_sand:"
        return message(line, [section(f"{sign} *{line}.*"), context("Paper only; this desk is not touched.")])
    failed = sum(step.state == "failed" for step in event.report.steps)
    line = f"Drill by {who(event.by)}: {'passed' if not failed else plural(failed, 'part') + ' FAILED'}"
    rows = "\n".join(map(_step, event.report.steps[:10]))
    small = context(f"{event.report.seconds:.0f} s in all, on a desk of its own; this desk was not touched.")
    return message(line, [section(f"{':x:' if failed else ':white_check_mark:'} *{line}*\n{rows}"), small])


def _step(step: DrillStep) -> str:
    took = f" in {step.seconds:.2f} s" if step.state == "passed" else ""
    return clip(f"{_SIGNS[step.state]} *{escape(step.name)}* {step.state}{took}: {escape(step.detail)}", _LINE)
