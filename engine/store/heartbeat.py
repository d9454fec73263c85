"""The engine's pulse: a few bytes of memory, shared through a file, that its timer changes ten times a second.

A hung engine can't fake it. The number is changed by nothing but the timer of the loop that decides: while that loop
is blocked, or the process stopped (SIGSTOP), dead or frozen with its machine, it stands still. A process id, an open
lock or a socket that the kernel accepts connections on would all look alive. And as it is memory, beating goes on while
a disk is full, read-only or slow.

Whoever reads it compares two looks by a clock of its own, so that no two clocks have to agree.
"""

from __future__ import annotations

import mmap
import os
import struct
from enum import IntEnum
from pathlib import Path
from typing import Final, NamedTuple

HEARTBEAT: Final = "heartbeat"
"""The file in the home folder."""
_FORM: Final = struct.Struct("<8sQQQ")
"""Mark, start of the run in ns, phase, beats."""
_MARK: Final = b"BEAT0001"


class HeartbeatError(Exception):
    """The heartbeat's file can't be made; the text says what to do."""


class Phase(IntEnum):
    """How far a run has come."""

    STARTING = 0
    BEATING = 1
    STOPPED = 2
    """It ended on purpose, or was told to."""


class Pulse(NamedTuple):
    """One look at a heartbeat."""

    run_ns: int
    """When the run began: its name."""
    phase: Phase
    beats: int


class Heart:
    """The engine's side: made when a run begins, and beaten by its timer."""

    def __init__(self, home: Path, run_ns: int) -> None:
        """Say that a run is starting; raises HeartbeatError where the file can't be written."""
        self._run_ns = run_ns
        self._beats = 0
        self._is_stopped = False
        try:
            self._memory = _mapped(home / HEARTBEAT)
        except OSError as error:
            raise HeartbeatError(f"The heartbeat can't be written in {home} ({error.strerror}): make room.") from error
        self._write(Phase.STARTING)

    def beat(self) -> None:
        """Change the number; called by the timer of the loop that decides, and from nowhere else."""
        self._beats += 1
        if not self._is_stopped:
            self._write(Phase.BEATING)

    def stop(self) -> None:
        """Say that the run ends on purpose; beats after that count for nothing."""
        self._is_stopped = True
        self._write(Phase.STOPPED)

    def _write(self, phase: Phase) -> None:
        self._memory[:] = _FORM.pack(_MARK, self._run_ns, phase, self._beats)


def _mapped(path: Path) -> mmap.mmap:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        # Written, and not only made longer: a hole would need room on the disk at the first beat.
        os.pwrite(descriptor, _FORM.pack(_MARK, 0, Phase.STARTING, 0), 0)
        return mmap.mmap(descriptor, _FORM.size)
    finally:
        os.close(descriptor)


def read_pulse(home: Path) -> Pulse | None:
    """Look at the heartbeat of a home; None where no engine has run yet."""
    try:
        mark, run_ns, phase, beats = _FORM.unpack((home / HEARTBEAT).read_bytes())
        return Pulse(run_ns, Phase(phase), beats) if mark == _MARK else None
    except (OSError, struct.error, ValueError):
        return None
