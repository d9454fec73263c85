"""Market frames to core types: pure, exact, and all or nothing.

A frame becomes one Trade, Quote, BookUpdate or Notice, or raises BadFrame; nothing is ever half-applied (F15).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Final, NamedTuple, TypeAlias

import msgspec
import numpy as np

from engine.core.instrument import Instrument
from engine.core.types import BookUpdate, Levels, Quote, Symbol, Trade
from engine.venues.binance.errors import BadFrame
from engine.venues.binance.kernels import LAST_MS, QUOTE, REASONS, TRADE, scan_flat, scan_levels

_MS: Final = 1_000_000
_HEAD: Final = b'{"stream":"'
_NAME_AT: Final = len(_HEAD)
DATA: Final = b'"data":{'
DATA_SIZE: Final = len(DATA)

SNAPSHOT_STREAM: Final = "depthSnapshot"
"""Ours, in recordings only."""
STREAMS: Final = ("trade", "bookTicker", "depth@100ms", SNAPSHOT_STREAM)
FLAT_STREAMS: Final = ("trade", "bookTicker")
DEPTH_STREAM: Final = "depth@100ms"

_Id = Annotated[int, msgspec.Meta(ge=0, lt=2**60)]
_Ms = Annotated[int, msgspec.Meta(gt=0, lt=LAST_MS)]


class DepthWire(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="depthUpdate"):
    """What changed in a book. Source: Binance, WebSocket streams, "Diff. depth stream".

    Raw: ``{"e":"depthUpdate","E":1723161255308,"s":"ETHUSDT","U":35346513499,"u":35346513505,``
    ``"b":[["2683.80000000","3.02920000"]],"a":[["2733.70000000","0.00000000"]]}``.
    """

    ts_ms: _Ms = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    first_update_id: _Id = msgspec.field(name="U")
    final_update_id: _Id = msgspec.field(name="u")
    bids: msgspec.Raw = msgspec.field(name="b")
    asks: msgspec.Raw = msgspec.field(name="a")


class CombinedDepthWire(msgspec.Struct, frozen=True, gc=False):
    """The same on a combined stream. Raw: ``{"stream":"ethusdt@depth@100ms","data":{…}}``."""

    data: DepthWire


class SnapshotWire(msgspec.Struct, frozen=True, gc=False):
    """A whole book. Source: Binance, REST API, "Order book".

    Raw: ``{"lastUpdateId":35346513512,"bids":[["2683.80000000","3.02920000"]],"asks":[["2683.81000000","31.4"]]}``.
    """

    last_update_id: _Id = msgspec.field(name="lastUpdateId")
    bids: msgspec.Raw
    asks: msgspec.Raw


class NoticeWire(msgspec.Struct, frozen=True, gc=False):
    """A frame that is no market data: an answer to a subscription, or the announcement of a shutdown.

    Raw: ``{"result":null,"id":1}`` or ``{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}``.
    Source: Binance, WebSocket streams, "Live subscribing" and "Server shutdown".
    """

    id: int | str | msgspec.UnsetType | None = msgspec.UNSET
    stream: str = ""
    kind: str = msgspec.field(default="", name="e")


class Notice(msgspec.Struct, frozen=True, gc=False):
    """What is no market data, as far as anybody needs it."""

    is_shutdown: bool


MarketEvent: TypeAlias = Trade | Quote | BookUpdate | Notice

_combined_depth = msgspec.json.Decoder(CombinedDepthWire)
_raw_depth = msgspec.json.Decoder(DepthWire)
_notices = msgspec.json.Decoder(NoticeWire)
_snapshot = msgspec.json.Decoder(SnapshotWire)


class _Head(NamedTuple):
    """What the start of a frame leads to, flat so that the hot path unpacks it at once."""

    symbol: Symbol
    tick_e8: int
    lot_e8: int
    name_size: int
    stream: str
    instrument: Instrument


class MarketCodec:
    """Decodes the frames of known instruments."""

    def __init__(self, instruments: Iterable[Instrument]) -> None:
        self._heads: dict[bytes, _Head] = {}
        self._symbols: dict[bytes, _Head] = {}
        for instrument in instruments:
            symbol = instrument.symbol
            for stream in STREAMS:
                head = _Head(symbol, instrument.tick_e8, instrument.lot_e8, len(symbol), stream, instrument)
                self._heads[stream_head(symbol, stream)] = head
                self._symbols[symbol.encode()] = head

    def decode(self, frame: bytes, ts_recv_ns: int) -> MarketEvent:
        """Decode one frame of a combined or a raw stream; raises BadFrame and has no other effect then.

        1.0 µs for a quote or a trade of a combined stream, 0.6 of it in the kernel. A snapshot that was recorded
        among the frames is taken as well: bare where there is one instrument only, else as the stream
        ``ethusdt@depthSnapshot``.
        """
        data_at = frame.find(DATA, 0, 96) + DATA_SIZE
        head = self._heads.get(frame[:data_at])
        if head is None:
            return self._decode_other(frame, ts_recv_ns)
        if head.stream in FLAT_STREAMS:
            return _flat(frame, data_at - 1, 1, _NAME_AT, head, ts_recv_ns)
        if head.stream == SNAPSHOT_STREAM:
            return decode_snapshot(frame[data_at - 1 : -1], head.symbol, head.instrument, ts_recv_ns)
        return _to_update(_parse(_combined_depth, frame).data, head.instrument, ts_recv_ns)

    def _decode_other(self, frame: bytes, ts_recv_ns: int) -> MarketEvent:
        """Decode what is rare: raw streams, a recorded snapshot, notices."""
        if frame.startswith(b'{"lastUpdateId"') and len(self._symbols) == 1:
            head = next(iter(self._symbols.values()))
            return decode_snapshot(frame, head.symbol, head.instrument, ts_recv_ns)
        name_at = frame.find(b'"s":"') + 5
        raw_head = self._symbols.get(frame[name_at : frame.find(b'"', name_at)])
        if raw_head is None or frame.startswith(_HEAD):
            return _notice(frame)
        if frame.startswith(b'{"e":"depthUpdate"'):
            return _to_update(_parse(_raw_depth, frame), raw_head.instrument, ts_recv_ns)
        return _flat(frame, 0, 0, name_at, raw_head, ts_recv_ns)


def stream_head(symbol: Symbol, stream: str) -> bytes:
    """Return how the frames of a symbol's combined stream begin, up to the opening of their data."""
    return b'{"stream":"%b@%b",%b' % (symbol.lower().encode(), stream.encode(), DATA)


def decode_snapshot(data: bytes, symbol: Symbol, instrument: Instrument, ts_recv_ns: int) -> BookUpdate:
    """Decode a REST order book; raises BadFrame. Its ``ts_exchange_ns`` is 0: the venue sends none."""
    wire = _parse(_snapshot, data)
    bids, asks = _levels(wire.bids, instrument), _levels(wire.asks, instrument)
    last_id = wire.last_update_id
    return BookUpdate(symbol, True, last_id, last_id, bids, asks, 0, ts_recv_ns)


def snapshot_frame(data: bytes, symbol: Symbol) -> bytes:
    """Write a REST order book as a frame, so that a recording of several symbols can hold it among the others."""
    return b'{"stream":"%b@%b","data":%b}' % (symbol.lower().encode(), SNAPSHOT_STREAM.encode(), data)


def _flat(frame: bytes, data_at: int, is_wrapped: int, name_at: int, head: _Head, ts_recv_ns: int) -> Trade | Quote:
    """Decode a trade or a quote.

    Raw trade: ``{"e":"trade","E":1723161255612,"s":"ETHUSDT","t":1520538925,"p":"2683.80000000","q":"0.00200000",``
    ``"T":1723161255611,"m":true,"M":true}``. Source: Binance, WebSocket streams, "Trade streams".

    Raw quote: ``{"u":35346513501,"s":"ETHUSDT","b":"2683.80000000","B":"3.02920000","a":"2683.81000000",``
    ``"A":"31.43950000"}``. Source: same, "Individual symbol book ticker streams".
    """
    symbol, tick_e8, lot_e8, name_size, _, _ = head
    kind, ident, price, size, ask, ask_size, time_ms, is_maker = scan_flat(
        frame, data_at, is_wrapped, name_at, name_size, tick_e8, lot_e8
    )
    if kind == TRADE:
        return Trade(symbol, ident, price, size, is_maker == 1, time_ms * _MS, ts_recv_ns)
    if kind == QUOTE:
        return Quote(symbol, ident, price, size, ask, ask_size, ts_recv_ns)
    raise BadFrame(f"{symbol}: a market frame was dropped: {REASONS[kind]}")


def _to_update(wire: DepthWire, instrument: Instrument, ts_recv_ns: int) -> BookUpdate:
    if wire.symbol != instrument.symbol:
        raise BadFrame(f"{instrument.symbol}: a depth frame was dropped: it names {wire.symbol[:20]!r}")
    if wire.first_update_id > wire.final_update_id:
        raise BadFrame(f"{instrument.symbol}: a depth frame was dropped: its first id is after its last")
    return BookUpdate(
        instrument.symbol,
        False,
        wire.first_update_id,
        wire.final_update_id,
        _levels(wire.bids, instrument),
        _levels(wire.asks, instrument),
        wire.ts_ms * _MS,
        ts_recv_ns,
    )


def _levels(raw: msgspec.Raw, instrument: Instrument) -> Levels:
    """Read levels into an array of its own: a book keeps it while it waits for its snapshot."""
    text = bytes(raw)
    rows: Levels = np.empty((text.count(b'"') // 4, 2), np.int64)
    count = scan_levels(text, instrument.tick_e8, instrument.lot_e8, rows)
    if count != len(rows):
        raise BadFrame(f"{instrument.symbol}: levels were dropped: {REASONS.get(count, 'they are malformed')}")
    return rows


def _parse(decoder: msgspec.json.Decoder[Any], data: bytes) -> Any:
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadFrame(f"a market frame was dropped: {error}") from None


def _notice(frame: bytes) -> Notice:
    wire: NoticeWire = _parse(_notices, frame)
    is_shutdown = wire.stream == "!serverShutdown" or wire.kind == "serverShutdown"
    if not is_shutdown and wire.id is msgspec.UNSET:
        raise BadFrame(f"a frame of no known kind was dropped: {frame[:60]!r}")
    return Notice(is_shutdown)
