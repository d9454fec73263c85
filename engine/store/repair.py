"""Looks a journal over from end to end, and takes damaged parts out of it, keeping everything that is sound."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from engine.core.record_codec import UnknownRecord, decode_record
from engine.store import frames
from engine.store.frames import HEADER
from engine.store.journal import JournalDamaged, JournalError, JournalInUse
from engine.whole_file import replace_file


class Damage(NamedTuple):
    """Bytes that are no sound record, and what stands before and behind them."""

    offset: int
    size: int
    record: int
    """How many sound records stand before it."""
    before: str
    after: str
    """The kinds of the neighbours, with their time where they have one; empty for none."""


class Survey(NamedTuple):
    """What a journal holds."""

    records: int
    size: int
    damages: tuple[Damage, ...]
    """Parts that have sound records behind them: the file was whole once."""
    torn: Damage | None
    """An unfinished end, which the next start cuts off by itself."""


def survey(path: Path) -> Survey:
    """Look a journal over; the engine may be writing to it. Raises JournalError where it is no journal of ours."""
    parts = list(_parts(_read(path)))
    records = sum(isinstance(part, bytes) for part in parts)
    found = [part for part in parts if isinstance(part, Damage)]
    torn = found.pop() if found and not found[-1].after else None
    return Survey(records, path.stat().st_size, tuple(found), torn)


def cut(path: Path) -> tuple[Survey, Path | None]:
    """Take the damaged parts out; return what there was, and where the file is kept as it was.

    Nothing is done to a journal without any: None instead of the copy. Raises JournalInUse while an engine runs,
    JournalError where it is no journal of ours.
    """
    with open(path, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise JournalInUse("An engine writes to this journal: stop it first.") from None
        found = survey(path)
        if not found.damages:
            return found, None
        kept = path.with_name(f"{path.name}.damaged-{found.damages[0].offset}")
        shutil.copy2(path, kept)
        _write(path, _read(path))
    return found, kept


def _write(path: Path, data: bytes) -> None:
    """Put the sound records in place of the file, whole or not at all."""
    sound = (frames.frame(part) for part in _parts(data) if isinstance(part, bytes))
    replace_file(path, chain((HEADER,), sound))


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise JournalError(f"The journal {path} can't be read: {error.strerror}.") from error
    if not data.startswith(HEADER):
        raise JournalDamaged(path, 0, "it does not begin as a journal of this version does", "Name another one.")
    return data


def _parts(data: bytes) -> Iterator[bytes | Damage]:
    """Yield every sound payload, and each stretch between two of them that is none."""
    offset, count, before = len(HEADER), 0, b""
    while offset < len(data):
        payload = frames.payload_at(data, offset)
        if payload is None:
            behind = frames.next_sound(data, offset + 1)
            after = frames.payload_at(data, behind) if behind else None
            yield Damage(offset, (behind or len(data)) - offset, count, _words(before), _words(after or b""))
            offset = behind or len(data)
            continue
        yield payload
        offset, count, before = offset + frames.HEAD_BYTES + len(payload), count + 1, payload


def _words(payload: bytes) -> str:
    """Say which kind of record it is."""
    if not payload:
        return ""
    try:
        return type(decode_record(payload)).__name__
    except UnknownRecord:
        return "a kind that this version does not know"
