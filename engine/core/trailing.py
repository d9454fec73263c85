"""Moves the stop of what we hold: it follows the highest price, or goes to where nothing can be lost any more.

It only ever rises, and never up to the market. A high counts when two sources have seen it: the bid, and the book or
the last trade (F16). Otherwise one wrong quote would pull the stop up, and the next true one would sell.
"""

from __future__ import annotations

from math import ceil
from typing import Final

from engine.core.kernels.market import TAPE
from engine.core.kernels.tape import CANDLES_SEEN
from engine.core.market import Market
from engine.core.plan import ExitPlan
from engine.core.portfolio import RoundTrip
from engine.core.volatility import true_range_ticks

TRAILING: Final = "trailing_stop"
BREAK_EVEN: Final = "break_even"
_CANDLES: Final = TAPE + CANDLES_SEEN


def follow(trip: RoundTrip, plan: ExitPlan, market: Market) -> None:
    """Raise the stop as far as the plan says by now; nothing happens without a new high or, by ATR, a new candle."""
    is_new_candle = plan.trail_atr > 0.0 and market.ints[_CANDLES] != trip.seen_candles
    if market.bid_ticks <= trip.high_ticks and not is_new_candle:
        return
    price_ticks = _seen_twice_ticks(market)
    if price_ticks > trip.high_ticks:
        trip.high_ticks = price_ticks
    elif not is_new_candle:
        return
    trip.seen_candles = market.ints[_CANDLES]
    for kind, level in ((BREAK_EVEN, _break_even(trip, plan)), (TRAILING, _trail(trip, plan, market))):
        if trip.stop_ticks < level < price_ticks:
            trip.stop_ticks, trip.stop_kind = level, kind


def even_ticks(trip: RoundTrip) -> int:
    """Return the price at which a sale brings what was paid, in ticks, rounded up: the sale costs what the buy did."""
    if not trip.bought_quote_e8:
        return 0
    fee = trip.buy_fees_e8 / trip.bought_quote_e8
    return ceil(trip.entry_ticks() * (1.0 + fee) / (1.0 - fee) - 1e-6)


def is_kept_due(trip: RoundTrip, plan: ExitPlan, now_ns: int) -> bool:
    """Say whether the stop has risen by a step worth moving it at the exchange, and enough time has passed."""
    risen = trip.stop_ticks - trip.kept_ticks
    is_step = risen > 0 and risen >= trip.kept_ticks * plan.move_step_pct / 100.0
    return is_step and now_ns - trip.kept_ns >= plan.move_every_s * 1e9


def _seen_twice_ticks(market: Market) -> int:
    in_book = market.book.bids.best_ticks() if market.book.is_in_sync else 0
    return min(market.bid_ticks, max(in_book, market.last_ticks))


def _trail(trip: RoundTrip, plan: ExitPlan, market: Market) -> int:
    """Return where the trail stands, in ticks; 0 while it has not begun or its candles are missing."""
    if not plan.is_trailing:
        return 0
    if plan.trail_after_pct and trip.high_ticks < trip.entry_ticks() * (1.0 + plan.trail_after_pct / 100.0):
        return 0
    if plan.trail_pct:
        return trip.high_ticks - int(trip.high_ticks * plan.trail_pct / 100.0)
    below = int(true_range_ticks(market, plan.atr_bars) * plan.trail_atr)
    return trip.high_ticks - below if below else 0


def _break_even(trip: RoundTrip, plan: ExitPlan) -> int:
    """Return the break-even price once the profit is there that it waits for, in ticks; else 0."""
    entry_ticks = trip.entry_ticks()
    if plan.break_even_pct:
        from_ticks = entry_ticks * (1.0 + plan.break_even_pct / 100.0)
    elif plan.break_even_r and 0 < trip.first_stop_ticks < entry_ticks:
        from_ticks = entry_ticks + (entry_ticks - trip.first_stop_ticks) * plan.break_even_r
    else:
        return 0
    return even_ticks(trip) if trip.high_ticks >= from_ticks else 0
