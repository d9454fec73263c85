"""Takes records the way the journal does and keeps none: what a rehearsal writes into."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

from engine.store import frames
from engine.store.journal import JournalUnwritable

MOST_BYTES: Final = 1 << 16
"""Written before it begins anew: a few pages, which never get old enough to be written to the disk."""


class ScratchJournal:
    """A file without a name in the journal's folder, so that the same file system is called as for the journal."""

    def __init__(self, folder: Path) -> None:
        """Begin; raises JournalUnwritable where the folder can't be written to."""
        self.failure = ""
        try:
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  closed by ``close``
        except OSError as error:
            raise JournalUnwritable(f"Nothing can be rehearsed in {folder}: {error.strerror}.") from error
        self._size = 0

    def use_reserve(self) -> bool:
        """Have none: a rehearsal that finds no room just ends."""
        return False

    def append(self, payload: bytes) -> None:
        """Write one record where nobody will read it; raises JournalUnwritable when it isn't written."""
        try:
            if self._size > MOST_BYTES:
                os.lseek(self._file.fileno(), 0, os.SEEK_SET)
                os.ftruncate(self._file.fileno(), 0)
                self._size = 0
            self._size += os.write(self._file.fileno(), frames.frame(payload))
        except OSError as error:
            self.failure = f"the scratch journal can't be written: {error.strerror}"
            raise JournalUnwritable(self.failure) from error

    def close(self) -> None:
        """Let go of the file; its bytes are gone with that."""
        self._file.close()
