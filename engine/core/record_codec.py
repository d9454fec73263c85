"""Every kind of record as one type, and records as bytes: MessagePack arrays whose first element is the kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, get_args

import msgspec

from engine.core.records import TradingRecord
from engine.core.safeguard_records import SafeguardRecord
from engine.core.story_records import StoryRecord


class UnknownRecord(ValueError):
    """A record that this version can't read; the text says what to do."""


AnyRecord = TradingRecord | SafeguardRecord | StoryRecord


KINDS: Final = frozenset(str(kind.__struct_config__.tag) for kind in get_args(AnyRecord))
"""The first element of every record that this version can read."""


_encoder = msgspec.msgpack.Encoder()


_decoder: msgspec.msgpack.Decoder[AnyRecord] = msgspec.msgpack.Decoder(AnyRecord)


encode_record: Final[Callable[[AnyRecord], bytes]] = _encoder.encode
"""Write one record as MessagePack. The function itself: every order waits for it."""


def decode_record(payload: bytes) -> AnyRecord:
    """Read one record; raises UnknownRecord for what this version doesn't know.

    A later version may add kinds, and fields at the end of a kind. The fields are passed over here; a kind that can't
    be read is not, because it may be the one that says that something was sold.
    """
    try:
        return _decoder.decode(payload)
    except msgspec.MsgspecError as error:
        raise UnknownRecord(_why_unknown(payload, error)) from None


def _why_unknown(payload: bytes, error: msgspec.MsgspecError) -> str:
    kind = _kind(payload)
    if kind and kind not in KINDS:
        return (
            f"The journal has a record of the kind {kind!r}, which this version does not know: a later one wrote it. "
            "Use that version."
        )
    return f"The journal has a record that this version can't read ({error}): use the version that wrote it."


def _kind(payload: bytes) -> str:
    """Return a record's first element where it is a text, else an empty one."""
    try:
        elements = msgspec.msgpack.decode(payload)
    except msgspec.MsgspecError:
        return ""
    first = elements[0] if isinstance(elements, list) and elements else ""
    return first if isinstance(first, str) else ""
