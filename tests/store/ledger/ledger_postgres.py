"""A real PostgreSQL, started from the programs that are installed here, and how to wait for what others do."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

SERVER_USER = "postgres" if os.geteuid() == 0 else None
"""PostgreSQL refuses to run as root."""


def wait_for(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    """Wait until a condition set by another process holds."""
    pause, deadline = threading.Event(), time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        pause.wait(0.02)


class Postgres:
    """One server in a folder of its own, on loopback; it can be stopped, frozen and started again."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._log = folder / "log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self._run("initdb", "-D", str(folder / "data"), "-U", "trader", "-A", "trust", "-E", "UTF8", "--no-sync")

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"postgresql://trader@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = ["-D", self._folder / "data", "-p", str(self._port), "-k", self._folder, "-h", "127.0.0.1", "-F"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", *words], stdout=log, stderr=log, user=SERVER_USER, cwd=self._folder
            )
        wait_for(lambda: self._is_ready() or self._process is None or self._process.poll() is not None)
        assert self._is_ready(), self._log.read_text()

    def stop(self) -> None:
        """End it at once, as a machine does that goes down."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(20)
            self._process = None

    def freeze(self, *, on: bool) -> None:
        """Let it stand still with its connections open, or go on: every process of it."""
        assert self._process is not None
        number = signal.SIGSTOP if on else signal.SIGCONT
        for pid in (self._process.pid, *_children(self._process.pid)):
            with contextlib.suppress(ProcessLookupError):  # a worker of its own has ended meanwhile
                os.kill(pid, number)

    def _is_ready(self) -> bool:
        words = ["-q", "-h", "127.0.0.1", "-p", str(self._port), "-U", "trader"]
        return subprocess.run([self._programs / "pg_isready", *words], check=False).returncode == 0

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [self._programs / program, *words], capture_output=True, text=True, user=SERVER_USER, cwd=self._folder
        )
        assert done.returncode == 0, done.stderr


def _children(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(word) for word in found.stdout.split()]
