"""Writes records before their orders leave, and says what may still leave once the journal can't be written (F17).

Of a disk that is full, the journal has a reserve: from then on nothing is bought, but what is held can still be sold,
and each sale is written first. Where that is used up, or the disk can't be written at all, no order leaves any more:
an order that nobody wrote down could be given twice after a restart. Cancels always leave.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from engine.core.record_codec import AnyRecord, encode_record
from engine.core.records import Intended
from engine.core.types import BUY
from engine.store.journal import JournalUnwritable


class Memory(Protocol):
    """Where records go before their orders do: the journal."""

    @property
    def failure(self) -> str:
        """Why nothing can be written any more; empty while all is well."""

    def append(self, payload: bytes) -> None:
        """Write one record; raises JournalUnwritable."""

    def use_reserve(self) -> bool:
        """After a record found no room: give the reserve up for what has to be written; False where that is no help."""


class Pen:
    """Writes to one journal."""

    def __init__(self, journal: Memory) -> None:
        self.trouble = ""
        """Why nothing is bought any more, until the engine is restarted; empty while all is well."""
        self.on_trouble: Callable[[str, bool], None] = _nothing
        """Called with what the matter is, and whether nothing at all can be written any more."""
        self._journal = journal

    def write(self, record: AnyRecord) -> bool:
        """Write a record; False where it is not written, and then nothing that rests on it may leave."""
        if self._journal.failure:
            return False
        try:
            self._journal.append(encode_record(record))
        except JournalUnwritable as error:
            return self._rescue(record, str(error))
        return True

    def health(self) -> tuple[str, bool, str]:
        """Say how the journal is: its name, whether it is well, and what is wrong."""
        trouble = self.trouble or self._journal.failure
        return "journal", not trouble, trouble or "written"

    def _rescue(self, record: AnyRecord, why: str) -> bool:
        """Go on with the reserve where there is one; an entry is not written, so that it can't leave."""
        self.trouble, has_room = why, self._journal.use_reserve()
        self.on_trouble(why, not has_room)
        return has_room and not _is_entry(record) and self.write(record)


def _is_entry(record: AnyRecord) -> bool:
    return isinstance(record, Intended) and record.order.side is BUY


def _nothing(why: str, is_gone: bool) -> None:
    """Stand in until somebody listens."""
