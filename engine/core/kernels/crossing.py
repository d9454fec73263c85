"""Two books held against each other: how much can be bought in one and sold in the other above cost, and at what price.

Sides are as ``book`` has them (best price last). Amounts are in 1e-8 of their asset; money is float64, exact far beyond
what a fee's rounding is worth.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_E8 = 1e8
_SWEEP = "Tuple((float64, int64))(int64[::1], int64[::1], int64, int64, int64, int64)"
_SIDE = "int64[::1], int64[::1], int64, int64, int64"


@njit(_SWEEP, cache=True)
def sweep(keys: np.ndarray, lots: np.ndarray, count: int, tick_e8: int, lot_e8: int, base_e8: int) -> tuple[float, int]:
    """Return what so much of the base asset costs or brings from the best level on, and the worst price's ticks.

    ``keys`` and ``lots``: int64, shape (capacity,), the first ``count`` in use. O(levels). (0.0, 0) where the side
    does not hold so much, or where nothing is asked for.
    """
    left_e8, quote_e8, worst = base_e8, 0.0, 0
    for i in range(count - 1, -1, -1):
        if left_e8 <= 0:
            break
        part_e8 = min(left_e8, lots[i] * lot_e8)
        worst = abs(keys[i])
        quote_e8 += part_e8 * (worst * tick_e8 / _E8)
        left_e8 -= part_e8
    if left_e8 > 0:
        return 0.0, 0
    return quote_e8, worst


@njit(
    f"Tuple((int64, int64, int64, float64, float64))({_SIDE}, {_SIDE}, float64, float64, float64, int64, int64)",
    cache=True,
)
def crossing(
    ask_keys: np.ndarray,
    ask_lots: np.ndarray,
    asks: int,
    ask_tick_e8: int,
    ask_lot_e8: int,
    bid_keys: np.ndarray,
    bid_lots: np.ndarray,
    bids: int,
    bid_tick_e8: int,
    bid_lot_e8: int,
    buy_fee: float,
    sell_fee: float,
    edge: float,
    most_e8: int,
    step_e8: int,
) -> tuple[int, int, int, float, float]:
    """Take level after level of one book's asks and the other's bids while each next unit still leaves ``edge``.

    ``buy_fee``, ``sell_fee``: parts of the money that change hands. ``edge``: the least profit after both fees, as a
    part of the price paid. ``most_e8``: the most of the base asset; ``step_e8``: the multiple that both venues trade.
    Returns the amount of the base asset, the worst ask and bid in ticks, and what was paid and received before fees;
    all 0 where nothing is above cost. O(levels).
    """
    i, j, taken_e8 = asks - 1, bids - 1, 0
    left_ask = ask_lots[i] * ask_lot_e8 if i >= 0 else 0
    left_bid = bid_lots[j] * bid_lot_e8 if j >= 0 else 0
    while i >= 0 and j >= 0 and taken_e8 < most_e8:
        paid, received = -ask_keys[i] * ask_tick_e8 * (1.0 + buy_fee + edge), bid_keys[j] * bid_tick_e8
        if received * (1.0 - sell_fee) < paid:
            break
        part_e8 = min(left_ask, left_bid, most_e8 - taken_e8)
        taken_e8, left_ask, left_bid = taken_e8 + part_e8, left_ask - part_e8, left_bid - part_e8
        if left_ask == 0:
            i -= 1
            left_ask = ask_lots[i] * ask_lot_e8 if i >= 0 else 0
        if left_bid == 0:
            j -= 1
            left_bid = bid_lots[j] * bid_lot_e8 if j >= 0 else 0
    taken_e8 -= taken_e8 % step_e8
    if taken_e8 <= 0:
        return 0, 0, 0, 0.0, 0.0
    cost_e8, worst_ask = sweep(ask_keys, ask_lots, asks, ask_tick_e8, ask_lot_e8, taken_e8)
    got_e8, worst_bid = sweep(bid_keys, bid_lots, bids, bid_tick_e8, bid_lot_e8, taken_e8)
    return taken_e8, worst_ask, worst_bid, cost_e8, got_e8
