"""The limits as a table for a terminal, below it the other controls, what has tripped and what is locked."""

from __future__ import annotations

from engine.wire.figures import span
from engine.wire.safeguard_views import LimitView, RiskView


def risk_text(risk: RiskView) -> str:
    """Write one line for each limit and control, one for everything that was changed, and for all that bars entries."""
    lines = [f"{'code':<5}{'limit':<20}{'at most':<28}used"]
    lines += [line for row in risk.limits for line in _lines(row)]
    lines += [f"{control.code:<5}{control.name:<20}{control.state}" for control in risk.controls]
    lines += [f"TRIPPED  {words}   (risk reset REASON)" for words in risk.tripped]
    lines += [f"LOCKED   {lock.symbol} for {span(lock.left_s)}, {lock.why}" for lock in risk.locks]
    return "\n".join(lines)


def _lines(row: LimitView) -> list[str]:
    lines = [f"{row.code:<5}{row.name:<20}{row.limit:<28}{row.used}".rstrip()]
    if row.scope:
        lines[0] += f"   of the {row.scope}"
    return [*lines, f"     CHANGED by {row.changed}"] if row.changed else lines
