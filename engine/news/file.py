"""A source that is a file: one JSON item a line, followed as it grows."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Final

from engine.news.source import LONGEST_ITEM, BadItem, Ear, read_item

POLL_S: Final = 0.2
READ_BYTES: Final = 1 << 13
"""Read at one look, some fifty items that take 8 ms; what is left waits until everything else was heard."""


class FileSource:
    """Follows a file from its beginning; one that was replaced or shortened is read from the start again.

    A last line without its newline waits for the rest. A file that isn't there yet is waited for.
    """

    def __init__(self, name: str, path: Path | str, *, poll_s: float = POLL_S) -> None:
        """Prepare."""
        self._name = name
        self._path = Path(path)
        self._poll_s = poll_s
        self._seen: tuple[int, int, int] | None = None
        self._offset = 0
        self._line_number = 0
        self._partial = b""

    @property
    def name(self) -> str:
        """Return what people call it."""
        return self._name

    async def listen(self, ear: Ear) -> None:
        """Follow the file until cancelled."""
        while True:
            has_more = self.look(ear)
            await asyncio.sleep(0 if has_more else self._poll_s)

    def look(self, ear: Ear) -> bool:
        """Read what is new since the last look, at most ``READ_BYTES`` of it; True where there may be more."""
        try:
            data = self._read_on()
        except OSError as error:
            ear.on_trouble(f"{self._path} can't be read ({error.strerror}); waiting for it")
            return False
        ear.on_contact()
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            self._line_number += 1
            self._tell(ear, line)
        if len(self._partial) > LONGEST_ITEM:
            # Its beginning is dropped, so what is left when its newline comes is told as a bad line of this number.
            self._partial = self._partial[-LONGEST_ITEM:]
        return len(data) == READ_BYTES

    def _read_on(self) -> bytes:
        found = os.stat(self._path)
        now = (found.st_ino, found.st_size, found.st_mtime_ns)
        if now == self._seen and self._offset == found.st_size:
            return b""
        if self._seen is not None and (found.st_ino != self._seen[0] or found.st_size < self._offset):
            self._start_over()
        with open(self._path, "rb") as file:
            file.seek(self._offset)
            data = file.read(READ_BYTES)
        self._seen = now
        self._offset += len(data)
        return data

    def _start_over(self) -> None:
        self._offset = 0
        self._line_number = 0
        self._partial = b""

    def _tell(self, ear: Ear, line: bytes) -> None:
        if not line.strip():
            return
        try:
            item = read_item(line)
        except BadItem as error:
            ear.on_bad_item(f"{self._path}, line {self._line_number}: {error}")
        else:
            ear.on_item(item)
