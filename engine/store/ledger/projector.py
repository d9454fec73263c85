"""Projects the journal into the ledger: reads on where it stands, and writes rows and progress together."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from engine.store.ledger.database import Ledger
from engine.store.ledger.errors import LedgerForeign, LedgerOvertaken
from engine.store.ledger.fold import Fold, Progress
from engine.store.ledger.rows import Rows
from engine.store.ledger.tail import Tail

BATCH_RECORDS: Final = 2_000
"""Written in one transaction at most."""


class _Batch(NamedTuple):
    """Rows that wait for their transaction."""

    before: Progress
    after: Progress
    rows: Rows


class Projector:
    """Follows one journal into one ledger. What a step could not write, the next one writes."""

    def __init__(self, journal: Path, ledger: Ledger) -> None:
        """Begin; neither has to be there yet."""
        self._tail = Tail(journal)
        self._ledger = ledger
        self._fold: Fold | None = None
        self._batch: _Batch | None = None

    @property
    def progress(self) -> Progress | None:
        """What is in the ledger for certain; None before the first step."""
        if self._batch is not None:
            return self._batch.before
        return self._fold.progress if self._fold else None

    @property
    def behind_bytes(self) -> int:
        """How much of the journal is not in the ledger yet."""
        return max(self._tail.size() - (self.progress.byte_offset if self.progress else 0), 0)

    def step(self) -> bool:
        """Project what has been added, at most a batch; return False when there was nothing.

        Raises LedgerDown, LedgerForeign, LedgerOvertaken, UnknownRecord, OSError; it may be called again after any.
        """
        fold = self._fold or self._begin()
        if self._batch is None:
            self._batch = self._read(fold)
        if self._batch is None:
            return False
        self._write(self._batch)
        self._batch = None
        return True

    def check(self) -> None:
        """Look whether journal and ledger are still those that were followed until now.

        Raises LedgerForeign for a journal that is damaged; somebody else's work on the ledger is followed.
        """
        if self._fold is None or self._batch is not None:
            return
        if self._ledger.progress() != self._fold.progress:
            self.forget()
        elif self._tail.is_damaged(self._fold.progress.byte_offset):
            raise LedgerForeign(
                f"The journal {self._tail.path} is damaged at offset {self._fold.progress.byte_offset}: sound records "
                "stand behind what is none. The engine refuses it at its next start, and says how to mend it."
            )

    def forget(self) -> None:
        """Begin anew at the next step, with what the database says then."""
        self._fold = self._batch = None

    def _begin(self) -> Fold:
        """Fold what is in the ledger already, without writing: orders and positions go on from there."""
        stored = self._ledger.progress()
        if stored is None:
            stored = self._ledger.reset()
        self._fold = folded(self._tail, stored)
        return self._fold

    def _write(self, batch: _Batch) -> None:
        stored = self._ledger.progress()
        if stored == batch.after:
            return  # the transaction was done, only its end was not heard
        try:
            if stored != batch.before:
                raise LedgerOvertaken("Somebody else has written to the ledger: looking at it anew.")
            self._ledger.write(batch.rows, batch.before, batch.after)
        except LedgerOvertaken:
            self.forget()
            raise

    def _read(self, fold: Fold) -> _Batch | None:
        before, rows = fold.progress, Rows()
        payloads = self._tail.read(before.byte_offset)[:BATCH_RECORDS]
        try:
            for payload in payloads:
                fold.take(payload, rows)
        finally:
            # What was taken before an unknown record is written before it is complained of.
            if fold.progress.records > before.records:
                self._batch = _Batch(before, fold.progress, rows)
        return self._batch


def folded(tail: Tail, wanted: Progress) -> Fold:
    """Fold a journal's records up to a progress; raises LedgerForeign where it comes to something else there."""
    fold = Fold()
    while fold.progress.records < wanted.records:
        payloads = tail.read(fold.progress.byte_offset)
        for payload in payloads[: wanted.records - fold.progress.records]:
            fold.take(payload, Rows())
        if not payloads:
            break
    if fold.progress != wanted:
        raise LedgerForeign(
            f"The journal {tail.path} is not the one that the ledger was made from, or it was changed since. "
            "See `trader audit --verify`, then `trader ledger rebuild`."
        )
    return fold
