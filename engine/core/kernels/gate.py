"""The gate's arithmetic: which control bars a request, how large an entry may be, and what it costs at the worst price.

Whole numbers throughout, exact where they are multiplied. Money is in 1e-8 of the quote asset, prices in ticks,
quantities in lots; percentages are of equity. ``numbers`` is a market's (``kernels.market``), ``limits`` is float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types

from engine.core.kernels import direct
from engine.core.kernels.market import (
    ASK,
    BID,
    HEARD_NS,
    IS_TRADING,
    LAST,
    LOT_E8,
    MAX_NOTIONAL_E8,
    MAX_PRICE,
    MAX_QTY,
    MIN_NOTIONAL_E8,
    MIN_PRICE,
    MIN_QTY,
    TICK_E8,
)

MAX_ORDER, MAX_POSITION, MAX_GROSS, COLLAR, STALE_NS, ORDERS_PER_S, RISK, MIN_STOP, CLOCK_MS = range(9)
"""Places in ``limits``: percentages but for the age of data, the rate and how far the clocks may differ."""
CODES = (
    "",
    "SIDE",
    "C1_LIVE_NOT_CONFIRMED",
    "HALTED",
    "C17_CLOCK",
    "C7_SILENCE",
    "C5_BOOK_OUT_OF_SYNC",
    "C5_STALE_DATA",
    "C5_BAD_QUOTE",
    "C5_CROSSED_BOOK",
    "C6_REPEAT",
    "C7_ORDER_RATE",
    "C10_STOP",
    "C4_PRICE_COLLAR",
    "C2_ORDER_SIZE",
    "C3_POSITION",
    "C3_GROSS",
    "NO_FUNDS",
    "NO_POSITION",
    "REDUCE_ONLY",
    "C8_NOT_TRADING",
    "C8_QUANTITY",
    "C8_PRICE",
    "C8_NOTIONAL",
)
"""What bars a request, by the number that a kernel answers; 0 for nothing."""
_CODE = {name: number for number, name in enumerate(CODES)}
_SIDE, _LIVE, _HALTED, _CLOCK, _SILENCE = (
    _CODE[name] for name in ("SIDE", "C1_LIVE_NOT_CONFIRMED", "HALTED", "C17_CLOCK", "C7_SILENCE")
)
_BOOK, _STALE, _QUOTE, _CROSSED, _REPEAT, _RATE = (
    _CODE[name]
    for name in (
        "C5_BOOK_OUT_OF_SYNC",
        "C5_STALE_DATA",
        "C5_BAD_QUOTE",
        "C5_CROSSED_BOOK",
        "C6_REPEAT",
        "C7_ORDER_RATE",
    )
)
_STOP, _COLLAR, _ORDER, _POSITION, _GROSS, _FUNDS = (
    _CODE[name] for name in ("C10_STOP", "C4_PRICE_COLLAR", "C2_ORDER_SIZE", "C3_POSITION", "C3_GROSS", "NO_FUNDS")
)
_NOTHING_HELD, _TOO_MUCH = _CODE["NO_POSITION"], _CODE["REDUCE_ONLY"]
_NOT_TRADING, _QTY, _PRICE, _NOTIONAL = (
    _CODE[name] for name in ("C8_NOT_TRADING", "C8_QUANTITY", "C8_PRICE", "C8_NOTIONAL")
)

UNKNOWN_MS = 1 << 40
"""Stands for a clock offset that is not known: further than any limit."""
_E8 = 100_000_000
MOST = 1 << 62
"""What is larger than any money counts as this, and is refused by every limit."""
_VERDICT: Any = types.UniTuple(types.int64, 4)  # type: ignore[no-untyped-call]
_NUMBERS, _LIMITS = types.int64[::1], types.float64[::1]


@njit("int64(int64, int64)", cache=True)
def times(a: int, b: int) -> int:
    """Return a product of two numbers that aren't negative, or ``MOST`` where it would be larger."""
    return a * b if a == 0 or b <= MOST // a else MOST


@njit("int64(int64, int64, int64)", cache=True)
def times_over(a: int, b: int, c: int) -> int:
    """Return ``a * b // c`` exactly, though the product may not fit; for numbers that aren't negative, c above 0.

    The quotient by floats is off by 2**11 at most, so that what is left over fits an int64 even where the product
    wrapped around, and corrects it.
    """
    guess = float(a) * float(b) / float(c)
    if guess >= MOST:
        return MOST
    quotient = int(guess)
    return quotient + (a * b - quotient * c) // c


@njit("int64(int64[::1], int64, int64)", cache=True)
def notional_e8(numbers: np.ndarray, price: int, lots: int) -> int:
    """Return what so many lots cost at a price, rounded down; too much of either is too much money."""
    price_e8, qty_e8 = times(price, numbers[TICK_E8]), times(lots, numbers[LOT_E8])
    return times_over(price_e8, qty_e8, _E8) if price_e8 < MOST and qty_e8 < MOST else MOST


@njit("int64(int64[::1], int64, int64)", cache=True)
def lots_for(numbers: np.ndarray, quote_e8: int, price: int) -> int:
    """Return how many whole lots an amount of the quote asset buys at a price; 0 where either isn't above 0."""
    if price <= 0 or quote_e8 <= 0:
        return 0
    return times_over(quote_e8, _E8, times(price, numbers[TICK_E8])) // numbers[LOT_E8]


@njit("int64(int64[::1], int64)", cache=True)
def least_lots(numbers: np.ndarray, price: int) -> int:
    """Return the smallest order that the venue takes at a price above 0 (C8)."""
    least = lots_for(numbers, numbers[MIN_NOTIONAL_E8], price)
    while notional_e8(numbers, price, least) < numbers[MIN_NOTIONAL_E8]:
        least += 1
    return max(least, numbers[MIN_QTY], 1)


@njit("int64(int64, float64)", cache=True)
def _part(whole: int, pct: float) -> int:
    return int(whole * pct / 100.0)


@njit("int64(int64[::1], int64)", cache=True)
def in_venue_range(numbers: np.ndarray, price: int) -> int:
    """Bring a price into the venue's PRICE_FILTER, whose 0 means no limit."""
    if 0 < numbers[MIN_PRICE] <= price <= numbers[MAX_PRICE]:
        return price
    most = numbers[MAX_PRICE] if numbers[MAX_PRICE] else price
    return max(min(price, most), numbers[MIN_PRICE], 1)


@njit("int64(int64[::1], float64[::1], int64)", cache=True)
def collar(numbers: np.ndarray, limits: np.ndarray, side: int) -> int:
    """Return the worst price that an order may have: so far from the last trade (C4), rounded inwards."""
    return in_venue_range(numbers, numbers[LAST] + side * _part(numbers[LAST], limits[COLLAR]))


@njit("boolean(float64[::1], int64, int64)", cache=True)
def is_bad_stop(limits: np.ndarray, entry: int, stop: int) -> bool:
    """Say whether a long entry's stop is missing, not below the entry, or so near that the size would explode (C10)."""
    return not 0 < stop < entry or (entry - stop) * 100.0 < entry * limits[MIN_STOP]


@njit("int64(int64[::1], float64[::1], int64, int64, int64, int64)", cache=True)
def largest_lots(
    numbers: np.ndarray, limits: np.ndarray, equity_e8: int, cash_e8: int, exposure_e8: int, gross_e8: int
) -> int:
    """Return the most that C2, C3, C8 and the free cash let a buy have at the collar's price."""
    room_e8 = min(
        _part(equity_e8, limits[MAX_ORDER]),
        _part(equity_e8, limits[MAX_POSITION]) - exposure_e8,
        _part(equity_e8, limits[MAX_GROSS]) - gross_e8,
        cash_e8,
    )
    if numbers[MAX_NOTIONAL_E8]:
        room_e8 = min(room_e8, numbers[MAX_NOTIONAL_E8])
    return min(lots_for(numbers, room_e8, collar(numbers, limits, 1)), numbers[MAX_QTY])


@njit("int64(int64[::1], float64[::1], int64, int64, int64, int64, int64, int64)", cache=True)
def entry_lots(
    numbers: np.ndarray,
    limits: np.ndarray,
    equity_e8: int,
    cash_e8: int,
    exposure_e8: int,
    gross_e8: int,
    entry: int,
    stop: int,
) -> int:
    """Size an entry by risk and stop distance, ``equity * risk / |entry - stop|``, and clamp it by ``largest_lots``.

    Rounded down; 0 for a stop that is missing, on the wrong side or too near (C10).
    """
    if is_bad_stop(limits, entry, stop):
        return 0
    by_risk = lots_for(numbers, _part(equity_e8, limits[RISK]), entry - stop)
    return min(by_risk, largest_lots(numbers, limits, equity_e8, cash_e8, exposure_e8, gross_e8))


@njit("int64(int64[::1], int64, int64)", cache=True)
def _bars_at_venue(numbers: np.ndarray, lots: int, price: int) -> int:
    if not numbers[IS_TRADING]:
        return _NOT_TRADING
    if not max(numbers[MIN_QTY], 1) <= lots <= numbers[MAX_QTY]:
        return _QTY
    if price != in_venue_range(numbers, price):
        return _PRICE
    cost_e8, most_e8 = notional_e8(numbers, price, lots), numbers[MAX_NOTIONAL_E8]
    if cost_e8 < numbers[MIN_NOTIONAL_E8] or (most_e8 and cost_e8 > most_e8):
        return _NOTIONAL
    return 0


@njit("int64(int64[::1], float64[::1], boolean, int64, int64, int64)", cache=True)
def _bars_data(
    numbers: np.ndarray, limits: np.ndarray, is_in_sync: bool, now_ns: int, silent_until_ns: int, offset_ms: int
) -> int:
    if abs(offset_ms) > limits[CLOCK_MS]:
        return _CLOCK
    if now_ns < silent_until_ns:
        return _SILENCE
    if not is_in_sync:
        return _BOOK
    if now_ns - numbers[HEARD_NS] > limits[STALE_NS]:
        return _STALE
    if numbers[BID] <= 0 or numbers[ASK] <= 0 or numbers[LAST] <= 0:
        return _QUOTE
    return _CROSSED if numbers[BID] >= numbers[ASK] else 0


@njit("int64(int64[::1], float64[::1], int64, int64, int64, int64, int64, int64, int64)", cache=True)
def _bars_size(
    numbers: np.ndarray,
    limits: np.ndarray,
    cost_e8: int,
    equity_e8: int,
    cash_e8: int,
    exposure_e8: int,
    gross_e8: int,
    limit: int,
    stop: int,
) -> int:
    last, width = numbers[LAST], _part(numbers[LAST], limits[COLLAR])
    if is_bad_stop(limits, limit if limit else numbers[ASK], stop):
        return _STOP
    if abs(numbers[ASK] - last) > width or limit > last + width:
        return _COLLAR
    if cost_e8 > _part(equity_e8, limits[MAX_ORDER]):
        return _ORDER
    if exposure_e8 + cost_e8 > _part(equity_e8, limits[MAX_POSITION]):
        return _POSITION
    if gross_e8 + cost_e8 > _part(equity_e8, limits[MAX_GROSS]):
        return _GROSS
    return _FUNDS if cost_e8 > cash_e8 else 0


@direct
@njit([_VERDICT(_NUMBERS, _LIMITS, *[types.int64] * 3, *[types.boolean] * 4, *[types.int64] * 8)], cache=True)
def try_entry(
    numbers: np.ndarray,
    limits: np.ndarray,
    qty: int,
    limit: int,
    stop: int,
    is_confirmed: bool,
    is_armed: bool,
    is_repeat: bool,
    is_in_sync: bool,
    orders_last_s: int,
    now_ns: int,
    silent_until_ns: int,
    offset_ms: int,
    equity_e8: int,
    cash_e8: int,
    exposure_e8: int,
    gross_e8: int,
) -> tuple[int, int, int, int]:
    """Pass a buy through every control; return the number of the first that bars it, its lots, limit price and cost.

    ``qty`` 0 asks for the size, ``limit`` 0 for the collar's price. What the sizing leaves too little room for is tried
    with the venue's least, so that the limit which is in the way says so itself.
    """
    if not is_confirmed:
        return _LIVE, 0, 0, 0
    if not is_armed:
        return _HALTED, 0, 0, 0
    bar = _bars_data(numbers, limits, is_in_sync, now_ns, silent_until_ns, offset_ms)
    if bar == 0 and is_repeat:
        bar = _REPEAT
    if bar == 0 and orders_last_s >= limits[ORDERS_PER_S]:
        bar = _RATE
    if bar:
        return bar, 0, 0, 0
    worst, entry = limit if limit else collar(numbers, limits, 1), limit if limit else numbers[ASK]
    lots = qty
    if lots == 0:
        lots = entry_lots(numbers, limits, equity_e8, cash_e8, exposure_e8, gross_e8, entry, stop)
    tried = qty if qty else max(lots, least_lots(numbers, worst))
    cost_e8 = notional_e8(numbers, worst, tried) if tried > 0 else 0
    bar = _bars_size(numbers, limits, cost_e8, equity_e8, cash_e8, exposure_e8, gross_e8, limit, stop)
    return bar if bar else _bars_at_venue(numbers, lots, worst), lots, worst, cost_e8


@direct
@njit([_VERDICT(_NUMBERS, _LIMITS, *[types.int64] * 3, types.boolean, *[types.int64] * 2)], cache=True)
def try_exit(
    numbers: np.ndarray,
    limits: np.ndarray,
    qty: int,
    limit: int,
    sellable: int,
    is_repeat: bool,
    now_ns: int,
    silent_until_ns: int,
) -> tuple[int, int, int, int]:
    """Pass a reduction through the few controls that it has: one must always be able to get out.

    Returns as ``try_entry`` does. ``qty`` 0 sells what is sellable; the collar of a sale without a limit hangs on the
    bid and not on the last trade, because it must be able to leave.
    """
    if now_ns < silent_until_ns:
        return _SILENCE, 0, 0, 0
    if is_repeat:
        return _REPEAT, 0, 0, 0
    if sellable <= 0:
        return _NOTHING_HELD, 0, 0, 0
    if qty > sellable:
        return _TOO_MUCH, 0, 0, 0
    bid = numbers[BID]
    if bid <= 0:
        return _QUOTE, 0, 0, 0
    worst = limit if limit else in_venue_range(numbers, bid - _part(bid, limits[COLLAR]))
    lots = qty if qty else min(sellable, numbers[MAX_QTY])
    return _bars_at_venue(numbers, lots, worst), lots, worst, 0


WRONG_SIDE = _SIDE
