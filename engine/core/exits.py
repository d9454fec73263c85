"""The exits of what we hold: watched on every event, sent as reduce-only closes.

A long position is given up at the bid, because that is what a sale would bring. One bid alone proves nothing: a stop
waits until a second source has seen the price too (F16), which takes a trade or the next depth update. An exit that
did not fill completely is asked for again until the position is flat.
"""

from __future__ import annotations

from typing import NamedTuple

from engine.core.market import Market
from engine.core.portfolio import TAKE_PROFIT, RoundTrip
from engine.core.targets import due_step

TIME_STOP = "time_stop"


class Exit(NamedTuple):
    """An exit that is due: a stop by its kind, ``take_profit``, ``take_profit_1`` and so on, or ``time_stop``."""

    reason: str
    lots: int = 0
    """0 for all that can be sold."""
    ticks: int = 0
    """Of a target: its price; 0 for the others."""


def due_exit(trip: RoundTrip, market: Market, now_ns: int, collar_pct: float) -> Exit | None:
    """Say which exit of a held position has come, if any; a bid of 0 is no price and reaches none.

    ``collar_pct`` is that of C4: it says how small a part of a position can be.
    """
    bid_ticks = market.bid_ticks
    if bid_ticks <= 0 or trip.lots <= 0:
        return None
    if bid_ticks <= trip.stop_ticks and _is_confirmed(trip.stop_ticks, market):
        return Exit(trip.stop_kind)
    if trip.target_ticks and bid_ticks >= trip.target_ticks:
        return Exit(TAKE_PROFIT, 0, trip.target_ticks)
    return _planned(trip, market, now_ns, collar_pct) if trip.plan is not None else None


def time_stop_ns(trip: RoundTrip) -> int:
    """Return when a position's time is over, in ns; 0 where it has all the time."""
    return trip.opened_ns + int(trip.plan.time_s * 1e9) if trip.plan is not None and trip.plan.time_s else 0


def _planned(trip: RoundTrip, market: Market, now_ns: int, collar_pct: float) -> Exit | None:
    """Return the time stop, or the step of the targets, that has come."""
    ends_ns = time_stop_ns(trip)
    if ends_ns and now_ns >= ends_ns and _is_below(trip, market.bid_ticks):
        return Exit(TIME_STOP)
    step = due_step(trip, market, collar_pct)
    return Exit(f"{TAKE_PROFIT}_{step.step}", step.lots, step.ticks) if step is not None else None


def _is_below(trip: RoundTrip, bid_ticks: int) -> bool:
    """Say whether the profit is too small for the position to stay when its time is over."""
    below_pct = trip.plan.time_below_pct if trip.plan is not None else 0.0
    return not below_pct or bid_ticks < trip.entry_ticks() * (1.0 + below_pct / 100.0)


def _is_confirmed(stop_ticks: int, market: Market) -> bool:
    """Say whether the book or the last trade has reached the stop as well.

    A target needs none of this: its sale has the bid's collar for a limit, and finds no buyer at a price that isn't.
    """
    is_in_book = market.book.is_in_sync and 0 < market.book.bids.best_ticks() <= stop_ticks
    return is_in_book or 0 < market.last_ticks <= stop_ticks
