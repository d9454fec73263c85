"""One ``trader run`` for each home folder: two would trade on one journal."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from engine.cli.refused import Refused


@contextlib.contextmanager
def only_run(home: Path) -> Iterator[None]:
    """Hold the home's lock; raises Refused when another run holds it. The system frees it however that one ends."""
    with _opened(home) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Refused(
                "ALREADY_RUNNING",
                f"`trader run` is running already in {home} (process {lock.read().strip() or 'unknown'}): "
                "stop it first, or set TRADER_HOME to another folder.",
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _opened(home: Path) -> IO[str]:
    try:
        home.mkdir(parents=True, exist_ok=True)
        return (home / "run.lock").open("a+")
    except OSError as error:
        words = f"Nothing can be written in {home} ({error.strerror})"
        raise Refused("BAD_HOME", f"{words}: set TRADER_HOME to a folder where that is possible.") from None
