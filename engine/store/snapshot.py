"""What the journal came to, kept in a file beside it: written whole or not at all, and believed only where it fits.

The file is ``TRADERS``, the version of its layout, ``length u64 LE | CRC32C u32 LE``, and as MessagePack what it stands
on and what was kept. The journal itself is never rewritten: a snapshot that is lost costs the next start time, and
nothing else.
"""

from __future__ import annotations

import hashlib
import struct
from functools import cache
from pathlib import Path
from typing import Final

import google_crc32c
import msgspec

import engine
from engine.whole_file import replace_file

FILE: Final = "snapshot.bin"
MAGIC: Final = b"TRADERS"
HEADER: Final = MAGIC + b"\x01"
"""The last byte is the version of the layout."""
_HEAD: Final = struct.Struct("<QI")
_CHUNK: Final = 1 << 20


class SnapshotUnusable(Exception):
    """A snapshot that is to be passed over; the text says why."""


class Stand(msgspec.Struct, frozen=True):
    """What a snapshot stands on."""

    program: str
    """See ``program_digest``: another one may fold the same records to something else."""
    units: str
    """A digest of the symbols that were followed, and what their ticks and lots are worth."""
    offset: int
    """Bytes of the journal that are folded into it."""
    digest: str
    """SHA-256 of those bytes, in hex."""


class Snapshot(msgspec.Struct, frozen=True):
    """A snapshot, as the file has it."""

    stand: Stand
    kept: bytes
    """What the core makes of it, see ``core.kept``."""


_decoder: Final = msgspec.msgpack.Decoder(Snapshot)


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Put a snapshot in place of the one that is there, on the disk when this returns; raises OSError.

    Whenever it is interrupted, the one from before stays as it is.
    """
    payload = msgspec.msgpack.encode(snapshot)
    head = HEADER + _HEAD.pack(len(payload), google_crc32c.value(payload))
    replace_file(path, (head, payload))


def read_snapshot(path: Path, journal: Path, program: str) -> Snapshot | None:
    """Return the snapshot where it is whole, of this program, and stands on this journal; None where there is none.

    The part of the journal that it stands on is read and compared with its digest. Raises SnapshotUnusable.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SnapshotUnusable(f"it can't be read ({error.strerror})") from None
    snapshot = _decoded(data)
    if snapshot.stand.program != program:
        raise SnapshotUnusable("another version of the program made it")
    if digest_of(journal, snapshot.stand.offset) != snapshot.stand.digest:
        raise SnapshotUnusable("the journal has changed, or is another one")
    return snapshot


def digest_of(journal: Path, end: int) -> str:
    """Return SHA-256 over the first bytes of a journal, in hex; raises SnapshotUnusable where it has fewer."""
    digest, left = hashlib.sha256(), end
    with open(journal, "rb") as file:
        while left:
            chunk = file.read(min(left, _CHUNK))
            if not chunk:
                raise SnapshotUnusable(f"it is newer than the journal, which lacks {left} of its {end} bytes")
            digest.update(chunk)
            left -= len(chunk)
    return digest.hexdigest()


@cache
def program_digest() -> str:
    """Return 16 hex digits of SHA-256 over what decides how a record is folded: the release, the core and the wire."""
    digest, root = hashlib.sha256(engine.__version__.encode()), Path(engine.__file__).parent
    for path in sorted((*root.glob("core/**/*.py"), *root.glob("wire/**/*.py"))):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _decoded(data: bytes) -> Snapshot:
    start = len(HEADER) + _HEAD.size
    if not data.startswith(MAGIC) or len(data) < start:
        raise SnapshotUnusable("it does not begin as a snapshot does")
    if not data.startswith(HEADER):
        raise SnapshotUnusable(f"its layout has version {data[len(MAGIC)]}, and this program knows {HEADER[-1]}")
    length, checksum = _HEAD.unpack_from(data, len(HEADER))
    payload = data[start:]
    if len(payload) != length or google_crc32c.value(payload) != checksum:
        raise SnapshotUnusable("it is damaged")
    try:
        return _decoder.decode(payload)
    except msgspec.MsgspecError:
        raise SnapshotUnusable("what it says can't be read") from None
