"""Lets a process that draws or computes for another end with it, however the other ends."""

from __future__ import annotations

import multiprocessing
import os
import threading
from multiprocessing import connection


def end_with_parent() -> None:
    """Let this process end as soon as the one that spawned it has ended, also if that was killed.

    Call it in a process of `multiprocessing`. The pool's own worker waits for work for ever: it holds both ends of the
    queue, so it never hears that nobody writes any more, and keeps open whatever else it inherited.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    threading.Thread(target=_end_after, args=(parent.sentinel,), name="end with the parent", daemon=True).start()


def _end_after(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(0)  # nothing is left that anybody would want
