"""When a conditional order begins to work, by the last price. Source: Binance, "Trading endpoints", order types."""

from __future__ import annotations

from engine.core.types import Side
from engine.venues.paper.orders import STOPS, NewOrder


def is_triggered(order: NewOrder, last_price: int) -> bool:
    """Say whether the last price has reached the order's stop price.

    A stop-loss buys above and sells below it; a take-profit buys below and sells above it.
    """
    if not last_price:
        return False
    if (order.type in STOPS) == (order.side is Side.BUY):
        return last_price >= order.stop_price
    return last_price <= order.stop_price
