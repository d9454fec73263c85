"""The journal's bytes: a header, then records of ``length u32 LE | CRC32C u32 LE | payload``.

The checksum is of the length and the payload, so that neither a damaged length nor a page of zeros is a record.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

import google_crc32c

MAGIC: Final = b"TRADERJ"
HEADER: Final = MAGIC + b"\x01"
"""The last byte is the version of the layout."""
LARGEST_RECORD: Final = 1 << 20
"""Bytes of payload; an order's record has a few hundred."""

_HEAD: Final = struct.Struct("<II")
_LENGTH: Final = struct.Struct("<I")
HEAD_BYTES: Final = _HEAD.size
_begun: dict[int, int] = {}
"""What the checksums of payloads of a length begin with: that of the length itself."""


def frame(payload: bytes) -> bytes:
    """Write one record; raises ValueError for a payload of more than ``LARGEST_RECORD`` bytes."""
    if len(payload) > LARGEST_RECORD:
        raise ValueError(f"a record of {len(payload)} bytes is larger than the journal's {LARGEST_RECORD}")
    return _HEAD.pack(len(payload), _checksum(payload)) + payload


def sound(file: BinaryIO) -> Iterator[bytes]:
    """Yield payloads from the file's position to its end, or to the first record that fails its check."""
    while len(head := file.read(HEAD_BYTES)) == HEAD_BYTES:
        length, checksum = _HEAD.unpack(head)
        if length > LARGEST_RECORD:
            return
        payload = file.read(length)
        if len(payload) != length or _checksum(payload) != checksum:
            return
        yield payload


def payload_at(data: bytes, offset: int) -> bytes | None:
    """Return the payload of the sound record that begins at an offset; None where none does."""
    if offset + HEAD_BYTES > len(data):
        return None
    length, checksum = _HEAD.unpack_from(data, offset)
    start = offset + HEAD_BYTES
    if length > min(LARGEST_RECORD, len(data) - start):
        return None
    payload = data[start : start + length]
    return payload if _checksum(payload) == checksum else None


def next_sound(data: bytes, offset: int) -> int:
    """Return where the first sound record begins from an offset above 0 on; 0 for none."""
    places = range(offset, len(data) - HEAD_BYTES + 1)
    return next((place for place in places if payload_at(data, place) is not None), 0)


def has_sound_record(rest: bytes) -> bool:
    """Say whether a sound record begins anywhere behind the first byte."""
    return next_sound(rest, 1) > 0


def _checksum(payload: bytes) -> int:
    """Go on from the checksum of the payload's length, of which there are not many: 0.1 µs less for each record."""
    length = len(payload)
    begun = _begun.get(length)
    if begun is None:
        begun = _begun[length] = google_crc32c.value(_LENGTH.pack(length))
    checksum: int = google_crc32c.extend(begun, payload)
    return checksum
