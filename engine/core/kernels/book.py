"""A book's side as two sorted arrays, the best price last, so that changes near the top move few elements.

Keys are ``sign * price_ticks``, ascending, with sign +1 for bids and -1 for asks: one kernel serves both. A dense
ladder of every tick would be quicker to index, but takes megabytes a symbol; this takes 16 bytes a level.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_SIGNATURE = "int64(int64[::1], int64[::1], int64, int64[:, ::1], int64)"


@njit(_SIGNATURE, cache=True)
def apply_levels(keys: np.ndarray, lots: np.ndarray, count: int, levels: np.ndarray, sign: int) -> int:
    """Set, insert and remove levels of one side; return how many there are now, or -1 when the arrays are full.

    ``keys`` and ``lots``: int64, shape (capacity,), the first ``count`` are in use. ``levels``: int64, shape (n, 2),
    price in ticks and the new quantity in lots, 0 to remove. Full arrays are left as they were filled so far: give
    larger ones and apply the same levels again, which changes nothing that is already set.
    """
    for i in range(levels.shape[0]):
        key = sign * levels[i, 0]
        low, high = 0, count
        while low < high:
            middle = (low + high) >> 1
            if keys[middle] < key:
                low = middle + 1
            else:
                high = middle
        is_there = low < count and keys[low] == key
        if levels[i, 1] == 0:
            if is_there:
                count -= 1
                for j in range(low, count):
                    keys[j] = keys[j + 1]
                    lots[j] = lots[j + 1]
        elif is_there:
            lots[low] = levels[i, 1]
        else:
            if count == keys.shape[0]:
                return -1
            for j in range(count, low, -1):
                keys[j] = keys[j - 1]
                lots[j] = lots[j - 1]
            keys[low] = key
            lots[low] = levels[i, 1]
            count += 1
    return count
