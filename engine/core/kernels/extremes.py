"""The highest and the lowest of the last values, in O(1) amortised: a queue of those that may still become it."""

from __future__ import annotations

import numpy as np
from numba import njit

COUNT, HEAD, TAIL, QUEUE = range(4)
"""Places in the state; a ring of values and, behind it, one of the values' numbers follow."""


@njit("float64(float64[::1], int64, float64)", cache=True)
def highest_step(state: np.ndarray, bars: int, value: float) -> float:
    """Take a value; return the highest of the last ``bars``, or of all where there are fewer."""
    number, head, tail = int(state[COUNT]), int(state[HEAD]), int(state[TAIL])
    values, numbers = state[QUEUE : QUEUE + bars], state[QUEUE + bars :]
    if tail > head and numbers[head % bars] <= number - bars:
        head += 1
    while tail > head and values[(tail - 1) % bars] <= value:
        tail -= 1
    values[tail % bars] = value
    numbers[tail % bars] = number
    state[COUNT] = number + 1
    state[HEAD] = head
    state[TAIL] = tail + 1
    return values[head % bars]


@njit("float64(float64[::1], int64, float64)", cache=True)
def lowest_step(state: np.ndarray, bars: int, value: float) -> float:
    """Take a value; return the lowest of the last ``bars``, or of all where there are fewer."""
    return -highest_step(state, bars, -value)
