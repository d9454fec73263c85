"""Stop-loss and take-profit of what we hold: watched on every quote, sent as reduce-only closes.

A long position is given up at the bid, because that is what a sale would bring. An exit that did not fill completely
is asked for again with the next quote, until the position is flat.
"""

from __future__ import annotations

from typing import Literal

from engine.core.portfolio import RoundTrip

ExitReason = Literal["stop_loss", "take_profit"]


def due_exit(trip: RoundTrip, bid_ticks: int) -> ExitReason | None:
    """Say which exit of a held position the bid has reached, if any; a bid of 0 is no price and reaches none."""
    if bid_ticks <= 0 or trip.lots <= 0:
        return None
    if trip.stop_ticks and bid_ticks <= trip.stop_ticks:
        return "stop_loss"
    if trip.target_ticks and bid_ticks >= trip.target_ticks:
        return "take_profit"
    return None
