"""Ends the children of ``trader run`` should it be killed without a chance to do so itself: a process that waits.

It is told of process groups over its standard input. When that ends, whoever held the other end is gone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from typing import Final

_GRACE_S: Final = 2.0
_POLL_S: Final = 0.05


class Guardian:
    """The supervisor's end: starts the guardian and tells it which process groups are alive."""

    def __init__(self) -> None:
        """Start it, in a session of its own, so that Ctrl-C doesn't reach it."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "engine.cli.guardian"], stdin=subprocess.PIPE, start_new_session=True
        )

    def add(self, group: int) -> None:
        """Have a process group ended if this process goes."""
        self._tell(f"+{group}")

    def remove(self, group: int) -> None:
        """Forget a process group that has ended."""
        self._tell(f"-{group}")

    def dismiss(self) -> None:
        """Let it go: it ends what it still knows of."""
        self._process.communicate()

    def _tell(self, line: str) -> None:
        if self._process.stdin is not None and self._process.poll() is None:
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()


def signal_group(group: int, number: int) -> bool:
    """Send a signal to a process group and say whether there was one; 0 only asks."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
        return False
    return True


def remaining(lines: Iterable[str]) -> set[int]:
    """Read ``+GROUP`` and ``-GROUP`` until the lines end, and return the groups still alive then."""
    groups: set[int] = set()
    for line in lines:
        (groups.add if line.startswith("+") else groups.discard)(int(line[1:]))
    return groups


def end(groups: set[int], grace_s: float = _GRACE_S) -> None:
    """Ask the groups to end, and kill those that don't within the grace."""
    deadline = time.monotonic() + grace_s
    alive = {group for group in groups if signal_group(group, signal.SIGTERM)}
    while alive and time.monotonic() < deadline:
        time.sleep(_POLL_S)
        alive = {group for group in alive if signal_group(group, 0)}
    for group in alive:
        signal_group(group, signal.SIGKILL)


if __name__ == "__main__":
    end(remaining(sys.stdin))
