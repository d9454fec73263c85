"""The step of book pressure: which way the best bid and ask are pushed, and where the micro-price lies between them."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from engine.core.kernels import market
from engine.core.kernels.told import worth_telling

HALF_LIFE_NS, MIN_QUOTES, COOLDOWN_NS, ASK, ACT = range(5)
"""Places in the parameter array."""
BID, BID_LOTS, ASK_PRICE, ASK_LOTS, LAST_NS, FLOW, TOTAL, QUOTES, LEAN, MICRO, TOLD = range(11)
"""Places in the state array: the quote before, decayed sums of the imbalance; ``kernels.told`` has the last two."""


def state_size(params: np.ndarray) -> int:
    """Return the length of a state."""
    return TOLD + 2


@njit("float64(float64[::1], float64, float64, float64, float64)", cache=True)
def _flow(state: np.ndarray, bid: float, bid_lots: float, ask: float, ask_lots: float) -> float:
    """Return by how many lots this quote pushes up, against the one before."""
    flow = 0.0
    if bid >= state[BID]:
        flow += bid_lots
    if bid <= state[BID]:
        flow -= state[BID_LOTS]
    if ask <= state[ASK_PRICE]:
        flow -= ask_lots
    if ask >= state[ASK_PRICE]:
        flow += state[ASK_LOTS]
    return flow


@njit("float64(float64[::1], float64[::1], int64[::1])", cache=True)
def step(state: np.ndarray, params: np.ndarray, numbers: np.ndarray) -> float:
    """Take the last quote; return the signed confidence when it enters a higher band than was last told, else 0.

    Order-flow imbalance adds what comes to the bid and goes from the ask, and takes off the opposite; signed over
    absolute, each decayed by the half-life, it is the lean, -1 to 1. The micro-price is the mean of bid and ask
    weighted by the other side's size; seen from the middle in half spreads it is -1 to 1 as well. Confidence is the
    root of their product where they agree, else 0. Sources: Cont, Kukanov, Stoikov, "The Price Impact of Order Book
    Events" (2014); Stoikov, "The Micro-Price" (2018), whose first term this is.
    """
    bid, bid_lots = float(numbers[market.BID]), float(numbers[market.BID_LOTS])
    ask, ask_lots = float(numbers[market.ASK]), float(numbers[market.ASK_LOTS])
    ts_ns, size = numbers[market.HEARD_NS], bid_lots + ask_lots
    if not 0.0 < bid < ask or size <= 0.0 or numbers[market.LAST] == 0:
        return 0.0
    flow = _flow(state, bid, bid_lots, ask, ask_lots) if state[QUOTES] > 0.0 else 0.0
    keep = math.exp2(-max(ts_ns - state[LAST_NS], 0.0) / params[HALF_LIFE_NS]) if state[QUOTES] > 0.0 else 0.0
    state[FLOW] = state[FLOW] * keep + flow
    state[TOTAL] = state[TOTAL] * keep + abs(flow)
    state[BID], state[BID_LOTS], state[ASK_PRICE], state[ASK_LOTS], state[LAST_NS] = bid, bid_lots, ask, ask_lots, ts_ns
    state[QUOTES] += 1.0
    if state[QUOTES] < params[MIN_QUOTES] or state[TOTAL] <= 0.0:
        return 0.0
    state[LEAN], state[MICRO] = state[FLOW] / state[TOTAL], (bid_lots - ask_lots) / size
    agree = state[LEAN] * state[MICRO]
    confidence = math.copysign(math.sqrt(agree), state[LEAN]) if agree > 0.0 else 0.0
    return worth_telling(state[TOLD:], confidence, params[ASK], params[ACT], params[COOLDOWN_NS], ts_ns)
