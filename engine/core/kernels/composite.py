"""The step of the composite: what the other strategies said, weighed, and forgotten by half again and again."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from engine.core.kernels.market import HEARD_NS, MINDS, SAID
from engine.core.kernels.told import worth_telling

HALF_LIFE_NS, COOLDOWN_NS, ASK, ACT, FIRST_BIT, WEIGHTS = range(6)
"""Places in the parameter array; from ``WEIGHTS`` on the weight of each strategy in the order of the list."""
SCORE, LAST_NS, TOLD, VOICES = 0, 1, 2, 4
"""Places in the state array; from ``VOICES`` on what each strategy said last, decayed."""


def state_size(params: np.ndarray) -> int:
    """Return the length of a state."""
    return VOICES + len(params) - WEIGHTS


@njit("float64(float64[::1], float64[::1], int64[::1])", cache=True)
def step(state: np.ndarray, params: np.ndarray, numbers: np.ndarray) -> float:
    """Hear who spoke at this event; return the signed confidence when it enters a higher band than was last told.

    Confidence is the sum of weight times decayed confidence over the sum of the weights: 1 when everybody is sure now.
    """
    if numbers[SAID] == 0:
        return 0.0
    ts_ns, minds = numbers[HEARD_NS], numbers[MINDS:].view(np.float64)
    keep = math.exp2(-max(ts_ns - state[LAST_NS], 0.0) / params[HALF_LIFE_NS]) if state[LAST_NS] > 0.0 else 0.0
    state[LAST_NS] = ts_ns
    total = weighed = 0.0
    is_heard = False
    for i in range(len(params) - WEIGHTS):
        weight = params[WEIGHTS + i]
        state[VOICES + i] *= keep
        if weight > 0.0 and numbers[SAID] >> (i + int(params[FIRST_BIT])) & 1:
            state[VOICES + i] = minds[i]
            is_heard = True
        total += weight * state[VOICES + i]
        weighed += weight
    if not is_heard:
        return 0.0
    state[SCORE] = total / weighed
    return worth_telling(state[TOLD:VOICES], state[SCORE], params[ASK], params[ACT], params[COOLDOWN_NS], ts_ns)
