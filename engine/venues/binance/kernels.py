"""Compiled scanners of market frames: bytes in, integers out, exact and strict, nothing read past the end.

Measured, call and result included: a trade or a quote in 0.6 µs, where a typed msgspec decode takes 0.3 µs and then
0.3 µs for each decimal that Python makes exact ticks of. The helpers are inlined: bytes are seven machine words as
an argument, and handing them on took the same scan to 0.8 µs, and to 1.1 µs with arrays to write into.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numba import njit, types

TRADE: Final = 1
QUOTE: Final = 2

MALFORMED: Final = -1
OVERFLOW: Final = -2
NOT_POSITIVE: Final = -3
OFF_TICK: Final = -4
MISSING: Final = -5
WRONG_SYMBOL: Final = -6
BAD_TIME: Final = -7
TWICE: Final = -8

REASONS: Final = {
    MALFORMED: "it is cut short or malformed",
    OVERFLOW: "a number is larger than any price, size or id",
    NOT_POSITIVE: "a price or size is not above zero",
    OFF_TICK: "a price is not a multiple of the instrument's tick",
    MISSING: "a field is missing",
    WRONG_SYMBOL: "its stream and its data name different symbols",
    BAD_TIME: "its time is not one that a clock shows",
    TWICE: "it has a field twice",
}

LAST_MS: Final = 9_000_000_000_000
"""Later than any clock, in ms, and still an int64 when counted in ns."""

Scan: TypeAlias = tuple[int, int]
"""The position after what was read (or an error code), and its value."""

NAME_AT: Final = len(b'{"stream":"')
"""Where the frame of a combined stream names its symbol."""

_WHOLE_MAX: Final = 92_233_720_367
"""The most whole units whose 1e-8 parts fit an int64."""
_ID_MAX: Final = 900_000_000_000_000_000

_MARK, _COMMA, _COLON, _DOT, _ESCAPE = ord('"'), ord(","), ord(":"), ord("."), ord("\\")
_OPEN_LIST, _CLOSE_LIST, _OPEN, _CLOSE = ord("["), ord("]"), ord("{"), ord("}")
_ZERO, _LOWER_A, _LOWER_Z, _TO_LOWER = ord("0"), ord("a"), ord("z"), 32
_MINUS, _PLUS, _LOWER_E, _UPPER_E = ord("-"), ord("+"), ord("e"), ord("E")
_TRADE_WORD: Final = np.frombuffer(b'"trade"', np.uint8)
_TRUE_WORD: Final = np.frombuffer(b"true", np.uint8)
_FALSE_WORD: Final = np.frombuffer(b"false", np.uint8)
_NULL_WORD: Final = np.frombuffer(b"null", np.uint8)

# What the value of a one-letter key must look like. Other keys are skipped: the venue adds fields at will.
_SKIPPED, _WHOLE, _PRICE, _SIZE, _FLAG, _KIND, _SYMBOL = range(7)
_SHAPE: Final = np.zeros(256, np.int64)
for _letters, _shape in (("tuT", _WHOLE), ("pba", _PRICE), ("qBA", _SIZE), ("m", _FLAG), ("e", _KIND), ("s", _SYMBOL)):
    for _letter in _letters:
        _SHAPE[ord(_letter)] = _shape


def _bits(letters: str) -> int:
    return sum(1 << (ord(letter) - ord("A")) for letter in letters)


_EIGHT: Any = types.UniTuple(types.int64, 8)  # type: ignore[no-untyped-call]
_FRAME: Any = types.Bytes(types.uint8, 1, "C", readonly=True)

_TRADE_NEEDS: Final = _bits("estpqTm")
_QUOTE_NEEDS: Final = _bits("usbBaA")


@njit(inline="always")
def _byte(frame: Any, i: int) -> Any:
    """Return a byte as an int64: differences of unsigned bytes would wrap."""
    return np.int64(frame[i])


@njit(forceinline=True)
def _skip_string(frame: Any, i: int) -> int:
    """Return the position after the string whose first mark is at ``i``."""
    i += 1
    while i < len(frame) and frame[i] != _MARK:
        i += 2 if frame[i] == _ESCAPE else 1
    return i + 1


@njit(inline="always")
def _expect(frame: Any, i: int, word: Any) -> int:
    """Return the position after ``word`` if it stands at ``i``."""
    if i + len(word) > len(frame):
        return MALFORMED
    for k in range(len(word)):
        if frame[i + k] != word[k]:
            return MALFORMED
    return i + len(word)


@njit(forceinline=True)
def _skip_nested(frame: Any, i: int) -> int:
    """Return the position after an object or a list, whatever it holds."""
    depth = 0
    while i < len(frame):
        if frame[i] == _MARK:
            i = _skip_string(frame, i)
            continue
        if frame[i] == _OPEN or frame[i] == _OPEN_LIST:
            depth += 1
        elif frame[i] == _CLOSE or frame[i] == _CLOSE_LIST:
            depth -= 1
        i += 1
        if depth == 0:
            break
    return i


@njit(forceinline=True)
def _skip_digits(frame: Any, i: int) -> int:
    """Return the position after one digit or more."""
    start = i
    while i < len(frame) and 0 <= _byte(frame, i) - _ZERO <= 9:
        i += 1
    return i if i > start else MALFORMED


@njit(forceinline=True)
def _skip_number(frame: Any, i: int) -> int:
    """Return the position after a number, with or without sign, decimals and exponent."""
    if frame[i] == _MINUS:
        i += 1
    i = _skip_digits(frame, i)
    if 0 <= i < len(frame) and frame[i] == _DOT:
        i = _skip_digits(frame, i + 1)
    if 0 <= i < len(frame) and (frame[i] == _LOWER_E or frame[i] == _UPPER_E):
        i += 1
        if i < len(frame) and (frame[i] == _MINUS or frame[i] == _PLUS):
            i += 1
        i = _skip_digits(frame, i)
    return i


@njit(forceinline=True)
def _skip_value(frame: Any, i: int) -> int:
    """Return the position after a value that nobody needs, if it is one."""
    if i >= len(frame):
        return MALFORMED
    if frame[i] == _MARK:
        return _skip_string(frame, i)
    if frame[i] == _OPEN or frame[i] == _OPEN_LIST:
        return _skip_nested(frame, i)
    if frame[i] == _TRUE_WORD[0]:
        return _expect(frame, i, _TRUE_WORD)
    if frame[i] == _FALSE_WORD[0]:
        return _expect(frame, i, _FALSE_WORD)
    if frame[i] == _NULL_WORD[0]:
        return _expect(frame, i, _NULL_WORD)
    return _skip_number(frame, i)


@njit(inline="always")
def _scan_key(frame: Any, i: int) -> Scan:
    """Read ``"k":`` as its letter; 0 for a longer key."""
    if i + 3 < len(frame) and frame[i] == _MARK and frame[i + 2] == _MARK and frame[i + 3] == _COLON:
        return i + 4, _byte(frame, i + 1)
    if i >= len(frame) or frame[i] != _MARK:
        return MALFORMED, 0
    i = _skip_string(frame, i)
    return (i + 1, 0) if i < len(frame) and frame[i] == _COLON else (MALFORMED, 0)


@njit(inline="always")
def _scan_whole(frame: Any, i: int) -> Scan:
    """Read an unsigned whole number."""
    start, value = i, 0
    while i < len(frame) and 0 <= _byte(frame, i) - _ZERO <= 9:
        value = value * 10 + (_byte(frame, i) - _ZERO)
        if value > _ID_MAX:
            return OVERFLOW, 0
        i += 1
    return (i, value) if i > start else (MALFORMED, 0)


@njit(inline="always")
def _scan_decimals(frame: Any, i: int, value: int) -> Scan:
    """Read ``.80000000"``, at most eight decimals and the closing mark, on top of the whole part, as 1e-8 units."""
    decimals = 0
    if i < len(frame) and frame[i] == _DOT:
        i += 1
        while i < len(frame) and decimals < 8 and 0 <= _byte(frame, i) - _ZERO <= 9:
            value = value * 10 + (_byte(frame, i) - _ZERO)
            decimals += 1
            i += 1
        if decimals == 0:
            return MALFORMED, 0
    if i >= len(frame) or frame[i] != _MARK:
        return MALFORMED, 0
    while decimals < 8:
        value *= 10
        decimals += 1
    return i + 1, value


@njit(inline="always")
def _scan_decimal(frame: Any, i: int) -> Scan:
    """Read ``"2683.80000000"``, without sign or exponent, as 1e-8 units."""
    if i >= len(frame) or frame[i] != _MARK:
        return MALFORMED, 0
    i, value = _scan_whole(frame, i + 1)
    if i < 0:
        return i, 0
    if value > _WHOLE_MAX:
        return OVERFLOW, 0
    return _scan_decimals(frame, i, value)


@njit(inline="always")
def _scan_price(frame: Any, i: int, tick_e8: int) -> Scan:
    """Read a price as ticks; it must lie on one and above zero."""
    i, value = _scan_decimal(frame, i)
    if i < 0:
        return i, 0
    if value == 0:
        return NOT_POSITIVE, 0
    return (i, value // tick_e8) if value % tick_e8 == 0 else (OFF_TICK, 0)


@njit(inline="always")
def _scan_size(frame: Any, i: int, lot_e8: int, least_e8: int) -> Scan:
    """Read a size as whole lots, rounded down: the venue really sends sizes between two lots.

    In six recorded minutes of ETHUSDT, whose lot is 0.0001, two levels of 106,814 did (``47.50196000``).
    """
    i, value = _scan_decimal(frame, i)
    if i < 0:
        return i, 0
    return (i, value // lot_e8) if value >= least_e8 else (NOT_POSITIVE, 0)


@njit(forceinline=True)
def _scan_flag(frame: Any, i: int) -> Scan:
    """Read ``true`` or ``false``."""
    end = _expect(frame, i, _TRUE_WORD)
    return (end, 1) if end > 0 else (_expect(frame, i, _FALSE_WORD), 0)


@njit(forceinline=True)
def _skip_symbol(frame: Any, i: int, name_at: int, name_size: int) -> int:
    """Return the position after the quoted symbol at ``i`` if it is, in upper case, the name at ``name_at``."""
    end = i + name_size + 2
    if end > len(frame) or frame[i] != _MARK or frame[end - 1] != _MARK:
        return WRONG_SYMBOL
    for k in range(name_size):
        letter = _byte(frame, name_at + k)
        if _LOWER_A <= letter <= _LOWER_Z:
            letter -= _TO_LOWER
        if frame[i + 1 + k] != letter:
            return WRONG_SYMBOL
    return end


@njit(inline="always")
def _scan_field(frame: Any, i: int, shape: int, name_at: int, name_size: int, tick_e8: int, lot_e8: int) -> Scan:
    """Read one value of a known shape, or step over one that nobody needs."""
    if shape == _PRICE:
        return _scan_price(frame, i, tick_e8)
    if shape == _SIZE:
        return _scan_size(frame, i, lot_e8, 1)
    if shape == _WHOLE:
        return _scan_whole(frame, i)
    if shape == _FLAG:
        return _scan_flag(frame, i)
    if shape == _SYMBOL:
        return _skip_symbol(frame, i, name_at, name_size), 0
    if shape == _KIND:
        return _expect(frame, i, _TRADE_WORD), 0
    return _skip_value(frame, i), 0


@njit(forceinline=True)
def _kind_of(seen: int, time_ms: int) -> int:
    """Say which kind of frame has these fields, or what is wrong with it."""
    if seen & _QUOTE_NEEDS == _QUOTE_NEEDS:
        return QUOTE
    if seen & _TRADE_NEEDS != _TRADE_NEEDS:
        return MISSING
    return TRADE if 0 < time_ms < LAST_MS else BAD_TIME


@njit([_EIGHT(_FRAME, *[types.int64] * 6)], cache=True)
def scan_flat(frame: Any, i: int, is_wrapped: int, name_at: int, name_size: int, tick_e8: int, lot_e8: int) -> Any:
    """Read a trade's or a quote's data object, which starts at ``i`` and ends the frame.

    ``is_wrapped`` is 1 where a combined stream's object is around it; ``name_at`` and ``name_size`` say where the
    frame's stream names the symbol, in either case. Returns eight int64: kind (or an error code, the rest is then
    without meaning), id, price or bid in ticks, size or bid size in lots, ask, ask size, time in ms, is-buyer-maker.
    """
    ident = price = size = bid = bid_size = ask = ask_size = time_ms = flag = seen = 0
    while True:
        i, key = _scan_key(frame, i + 1)
        if i < 0:
            return i, 0, 0, 0, 0, 0, 0, 0
        shape = _SHAPE[key]
        if shape in (_PRICE, _SIZE) and i < len(frame) and frame[i] != _MARK:
            shape = _SKIPPED  # ``b`` and ``a`` have been order ids in trades
        i, value = _scan_field(frame, i, shape, name_at, name_size, tick_e8, lot_e8)
        if i < 0:
            return i, 0, 0, 0, 0, 0, 0, 0
        if shape != _SKIPPED:
            bit = 1 << (key - ord("A"))
            if seen & bit:
                return TWICE, 0, 0, 0, 0, 0, 0, 0
            seen |= bit
            if key == ord("p"):
                price = value
            elif key == ord("q"):
                size = value
            elif key == ord("b"):
                bid = value
            elif key == ord("B"):
                bid_size = value
            elif key == ord("a"):
                ask = value
            elif key == ord("A"):
                ask_size = value
            elif key == ord("T"):
                time_ms = value
            elif key == ord("m"):
                flag = value
            elif shape == _WHOLE:
                ident = value
        if i >= len(frame) or frame[i] != _COMMA:
            break
    if i + 1 + is_wrapped != len(frame) or frame[i] != _CLOSE or frame[len(frame) - 1] != _CLOSE:
        return MALFORMED, 0, 0, 0, 0, 0, 0, 0
    kind = _kind_of(seen, time_ms)
    if kind == QUOTE:
        price, size = bid, bid_size
    return kind, ident, price, size, ask, ask_size, time_ms, flag


@njit(inline="always")
def _scan_level(text: Any, i: int, tick_e8: int, lot_e8: int, row: Any) -> int:
    """Read ``["2683.80","3.02"]`` into a row of (ticks, lots); a size may be 0, which removes the level."""
    if i >= len(text) or text[i] != _OPEN_LIST:
        return MALFORMED
    i, row[0] = _scan_price(text, i + 1, tick_e8)
    if i < 0 or i >= len(text) or text[i] != _COMMA:
        return min(i, MALFORMED)
    i, row[1] = _scan_size(text, i + 1, lot_e8, 0)
    if i < 0 or i >= len(text) or text[i] != _CLOSE_LIST:
        return min(i, MALFORMED)
    return i + 1


@njit(
    [types.int64(_FRAME, types.int64, types.int64, types.int64[:, ::1])],
    cache=True,
)
def scan_levels(text: Any, tick_e8: int, lot_e8: int, rows: Any) -> int:
    """Read ``[["2683.80","3.02"],…]`` into ``rows``, shape (n, 2), int64, and return n or an error code."""
    if len(text) == 2 and text[0] == _OPEN_LIST and text[1] == _CLOSE_LIST:
        return 0
    i = 0
    if len(text) == 0 or text[0] != _OPEN_LIST:
        return MALFORMED
    for k in range(len(rows)):
        i = _scan_level(text, i + 1, tick_e8, lot_e8, rows[k])
        if i < 0 or i >= len(text):
            return min(i, MALFORMED)
        if text[i] != _COMMA:
            return k + 1 if text[i] == _CLOSE_LIST and i + 1 == len(text) else MALFORMED
    return MALFORMED
