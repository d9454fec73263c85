"""Everything the core can hear, to bytes and back, so that a recorded session replays to the same orders.

The kind of a record names its type here; what left (``order``) is kept as the bytes that went out. What a second core
heard is in the same session, in the order of receipt, with its name in front of the kind: ``second:trade``.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
import numpy as np

from engine.core.account import AccountSnapshot
from engine.core.calibration import Calibration
from engine.core.config import TradingConfig
from engine.core.instrument import Instrument
from engine.core.queries import Identity
from engine.core.tidings import FairValue, Headline, Opinion
from engine.core.types import BookUpdate, Candle, ExecutionReport, Quote, SendFailed, Symbol, Trade
from engine.wire.commands import AnyCommand

Kind = Literal[
    "start",
    "trade",
    "quote",
    "book",
    "lost",
    "candle",
    "instrument",
    "headline",
    "fair_value",
    "opinion",
    "command",
    "execution",
    "failure",
    "account",
    "line_lost",
    "timer",
    "clock",
    "silenced",
    "stream",
    "gap",
    "paired",
    "look",
    "circle",
    "order",
]


class Start(msgspec.Struct, frozen=True):
    """What the engine was built from; the first record of a session."""

    config: TradingConfig
    instruments: tuple[Instrument, ...]
    account: Literal["paper", "live"]
    identity: Identity
    journal: tuple[bytes, ...]
    """The records of earlier runs that it was restored from."""
    ts_ns: int
    measured: tuple[Calibration, ...] = ()


class Lost(msgspec.Struct, frozen=True):
    """A book went out of sync (``symbol``), or the line for orders broke (empty ``symbol``)."""

    symbol: Symbol
    reason: str
    ts_recv_ns: int


class Clock(msgspec.Struct, frozen=True):
    """The venue's clock less ours, as signatures used it from here on."""

    offset_ms: int


class Silenced(msgspec.Struct, frozen=True):
    """The venue wants to hear nothing before ``until_ns``."""

    is_banned: bool
    until_ns: int
    ts_recv_ns: int


class Stream(msgspec.Struct, frozen=True):
    """The venue tells of our orders no more, or again."""

    is_up: bool
    ts_recv_ns: int


class Gap(msgspec.Struct, frozen=True):
    """We stood still for ``stood_ns`` (F27); ``is_over`` once all that waited meanwhile was heard."""

    is_over: bool
    stood_ns: int
    ts_recv_ns: int


class Tick(msgspec.Struct, frozen=True):
    """A beat of the engine's timer."""

    ts_recv_ns: int


_TYPES: Final[dict[str, Any]] = {
    "start": Start,
    "trade": Trade,
    "quote": Quote,
    "book": BookUpdate,
    "lost": Lost,
    "candle": Candle,
    "instrument": Instrument,
    "headline": Headline,
    "fair_value": FairValue,
    "opinion": Opinion,
    "command": AnyCommand,
    "execution": ExecutionReport,
    "failure": SendFailed,
    "account": AccountSnapshot,
    "line_lost": Lost,
    "timer": Tick,
    "clock": Clock,
    "silenced": Silenced,
    "stream": Stream,
    "gap": Gap,
    "paired": Tick,
    "look": Tick,
    "circle": Tick,
    "order": bytes,
}


def _array_to_bytes(value: Any) -> bytes:
    if isinstance(value, np.ndarray):
        return value.tobytes()
    raise NotImplementedError(f"a session can't hold a {type(value).__name__}")


def _bytes_to_array(wanted: type, value: Any) -> Any:
    return np.frombuffer(value, np.int64).reshape(-1, 2).copy()  # a kernel takes no read-only array


_encoder = msgspec.msgpack.Encoder(enc_hook=_array_to_bytes)
_decoders = {kind: msgspec.msgpack.Decoder(type_, dec_hook=_bytes_to_array) for kind, type_ in _TYPES.items()}


def encode_input(value: Any) -> bytes:
    """Write one input; raises TypeError for what no session holds."""
    return _encoder.encode(value)


def decode_input(kind: str, data: bytes) -> Any:
    """Read one input of a kind, which has no core's name in front of it any more.

    Raises KeyError for an unknown kind, msgspec.MsgspecError for bytes that don't fit.
    """
    return _decoders[kind].decode(data)
