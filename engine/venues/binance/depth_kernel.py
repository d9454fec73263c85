"""The express lane's third kernel: the next change of a book goes from its frame's bytes into the book's arrays."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit, types

from engine.core.kernels import direct
from engine.core.kernels.book import apply_levels
from engine.core.kernels.market import HEARD_NS, IS_WATCHED, LOOK, LOT_E8, NAME_SIZE, TICK_E8
from engine.venues.binance.kernels import (
    LAST_MS,
    NAME_AT,
    _expect,
    _scan_level,
    _scan_whole,
    _skip_symbol,
)

ANOTHER: Final = -200
"""What a call answers to a frame that it leaves to the way through objects: anything but a sound next change."""
ROWS: Final = 4096
"""Levels of a frame that are taken by the lane, both sides together; the venue sends some hundreds at most."""

_HEAD: Final = np.frombuffer(b'{"e":"depthUpdate","E":', np.uint8)
_SYMBOL: Final = np.frombuffer(b',"s":', np.uint8)
_FIRST: Final = np.frombuffer(b',"U":', np.uint8)
_FINAL: Final = np.frombuffer(b',"u":', np.uint8)
_BIDS: Final = np.frombuffer(b',"b":[', np.uint8)
_ASKS: Final = np.frombuffer(b',"a":[', np.uint8)
_COMMA, _CLOSE_LIST, _CLOSE = ord(","), ord("]"), ord("}")

_FRAME: Any = types.Bytes(types.uint8, 1, "C", readonly=True)
_INTS: Any = types.int64[::1]
_FOUR: Any = types.UniTuple(types.int64, 4)  # type: ignore[no-untyped-call]


@njit(forceinline=True)
def _scan_number(frame: Any, i: int, word: Any) -> Any:
    """Read a whole number behind a key."""
    i = _expect(frame, i, word)
    return _scan_whole(frame, i) if i >= 0 else (i, 0)


@njit(forceinline=True)
def _scan_side(frame: Any, i: int, word: Any, tick_e8: int, lot_e8: int, rows: Any, row: int) -> Any:
    """Read the levels of a side into rows from ``row`` on; return the position after it and the next row."""
    i = _expect(frame, i, word)
    if 0 <= i < len(frame) and frame[i] == _CLOSE_LIST:
        return i + 1, row
    while i >= 0:
        if row == len(rows):
            return ANOTHER, row
        i = _scan_level(frame, i, tick_e8, lot_e8, rows[row])
        row += 1
        if i < 0 or i >= len(frame) or frame[i] != _COMMA:
            break
        i += 1
    if i < 0 or i >= len(frame) or frame[i] != _CLOSE_LIST:
        return ANOTHER, row
    return i + 1, row


@direct
@njit(
    [
        _FOUR(
            _FRAME,
            types.int64,
            _INTS,
            types.int64,
            *[_INTS, _INTS, types.int64] * 2,
            types.int64[:, ::1],
            types.int64,
        )
    ],
    cache=True,
)
def take_depth(
    frame: Any,
    i: int,
    numbers: Any,
    expected: int,
    bid_keys: Any,
    bid_lots: Any,
    bid_count: int,
    ask_keys: Any,
    ask_lots: Any,
    ask_count: int,
    rows: Any,
    ts_recv_ns: int,
) -> Any:
    """Take a combined stream's change whose data object starts at ``i``, if its first update is ``expected``.

    The fields must stand in the venue's own order. The whole frame is read before anything is changed. Returns the
    final update's id, or ``ANOTHER`` where nothing was taken; the counts of both sides; and ``LOOK`` or 0.
    """
    no = (ANOTHER, bid_count, ask_count, 0)
    i, time_ms = _scan_number(frame, i, _HEAD)
    i = _expect(frame, i, _SYMBOL) if i >= 0 else i
    i = _skip_symbol(frame, i, NAME_AT, numbers[NAME_SIZE]) if i >= 0 else i
    if i < 0 or not 0 < time_ms < LAST_MS:
        return no
    i, first = _scan_number(frame, i, _FIRST)
    if i < 0 or first != expected:
        return no
    i, final = _scan_number(frame, i, _FINAL)
    if i < 0 or final < first:
        return no
    i, bids = _scan_side(frame, i, _BIDS, numbers[TICK_E8], numbers[LOT_E8], rows, 0)
    if i < 0:
        return no
    i, both = _scan_side(frame, i, _ASKS, numbers[TICK_E8], numbers[LOT_E8], rows, bids)
    if i < 0 or i + 2 != len(frame) or frame[i] != _CLOSE or frame[i + 1] != _CLOSE:
        return no
    if bid_count + bids > len(bid_keys) or ask_count + both - bids > len(ask_keys):
        return no
    bid_count = apply_levels(bid_keys, bid_lots, bid_count, rows[:bids], 1)
    ask_count = apply_levels(ask_keys, ask_lots, ask_count, rows[bids:both], -1)
    numbers[HEARD_NS] = ts_recv_ns
    return final, bid_count, ask_count, LOOK if numbers[IS_WATCHED] else 0
