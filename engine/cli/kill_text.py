"""How the kill switch's report reads in a terminal."""

from __future__ import annotations

from engine.wire.phrases import killed
from engine.wire.safeguard_views import KillSymbolView, KillView


def kill_text(view: KillView) -> str:
    """Write a report: whether the venue has confirmed it, and a line for each symbol."""
    state = "confirmed by the venue" if view.is_done else "NOT CONFIRMED YET, it is gone on with"
    return "\n".join([f"KILL {state} ({view.reason})", *(_line(line) for line in view.symbols)])


def _line(line: KillSymbolView) -> str:
    return f"  {line.symbol}: {', '.join(killed(line))}{f' ({line.why})' if line.why else ''}"
