"""A circle of three books of one venue: what an amount brings that goes once around it, after the fees of each step.

Each step sells into bids (base to quote) or buys from asks (quote to base). Sides are as ``book`` has them.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_E8 = 1e8
_SIDE = "int64[::1], int64[::1], int64, int64, int64"


@njit("float64(int64[::1], int64[::1], int64, int64, int64, float64, boolean)", cache=True)
def convert(
    keys: np.ndarray, lots: np.ndarray, count: int, tick_e8: int, lot_e8: int, amount_e8: float, is_buy: bool
) -> float:
    """Return what an amount becomes at a side's levels, best first, before fees; 0.0 where the side is too thin.

    ``is_buy``: the amount is of the quote asset and the side are asks; else of the base asset, and bids. Whole units
    are not asked for: the venue's lots round a real step down. O(levels).
    """
    left, out = amount_e8, 0.0
    for i in range(count - 1, -1, -1):
        if left <= 0.0:
            break
        price = abs(keys[i]) * tick_e8 / _E8
        room = lots[i] * lot_e8 * (price if is_buy else 1.0)
        part = min(left, room)
        left -= part
        out += part / price if is_buy else part * price
    return out if left <= 0.0 else 0.0


@njit(f"float64({_SIDE}, boolean, {_SIDE}, boolean, {_SIDE}, boolean, float64, float64)", cache=True)
def around(
    keys_1: np.ndarray,
    lots_1: np.ndarray,
    count_1: int,
    tick_1: int,
    lot_1: int,
    is_buy_1: bool,
    keys_2: np.ndarray,
    lots_2: np.ndarray,
    count_2: int,
    tick_2: int,
    lot_2: int,
    is_buy_2: bool,
    keys_3: np.ndarray,
    lots_3: np.ndarray,
    count_3: int,
    tick_3: int,
    lot_3: int,
    is_buy_3: bool,
    fee: float,
    amount_e8: float,
) -> float:
    """Return the profit of an amount that went once around, as a part of it; -1.0 where a book is too thin.

    ``fee``: what each step costs, as a part of what it brings.
    """
    kept = 1.0 - fee
    first = convert(keys_1, lots_1, count_1, tick_1, lot_1, amount_e8, is_buy_1) * kept
    second = convert(keys_2, lots_2, count_2, tick_2, lot_2, first, is_buy_2) * kept
    third = convert(keys_3, lots_3, count_3, tick_3, lot_3, second, is_buy_3) * kept
    return third / amount_e8 - 1.0
