"""Reads a tape's file line by line, plain or gzip, never all of it in memory."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

from engine.venues.paper.tape.events import TapeError

GZIP_MAGIC: Final = b"\x1f\x8b"


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Go through a file's lines, counted from 1; raises TapeError where it can't be read to its end."""
    number = 0
    try:
        with _opened(path) as file:
            for number, line in enumerate(file, start=1):
                yield number, line
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise TapeError(
            f"{path}, after line {number}: the gzip file is truncated or damaged ({error}). Copy or record it again."
        ) from None


def _opened(path: Path) -> BinaryIO:
    try:
        with path.open("rb") as file:
            is_gzip = file.read(2) == GZIP_MAGIC
        return cast(BinaryIO, gzip.open(path, "rb")) if is_gzip else path.open("rb")
    except OSError as error:
        raise TapeError(f"{path}: {error.strerror or error}. Check the path of the tape.") from None
