"""Replaces a file whole or not at all, whatever is killed or loses power meanwhile."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path


def replace_file(path: Path, parts: Iterable[bytes]) -> None:
    """Put what the parts make up in place of the file, on the disk when this returns; only this user may read it.

    Raises OSError; then, as after a crash, the file from before is there as it was.
    """
    fresh = path.with_name(f"{path.name}.part")
    try:
        with open(fresh, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
        sync_folder(path.parent)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk: a new file's could be lost with the power, and it with that."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
