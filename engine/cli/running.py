"""Notes where the processes of a home's ``trader run`` answer, so that other commands find them while it runs."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

_NOTE: Final = "run.json"


class Running(msgspec.Struct, frozen=True):
    """One run."""

    pid: int
    exchange_url: str
    """Of its paper exchange; empty where it trades elsewhere."""


@contextlib.contextmanager
def noted(home: Path, running: Running) -> Iterator[None]:
    """Keep the note while the run lasts."""
    note = home / _NOTE
    note.write_bytes(msgspec.json.encode(running))
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def find_running(home: Path) -> Running | None:
    """Return the run of this home; None where none runs, whatever one that was killed has left."""
    try:
        running = msgspec.json.decode((home / _NOTE).read_bytes(), type=Running)
        os.kill(running.pid, 0)
    except (OSError, msgspec.MsgspecError):
        return None
    return running
