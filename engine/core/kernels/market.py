"""One call for each trade and each quote: a symbol's numbers and its tape, which strategies then read.

One array holds all that a symbol's kernels know, so that a call has few arguments (each array costs 70 ns): whole
numbers first, and behind them the strategies' parameters and states, whose bits are those of floats. The places are
named here; those of the strategies' part are laid out by whoever makes the array (``strategies/technical/crew.py``).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from engine.core.kernels import tape

BID, BID_LOTS, ASK, ASK_LOTS, LAST, FIRST, HEARD_NS, EXCHANGE_NS, TRADE_RECV_NS, FILL_ID, IS_WATCHED, FOLLOWED = range(
    12
)
"""The symbol's numbers: prices in ticks, sizes in lots; when anything was last heard; the last trade's two stamps and
id; whether something is held whose exits must be looked at; and the strategies that follow it, as their bits."""
TICK_E8, LOT_E8, MIN_QTY, MAX_QTY, MIN_NOTIONAL_E8, MAX_NOTIONAL_E8, MIN_PRICE, MAX_PRICE, IS_TRADING = range(12, 21)
"""The instrument's units, and the venue's filters in ticks, lots and 1e-8 of the quote asset (0: no limit)."""
LAST_LOTS, SAID = range(21, 23)
"""The last trade's quantity, negative where the aggressor sold; which strategies spoke at the last trade or quote."""
NAME_SIZE, LAST_FILL_ID, LAST_QUOTE_ID = range(23, 26)
"""The feed's own: how long the symbol is, and which trade and quote it saw last; an array of its own costs 70 ns."""
TAPE = 26
"""Where the tape begins: two counters, then the rings of trades and candles (``kernels.tape``)."""
TRADE_ROWS, CANDLE_ROWS = 1024, 512
TRADES = TAPE + 2
CANDLES = TRADES + 3 * TRADE_ROWS
MINDS = CANDLES + 6 * CANDLE_ROWS
"""Where the strategies' part begins."""
CANDLE_NS = 60_000_000_000

LOOK = 1
"""What a call may answer: that the exits must be looked at. The bits above are the strategies'."""


def new_numbers(minds: int = 0) -> np.ndarray:
    """Return the numbers of a symbol that was never heard of: int64, shape (6172 + minds,).

    ``minds``: the length of the strategies' part.
    """
    numbers = np.zeros(MINDS + minds, np.int64)
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
    """Take a public trade (``is_sale``: the aggressor sold); return ``LOOK`` where something is held, else 0."""
    sign = -1 if is_sale else 1
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
    numbers[LAST_LOTS] = sign * lots
    numbers[FILL_ID] = fill_id
    numbers[EXCHANGE_NS] = ts_exchange_ns
    numbers[TRADE_RECV_NS] = ts_recv_ns
    numbers[HEARD_NS] = ts_recv_ns
    if numbers[FIRST] == 0:
        numbers[FIRST] = price
    return LOOK if numbers[IS_WATCHED] else 0
