"""Stop-loss and take-profit of what we hold: watched on every event, sent as reduce-only closes.

A long position is given up at the bid, because that is what a sale would bring. One bid alone proves nothing: a stop
waits until a second source has seen the price too (F16), which takes a trade or the next depth update. An exit that
did not fill completely is asked for again until the position is flat.
"""

from __future__ import annotations

from typing import Literal

from engine.core.market import Market
from engine.core.portfolio import RoundTrip

ExitReason = Literal["stop_loss", "take_profit"]


def due_exit(trip: RoundTrip, market: Market) -> ExitReason | None:
    """Say which exit of a held position the market has reached, if any; a bid of 0 is no price and reaches none."""
    bid_ticks = market.bid_ticks
    if bid_ticks <= 0 or trip.lots <= 0:
        return None
    if bid_ticks <= trip.stop_ticks and _is_confirmed(trip.stop_ticks, market):
        return "stop_loss"
    if trip.target_ticks and bid_ticks >= trip.target_ticks:
        return "take_profit"
    return None


def _is_confirmed(stop_ticks: int, market: Market) -> bool:
    """Say whether the book or the last trade has reached the stop as well.

    A target needs none of this: its sale has the bid's collar for a limit, and finds no buyer at a price that isn't.
    """
    is_in_book = market.book.is_in_sync and 0 < market.book.bids.best_ticks() <= stop_ticks
    return is_in_book or 0 < market.last_ticks <= stop_ticks
