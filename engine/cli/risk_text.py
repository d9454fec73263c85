"""The limits as a table for a terminal, and below it what has tripped and what is locked."""

from __future__ import annotations

from engine.wire.views import RiskView


def risk_text(risk: RiskView) -> str:
    """Write one line for each limit, and one for everything that bars entries."""
    lines = [f"{'code':<5}{'limit':<17}{'at most':<28}used"]
    lines += [f"{row.code:<5}{row.name:<17}{row.limit:<28}{row.used}".rstrip() for row in risk.limits]
    lines += [f"TRIPPED  {words}   (risk reset REASON)" for words in risk.tripped]
    lines += [f"LOCKED   {lock.symbol} for {lock.left_s:.0f} s, {lock.why}" for lock in risk.locks]
    return "\n".join(lines)
