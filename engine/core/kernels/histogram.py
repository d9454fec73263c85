"""Durations counted in log-linear buckets: each power of two has 32, so that a duration is known to 3 %.

Source of the layout: Gil Tene's HdrHistogram.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from engine.core.kernels import direct

SUB_BITS = 5
LARGEST_BITS = 40
"""18 minutes in ns; what is longer counts as that."""
BUCKETS = (LARGEST_BITS - SUB_BITS + 1) << SUB_BITS


def new_histogram() -> np.ndarray:
    """Return an empty one: int64, shape (1154,), the buckets, then how many were counted, and the longest."""
    return np.zeros(BUCKETS + 2, np.int64)


@direct
@njit("void(int64[::1], int64)", cache=True)
def count_duration(histogram: np.ndarray, ns: int) -> None:
    """Count a duration in ns; one below 0 counts as 0."""
    ns = min(max(ns, 0), (1 << LARGEST_BITS) - 1)
    shift = 0
    while ns >> shift >= 2 << SUB_BITS:
        shift += 1
    histogram[(shift << SUB_BITS) + (ns >> shift)] += 1
    histogram[BUCKETS] += 1
    histogram[BUCKETS + 1] = max(histogram[BUCKETS + 1], ns)


@njit("int64(int64[::1], float64)", cache=True)
def quantile(histogram: np.ndarray, share: float) -> int:
    """Return the duration in ns that a share (0 to 1) of all did not exceed, at most 3 % too long; 0 for none."""
    rank = max(np.int64(np.ceil(share * histogram[BUCKETS])), 1)
    seen = 0
    for bucket in range(BUCKETS):
        seen += histogram[bucket]
        if seen >= rank:
            shift = max((bucket >> SUB_BITS) - 1, 0)
            return int(min(((bucket - (shift << SUB_BITS) + 1) << shift) - 1, histogram[BUCKETS + 1]))
    return 0
