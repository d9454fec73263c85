"""One call for each trade and each quote: a symbol's numbers, its tape, and a step of every technical strategy.

One array holds all that a symbol's kernels know, so that a call has few arguments (each array costs 70 ns): whole
numbers first, and behind them the strategies' parameters and states, whose bits are those of floats. The places are
named here and nowhere else.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from engine.core.kernels import order_flow, sma_cross, tape

BID, BID_LOTS, ASK, ASK_LOTS, LAST, FIRST, HEARD_NS, EXCHANGE_NS, TRADE_RECV_NS, FILL_ID, IS_WATCHED, FOLLOWED = range(
    12
)
"""The symbol's numbers: prices in ticks, sizes in lots; when anything was last heard; the last trade's two stamps and
id; whether something is held whose exits must be looked at; and the strategies that follow it, as their bits."""
TICK_E8, LOT_E8, MIN_QTY, MAX_QTY, MIN_NOTIONAL_E8, MAX_NOTIONAL_E8, MIN_PRICE, MAX_PRICE, IS_TRADING = range(12, 21)
"""The instrument's units, and the venue's filters in ticks, lots and 1e-8 of the quote asset (0: no limit)."""
NAME_SIZE, LAST_FILL_ID, LAST_QUOTE_ID = range(21, 24)
"""The feed's own: how long the symbol is, and which trade and quote it saw last; an array of its own costs 70 ns."""
TAPE = 24
"""Where the tape begins: two counters, then the rings of trades and candles (``kernels.tape``)."""
TRADE_ROWS, CANDLE_ROWS = 1024, 512
TRADES = TAPE + 2
CANDLES = TRADES + 3 * TRADE_ROWS
MINDS = CANDLES + 6 * CANDLE_ROWS
"""Where the strategies' part begins."""
CANDLE_NS = 60_000_000_000

SMA_CROSS, ORDER_FLOW, LOOK = 1, 2, 4
"""What a call may answer, as bits: that strategy has something to say, or the exits must be looked at."""
SMA_SAID, FLOW_SAID, SMA_PARAMS, FLOW_PARAMS, FLOW_STATE, SMA_STATE = 0, 1, 2, 5, 10, 18
"""The strategies' places: what each last said, its parameters, its state; the one whose length varies stands last."""


def new_numbers(slow: int) -> np.ndarray:
    """Return the numbers of a symbol that was never heard of: int64, shape (6170 + 25 + slow,).

    ``slow``: the bars of the slow moving average.
    """
    numbers = np.zeros(MINDS + SMA_STATE + sma_cross.RING + slow, np.int64)
    numbers[LAST_FILL_ID] = numbers[LAST_QUOTE_ID] = -1
    return numbers


@njit("int64(int64[::1], int64, int64, int64, int64, int64)", cache=True)
def take_quote(numbers: np.ndarray, bid: int, bid_lots: int, ask: int, ask_lots: int, ts_recv_ns: int) -> int:
    """Take a new best bid and ask, in ticks and lots; return ``LOOK`` where something is held, else 0."""
    numbers[BID] = bid
    numbers[BID_LOTS] = bid_lots
    numbers[ASK] = ask
    numbers[ASK_LOTS] = ask_lots
    numbers[HEARD_NS] = ts_recv_ns
    return LOOK if numbers[IS_WATCHED] else 0


@njit("int64(int64[::1], int64, int64, int64, boolean, int64, int64)", cache=True)
def take_trade(
    numbers: np.ndarray,
    fill_id: int,
    price: int,
    lots: int,
    is_sale: bool,
    ts_exchange_ns: int,
    ts_recv_ns: int,
) -> int:
    """Take a public trade (``is_sale``: the aggressor sold) and let every strategy that follows step once.

    Returns the bits of those that have something to say, which then stands in its place, and ``LOOK``.
    """
    sign, minds = -1 if is_sale else 1, numbers[MINDS:].view(np.float64)
    tape.record_trade(
        numbers[TRADES:CANDLES].reshape(TRADE_ROWS, 3),
        numbers[CANDLES:MINDS].reshape(CANDLE_ROWS, 6),
        numbers[TAPE:TRADES],
        price,
        lots,
        sign,
        ts_exchange_ns,
        CANDLE_NS,
    )
    numbers[LAST] = price
    numbers[FILL_ID] = fill_id
    numbers[EXCHANGE_NS] = ts_exchange_ns
    numbers[TRADE_RECV_NS] = ts_recv_ns
    numbers[HEARD_NS] = ts_recv_ns
    if numbers[FIRST] == 0:
        numbers[FIRST] = price
    said = LOOK if numbers[IS_WATCHED] else 0
    if numbers[FOLLOWED] & SMA_CROSS:
        minds[SMA_SAID] = sma_cross.step(
            minds[SMA_STATE:], minds[SMA_PARAMS:FLOW_PARAMS], float(price), float(sign * lots), ts_exchange_ns
        )
        if minds[SMA_SAID] != 0.0:
            said |= SMA_CROSS
    if numbers[FOLLOWED] & ORDER_FLOW:
        minds[FLOW_SAID] = order_flow.step(
            minds[FLOW_STATE:SMA_STATE],
            minds[FLOW_PARAMS:FLOW_STATE],
            float(price),
            float(sign * lots),
            ts_exchange_ns,
        )
        if minds[FLOW_SAID] != 0.0:
            said |= ORDER_FLOW
    return said
