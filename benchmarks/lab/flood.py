"""A flood of market frames of many symbols, in the mix of a real recording, in turns over the symbols.

The recording of ETHUSDT has 24,077 quotes, 6,106 trades and 3,434 depth frames of 31 levels: about 7, 2 and 1 in ten.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from benchmarks.lab.frames import frame
from engine.core.instrument import Instrument
from engine.core.types import Symbol

_TURN: Final = ("quote", "trade", "quote", "quote", "depth", "quote", "quote", "trade", "quote", "quote")
_BOOK_LEVELS: Final = 100
_CHANGED_LEVELS: Final = 16
"""On each side of a depth frame."""
_FIRST_MS: Final = 1_723_161_255_000
_MIDDLE_TICKS: Final = 268_000

_STREAM: Final = '{"stream":"%s@%s","data":%s}'
_TRADE: Final = '{"e":"trade","E":%d,"s":"%s","t":%d,"p":"%s","q":"0.25000000","T":%d,"m":%s,"M":true}'
_QUOTE: Final = '{"u":%d,"s":"%s","b":"%s","B":"3.02920000","a":"%s","A":"31.43950000"}'
_DEPTH: Final = '{"e":"depthUpdate","E":%d,"s":"%s","U":%d,"u":%d,"b":[%s],"a":[%s]}'
_SNAPSHOT: Final = '{"lastUpdateId":%d,"bids":[%s],"asks":[%s]}'


def symbols(count: int) -> list[str]:
    """Name so many symbols."""
    return [f"S{number:04d}USDT" for number in range(count)]


def instruments(count: int) -> dict[Symbol, Instrument]:
    """Give them units and limits."""
    return {
        Symbol(name): Instrument(
            symbol=Symbol(name),
            base_asset=name.removesuffix("USDT"),
            quote_asset="USDT",
            tick_e8=1_000_000,
            lot_e8=10_000,
            min_qty_lots=1,
            max_qty_lots=90_000_000,
            min_notional_e8=500_000_000,
            max_notional_e8=0,
            min_price_ticks=1,
            max_price_ticks=100_000_000,
            is_trading=True,
        )
        for name in symbols(count)
    }


def opening(count: int) -> bytes:
    """Write two frames for each symbol that bring its book in sequence: a change, and the snapshot after it."""
    parts = []
    for name in symbols(count):
        book = _SNAPSHOT % (10, _levels(-1, 1, _BOOK_LEVELS), _levels(1, 1, _BOOK_LEVELS))
        parts += [_framed(name, "depth@100ms", _depth(name, 0)), _framed(name, "depthSnapshot", book)]
    return b"".join(parts)


def flood(count: int, frames: int) -> bytes:
    """Write so many frames, each the next of its symbol's sequence."""
    return b"".join(_frames(symbols(count), frames))


def _frames(names: list[str], frames: int) -> Iterator[bytes]:
    for number in range(frames):
        turn, at = divmod(number, len(names))
        name, kind = names[at], _TURN[turn % len(_TURN)]
        if kind == "quote":
            yield _framed(name, "bookTicker", _quote(name, turn))
        elif kind == "trade":
            yield _framed(name, "trade", _trade(name, turn))
        else:
            yield _framed(name, "depth@100ms", _depth(name, turn // len(_TURN) + 1))


def _framed(name: str, stream: str, payload: str) -> bytes:
    return frame((_STREAM % (name.lower(), stream, payload)).encode())


def _quote(name: str, turn: int) -> str:
    middle = _middle(turn)
    return _QUOTE % (turn, name, _price(middle - 1), _price(middle + 1))


def _trade(name: str, turn: int) -> str:
    ms = _FIRST_MS + turn * 10
    return _TRADE % (ms, name, turn, _price(_middle(turn)), ms, "true" if turn % 3 else "false")


def _depth(name: str, number: int) -> str:
    first = number * 10 + 1
    bids, asks = _levels(-1, number, _CHANGED_LEVELS), _levels(1, number, _CHANGED_LEVELS)
    return _DEPTH % (_FIRST_MS + number * 100, name, first, first + 9, bids, asks)


def _levels(sign: int, number: int, count: int) -> str:
    """Change every third level, and take each eighth of them away."""
    step = 1 if count == _BOOK_LEVELS else 3
    rows = ((_MIDDLE_TICKS + sign * (10 + i * step + number % 3), (i + number) % 8) for i in range(count))
    return ",".join(f'["{_price(ticks)}","{lots}.00000000"]' for ticks, lots in rows)


def _middle(turn: int) -> int:
    """Return a price that swings within five ticks."""
    return _MIDDLE_TICKS + abs(turn % 20 - 10) - 5


def _price(ticks: int) -> str:
    return f"{ticks // 100}.{ticks % 100:02d}000000"
