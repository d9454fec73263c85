"""A circle of three books of one venue: how much can go once around it while each next unit still comes back as more.

Each leg either buys the base asset from asks or sells it into bids; what a leg brings, less its fee, is what the next
one spends. Sides are as ``book`` has them.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_E8 = 1e8
_SIDE = "int64[::1], int64[::1], int64, int64, int64, boolean"


@njit("float64(int64, int64, boolean)", cache=True)
def _rate(key: int, tick_e8: int, is_buy: bool) -> float:
    """Return what one unit spent brings at a level, before the fee."""
    price = abs(key) * tick_e8 / _E8
    return 1.0 / price if is_buy else price


@njit("float64(int64, int64, int64, int64, boolean)", cache=True)
def _room(key: int, lots: int, tick_e8: int, lot_e8: int, is_buy: bool) -> float:
    """Return how much can be spent at a level, in 1e-8 of what the leg spends."""
    return float(lots) * lot_e8 * (abs(key) * tick_e8 / _E8 if is_buy else 1.0)


@njit(f"Tuple((float64, int64, int64, int64))({_SIDE}, {_SIDE}, {_SIDE}, float64, float64, float64)", cache=True)
def circle(
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
    edge: float,
    most_e8: float,
) -> tuple[float, int, int, int]:
    """Walk the three sides at once, best levels first, while the next unit comes back as ``1 + edge`` or more.

    ``fee``: what each leg takes of what it brings; ``most_e8``: the most that is spent, in 1e-8 of what the first leg
    spends. Returns how much of that is above cost, and the worst level of each leg in ticks; zeros where nothing is.
    Whole lots are not asked for: who orders rounds down. O(levels).
    """
    i, j, k = count_1 - 1, count_2 - 1, count_3 - 1
    if i < 0 or j < 0 or k < 0:
        return 0.0, 0, 0, 0
    spent, worst_1, worst_2, worst_3, kept = 0.0, 0, 0, 0, 1.0 - fee
    room_1 = _room(keys_1[i], lots_1[i], tick_1, lot_1, is_buy_1)
    room_2 = _room(keys_2[j], lots_2[j], tick_2, lot_2, is_buy_2)
    room_3 = _room(keys_3[k], lots_3[k], tick_3, lot_3, is_buy_3)
    while i >= 0 and j >= 0 and k >= 0 and spent < most_e8:
        first = _rate(keys_1[i], tick_1, is_buy_1) * kept
        second = first * _rate(keys_2[j], tick_2, is_buy_2) * kept
        if second * _rate(keys_3[k], tick_3, is_buy_3) * kept < 1.0 + edge:
            break
        part = min(room_1, room_2 / first, room_3 / second, most_e8 - spent)
        is_out_1, is_out_2, is_out_3 = part == room_1, part == room_2 / first, part == room_3 / second
        spent += part
        room_1, room_2, room_3 = room_1 - part, room_2 - part * first, room_3 - part * second
        worst_1, worst_2, worst_3 = abs(keys_1[i]), abs(keys_2[j]), abs(keys_3[k])
        if is_out_1:
            i -= 1
            room_1 = _room(keys_1[i], lots_1[i], tick_1, lot_1, is_buy_1) if i >= 0 else 0.0
        if is_out_2:
            j -= 1
            room_2 = _room(keys_2[j], lots_2[j], tick_2, lot_2, is_buy_2) if j >= 0 else 0.0
        if is_out_3:
            k -= 1
            room_3 = _room(keys_3[k], lots_3[k], tick_3, lot_3, is_buy_3) if k >= 0 else 0.0
    return spent, worst_1, worst_2, worst_3
