"""What a tape consists of, and what every tape can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from engine.venues.paper.rules import SymbolRules


class TapeError(Exception):
    """A tape that can't be played; the text says where it is broken and what to do."""


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One message of a market stream, as bytes that go out unchanged."""

    at_ns: int
    """When to play it: tape time since the tape began, without the jumps that its own stamps may have."""
    ts_ms: int
    """The tape's own time, milliseconds since the Unix epoch."""
    stream: str
    """``ethusdt@trade``."""
    data: bytes
    """The payload: ``{"e":"trade","E":1723161255612,"s":"ETHUSDT", …}``."""


class BookSnapshot(msgspec.Struct, frozen=True, gc=False):
    """A whole book in 1e-8 units."""

    at_ns: int
    ts_ms: int
    symbol: str
    last_update_id: int
    bids: tuple[tuple[int, int], ...]
    asks: tuple[tuple[int, int], ...]


class Publication(msgspec.Struct, frozen=True, gc=False):
    """A headline that comes out."""

    at_ns: int
    ts_ms: int
    id: str
    source: str
    title: str
    url: str


TapeEvent = Frame | BookSnapshot | Publication


class Kline(msgspec.Struct, frozen=True, gc=False):
    """One candle; prices and volumes in 1e-8, times in milliseconds."""

    open_ms: int
    interval_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    quote_volume: int
    trades: int
    taker_volume: int
    taker_quote_volume: int


class Tape(Protocol):
    """A market that can be played once, to one listener."""

    spec: str
    speed: float
    has_news: bool

    async def prepare(self) -> None:
        """Find out what can only be known by asking; raises TapeError."""

    @property
    def rules(self) -> Sequence[SymbolRules]:
        """What is traded on it; known once prepared."""

    @property
    def lap(self) -> int:
        """How often it has begun anew; 0 the first time round."""

    def snapshots(self) -> Sequence[BookSnapshot]:
        """Return the books that it begins with."""

    def history(self, symbol: str) -> Sequence[Kline]:
        """Return one-minute candles from before its beginning, oldest first."""

    async def play(self, listener: Callable[[TapeEvent], None]) -> None:
        """Hand every event to the listener when it is due; return at the end, if it has one."""
