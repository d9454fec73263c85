"""The journal's records, one after the other, folded into rows. The same records give the same rows, whoever folds."""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

from engine.core.record_codec import AnyRecord, decode_record
from engine.core.records import Proposed
from engine.store.frames import HEAD_BYTES, HEADER
from engine.store.ledger.acts import Acts
from engine.store.ledger.books import Books
from engine.store.ledger.rows import Rows
from engine.store.ledger.trail import Trail

_NOTHING: Final = bytes(32)


class Progress(NamedTuple):
    """How far a journal was folded, and what it looked like until there; see ``trail``."""

    records: int
    byte_offset: int
    """Where the next record begins in the file."""
    journal_digest: str
    entries: int
    """Of the audit trail, and the hash of the last one."""
    audit_hash: str


BEGINNING: Final = Progress(0, len(HEADER), _NOTHING.hex(), 0, "")


class Fold:
    """Everything that the rows are made from, as of one record of the journal."""

    def __init__(self) -> None:
        self._records, self._byte_offset, self._digest = 0, len(HEADER), _NOTHING
        self._books = Books()
        self._acts = Acts()
        self._trail = Trail()

    @property
    def progress(self) -> Progress:
        """Where this stands."""
        return Progress(self._records, self._byte_offset, self._digest.hex(), self._trail.entries, self._trail.hash)

    def take(self, payload: bytes, rows: Rows) -> None:
        """Take the next record of the journal; raises UnknownRecord, and then nothing was taken."""
        record = decode_record(payload)
        self._records += 1
        self._byte_offset += HEAD_BYTES + len(payload)
        self._digest = hashlib.sha256(self._digest + payload).digest()
        self._trail.take(self._records, self._digest.hex(), record, self._books, self._acts, rows)
        self._books.take(self._records, record, rows)
        self._acts.take(self._records, record, self._instrument(record), rows)

    def _instrument(self, record: AnyRecord) -> int | None:
        return self._books.instrument_row(record.signal.symbol) if isinstance(record, Proposed) else None
