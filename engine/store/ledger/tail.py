"""Reads a journal that another process is writing, from a place that was reached before."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Final

from engine.store import frames
from engine.store.frames import HEADER, LARGEST_RECORD
from engine.store.ledger.errors import LedgerForeign

_CHUNK: Final = 2 * LARGEST_RECORD
"""Bytes read at once; the largest record and its head fit."""


class Tail:
    """A journal by its path; it need not be there yet. Nothing is kept open, so that it may be moved away."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def size(self) -> int:
        """Return the file's size in bytes; 0 where there is none yet, or none that can be looked at."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def read(self, offset: int) -> list[bytes]:
        """Return the sound records from an offset on, as many as fit into a few MiB; none where there are none yet.

        What they were read from is on the disk when this returns: a power cut can't take from the journal what the
        ledger has. A record that is just being written is left for the next time. Raises LedgerForeign where the file
        is no journal of ours, or ends before the offset.
        """
        if self.size() <= offset:
            self._refuse_shorter(offset)
            return []
        with open(self.path, "rb") as file:
            header = file.read(len(HEADER))
            if header != HEADER:
                raise LedgerForeign(f"{self.path} does not begin as a journal of this version does: name another one.")
            file.seek(offset)
            chunk = file.read(_CHUNK)
            payloads = list(frames.sound(io.BytesIO(chunk)))
            if payloads:
                os.fsync(file.fileno())
        return payloads

    def is_damaged(self, offset: int) -> bool:
        """Say whether sound records stand behind something at the offset that is none: it will never become one."""
        if self.size() <= offset:
            return False
        with open(self.path, "rb") as file:
            file.seek(offset)
            chunk = file.read(_CHUNK)
        return next(frames.sound(io.BytesIO(chunk)), None) is None and frames.has_sound_record(chunk)

    def _refuse_shorter(self, offset: int) -> None:
        size = self.size()
        if size < offset and offset > len(HEADER):
            raise LedgerForeign(
                f"The ledger has {offset} bytes of the journal {self.path}, which has {size}: it is another journal, "
                "or was cut. See `trader audit --verify`, then `trader ledger rebuild`."
            )
