"""How the kill switch's report reads in a terminal."""

from __future__ import annotations

from engine.wire.views import KillSymbolView, KillView


def kill_text(view: KillView) -> str:
    """Write a report: whether the venue has confirmed it, and a line for each symbol."""
    state = "confirmed by the venue" if view.is_done else "NOT CONFIRMED YET, it is gone on with"
    return "\n".join([f"KILL {state} ({view.reason})", *(_line(line) for line in view.symbols)])


def _line(line: KillSymbolView) -> str:
    parts = [f"{line.cancelled} cancelled"]
    if line.filled:
        parts.append(f"{line.filled} filled before")
    if line.still_open:
        parts.append(f"{line.still_open} STILL OPEN")
    if line.sold_qty.strip("0."):
        parts.append(f"sold {line.sold_qty} {line.base_asset} for {line.sold_quote} {line.quote_asset}")
    parts.append(f"held {line.held_qty} {line.base_asset}" if line.held_qty.strip("0.") else "flat")
    if line.resting_sales:
        parts.append(f"{line.resting_sales} protective sale(s) left at the venue")
    return f"  {line.symbol}: {', '.join(parts)}{f' ({line.why})' if line.why else ''}"
