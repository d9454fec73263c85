"""Damages frames, and says by the venue's documentation alone whether a frame is one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final

from engine.core.instrument import E8, Instrument, parse_e8

NONSENSE: Final = (
    '"NaN"', '"inf"', '"-inf"', '"Infinity"', '"-1.00000000"', '"1e308"', '""', '"abc"', '"0x10"', '"1_000"',
    "NaN", "Infinity", "-1", "1e308", "null", "{}", "[]", "1.5",
)  # fmt: skip
"""What no price, quantity, id or time is, quoted or not."""
ZERO: Final = ('"0.00000000"', '"0"', "0")
UNKNOWN_KINDS: Final = (
    b'{"stream":"iotausdt@liquidations","data":{"e":"forceOrder"}}',
    b'{"stream":"nosuchusdt@trade","data":{"e":"trade","s":"NOSUCHUSDT"}}',
    b'{"e":"somethingNew","E":1}',
    b"[]", b"{}", b"0", b'"text"', b"", b" ", b"\xff\xfe\x00", b"{" * 10_000, b'{"a":' * 5_000,
)  # fmt: skip
"""Frames that are none, or of a kind that nobody knows."""
_DECIMAL: Final = re.compile(r"[0-9]{1,11}(\.[0-9]{1,8})?")


def table(frame: bytes, fields: str, *, may_be_zero: str = "") -> Iterator[bytes]:
    """Yield a frame once for each field and each nonsense in its place, and once without the field."""
    for field in fields:
        place = re.compile(rb'"%b":(\[\[.*?\]\]|"[^"]*"|[^,}\]]+)' % field.encode())
        words = NONSENSE if field in may_be_zero else NONSENSE + ZERO
        damaged = [place.sub(b'"%b":%b' % (field.encode(), word.encode()), frame, count=1) for word in words]
        yield from damaged
        yield re.sub(rb",%b|%b," % (place.pattern, place.pattern), b"", frame, count=1)


def mutated(frames: list[bytes], chance: Random) -> bytes:
    """Damage one of some frames in one to three places: bytes changed, lost, added, swapped, or the rest cut off."""
    worse = bytearray(chance.choice(frames))
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(worse) + 1)
        match chance.randrange(6):
            case 0:
                worse[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del worse[at : at + chance.randint(1, 30)]
            case 2:
                worse[at:at] = chance.choice(NONSENSE).encode()
            case 3:
                worse[at:] = chance.choice(frames)[chance.randrange(40) :]
            case 4:
                worse[at:at] = chance.randbytes(chance.randint(1, 8))
            case _:
                del worse[at:]
    return bytes(worse)


def is_frame(frame: bytes, instrument: Instrument) -> bool:
    """Say whether a frame of a combined stream is one, reading it slowly and by the documentation's fields alone.

    What stands in fields that nobody reads is free, as long as the frame is JSON: the venue adds such fields at will.
    """
    text = frame.decode("utf-8", "replace")
    try:
        whole = json.loads(text, parse_constant=_refuse, object_pairs_hook=_once, strict=False)
        stream, data = whole["stream"], whole["data"]
        symbol, _, kind = stream.partition("@")
        check = _CHECKS[kind]
        return symbol == instrument.symbol.lower() and data["s"] == instrument.symbol and check(data, instrument)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        # Not JSON; a notice (which has no stream), or something that is no object.
        return b'"id"' in frame or b"serverShutdown" in frame


def _trade(data: Any, it: Instrument) -> bool:
    return bool(
        data["e"] == "trade"
        and _is_whole(data["t"])
        and _is_time(data["T"])
        and type(data["m"]) is bool
        and _is_price(data["p"], it)
        and _is_size(data["q"])
    )


def _quote(data: Any, it: Instrument) -> bool:
    sound = _is_whole(data["u"]) and _is_price(data["b"], it) and _is_price(data["a"], it)
    return sound and _is_size(data["B"]) and _is_size(data["A"])


def _depth(data: Any, it: Instrument) -> bool:
    is_numbered = _is_whole(data["U"]) and _is_whole(data["u"]) and data["U"] <= data["u"] and _is_time(data["E"])
    return bool(
        data.get("e", "depthUpdate") == "depthUpdate"
        and is_numbered
        and all(type(data[side]) is list for side in "ba")
        and all(_is_level(level, it) for side in "ba" for level in data[side])
    )


def _flat(data: Any, it: Instrument) -> bool:
    """Both kinds say what they are by their fields, whatever their stream is called."""
    return _trade(data, it) if "p" in data else _quote(data, it)


_CHECKS: Final[dict[str, Callable[[Any, Instrument], bool]]] = {
    "trade": _flat,
    "bookTicker": _flat,
    "depth@100ms": _depth,
}


def _is_level(level: Any, it: Instrument) -> bool:
    price, size = level
    return _is_price(price, it) and _DECIMAL.fullmatch(size) is not None


def _is_price(text: Any, it: Instrument) -> bool:
    return _is_size(text) and parse_e8(text) % it.tick_e8 == 0


def _is_size(text: Any) -> bool:
    return _DECIMAL.fullmatch(text) is not None and 0 < parse_e8(text) < 92_233_720_368 * E8


def _is_whole(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**59


def _is_time(value: Any) -> bool:
    return type(value) is int and 0 < value < 9_000_000_000_000


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a field comes twice")
    return dict(pairs)
