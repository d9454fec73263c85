"""How arbitrage between two venues, and in circles within one, reads in a terminal."""

from __future__ import annotations

from engine.wire.figures import gain, money, plural
from engine.wire.pairs import PairsView, VenueSideView


def pairs_text(view: PairsView) -> str:
    """Show both venues, what keeps new pairs from being tried, and the last pairs."""
    if not view.sides:
        return "\n".join([*view.circles, f"no second venue: {view.bar}"])
    asset = view.quote_asset
    sums = f"{plural(view.taken, 'pair')}, {view.mended} with a leg that fell short: {gain(view.made_quote, asset)}"
    return "\n".join(
        [
            f"arbitrage is {view.mode}: {view.bar or 'looking'}",
            *(_side(side, asset) for side in view.sides),
            sums,
            *view.circles,
            *(f"  {'open: ' if pair.is_open else ''}{pair.text}" for pair in view.pairs),
        ]
    )


def _side(side: VenueSideView, asset: str) -> str:
    held = ", ".join(side.held) or "nothing to sell"
    state = "armed" if side.is_armed else "halted"
    return f"  {side.name:<8} {state:<7} {money(side.equity_quote, asset)}, {money(side.free_quote)} free, {held}"
