"""When a confidence that is there all the time is worth a word: as it climbs into a higher band, and after a rest."""

from __future__ import annotations

import numpy as np
from numba import njit

FLOOR = 0.25
"""Below this it is noise and not worth counting as a signal."""
LEVEL, SINCE_NS = range(2)
"""Places in the state, float64 (2,): the band that was last told, and when."""


@njit("float64(float64[::1], float64, float64, float64, float64, int64)", cache=True)
def worth_telling(
    state: np.ndarray, confidence: float, ask: float, act: float, cooldown_ns: float, ts_ns: int
) -> float:
    """Return the signed confidence when it enters a higher band than was last told, else 0; after the rest, anew.

    The bands begin at ``FLOOR``, ``ask`` and ``act``.
    """
    if ts_ns - state[SINCE_NS] > cooldown_ns:
        state[LEVEL] = 0.0
    size = abs(confidence)
    level = 3.0 if size >= act else 2.0 if size >= ask else 1.0 if size >= FLOOR else 0.0
    if level <= state[LEVEL]:
        return 0.0
    state[LEVEL] = level
    state[SINCE_NS] = ts_ns
    return confidence
