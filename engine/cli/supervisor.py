"""Keeps child processes running: restarts what dies, with back-off, and ends all of them with their grandchildren."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from engine.cli.guardian import Guardian, signal_group
from engine.wire.views import HealthView

_KEPT_LOGS: Final = 5
_TAIL_BYTES: Final = 8_192


class _Entry(msgspec.Struct):
    """A line of our processes' logs: ``{"ts":"…","level":"warning","process":"engine","text":"…", …}``."""

    level: str
    text: str


@dataclass(frozen=True)
class Child:
    """One process to keep running."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    log: Path
    """Where its standard output and error go."""
    last_codes: frozenset[int] = frozenset()
    """Exit codes by which it says, soon after its first start, that starting it again would not help."""


@dataclass(frozen=True)
class BackOff:
    """How long to wait before the next start: twice as long each time, until it ran well for a while."""

    first_s: float = 0.5
    longest_s: float = 30.0
    well_s: float = 60.0

    def next_s(self, last_s: float, ran_s: float) -> float:
        """Return the wait after a child that ran for ``ran_s`` and was waited for ``last_s`` before."""
        return self.first_s if last_s == 0.0 or ran_s >= self.well_s else min(last_s * 2, self.longest_s)


class Supervisor:
    """Runs children in process groups of their own; ``say`` tells a person what happened."""

    def __init__(self, say: Callable[[str], None], back_off: BackOff | None = None) -> None:
        """Begin without children; the guardian ends them should this process be killed."""
        self._say = say
        self._back_off = back_off or BackOff()
        self._keepers: list[asyncio.Task[int]] = []
        self._groups: set[int] = set()
        self._stopping = asyncio.Event()
        self._guardian = Guardian()
        self._states: dict[str, tuple[bool, str]] = {}
        """By the name of each child: whether it runs, and how that came."""

    def health(self) -> tuple[HealthView, ...]:
        """Say of each child whether it runs."""
        return tuple(HealthView(name, is_ok, words) for name, (is_ok, words) in self._states.items())

    def start(self, child: Child) -> asyncio.Task[int]:
        """Start a child and keep it running; the task ends with its exit code when that is one of the last ones."""
        rotate(child.log)
        keeper = asyncio.create_task(self._keep(child), name=child.name)
        self._keepers.append(keeper)
        return keeper

    async def stop(self, grace_s: float = 2.0) -> None:
        """Ask every child to end, and after ``grace_s`` end what is left, grandchildren included."""
        self._stopping.set()
        for number, wait_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, None)):
            for group in self._groups:
                signal_group(group, number)
            if self._keepers:
                await asyncio.wait(self._keepers, timeout=wait_s)
        self._guardian.dismiss()

    async def _keep(self, child: Child) -> int:
        loop, wait_s, ended = asyncio.get_running_loop(), 0.0, 0
        while True:
            began = loop.time()
            again = f", started again {ended} times: see {child.log}" if ended else ""
            self._states[child.name] = True, f"runs{again}"
            code = await self._run_once(child)
            ran_s = loop.time() - began
            ended += 1
            is_hopeless = code in child.last_codes and wait_s == 0.0 and ran_s < self._back_off.well_s
            if is_hopeless or self._stopping.is_set():
                self._states[child.name] = False, f"can't run: see {child.log}"
                return code
            wait_s = self._back_off.next_s(wait_s, ran_s)
            self._states[child.name] = False, f"ended ({_how(code)}), is started again in {wait_s:g} s: see {child.log}"
            self._say(f"{child.name} ended ({_how(code)}); starting it again in {wait_s:g} s. {_last_words(child.log)}")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait_s)
                return code

    async def _run_once(self, child: Child) -> int:
        with child.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *child.argv,
                env=dict(child.env),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._groups.add(process.pid)
        self._guardian.add(process.pid)
        if self._stopping.is_set():
            signal_group(process.pid, signal.SIGTERM)
        code = await process.wait()
        # Its own children would otherwise live on, and hold its ports.
        signal_group(process.pid, signal.SIGKILL)
        self._guardian.remove(process.pid)
        self._groups.discard(process.pid)
        return code


def rotate(log: Path) -> None:
    """Begin a new log, and keep the last few under the names ``….log.1`` (the newest) and on."""
    log.parent.mkdir(parents=True, exist_ok=True)
    for number in range(_KEPT_LOGS - 1, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number + 1}"))
    if log.exists():
        log.replace(log.with_name(f"{log.name}.1"))


def tail(log: Path, lines: int = 5) -> list[str]:
    """Return the last lines of a log that hold anything."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - _TAIL_BYTES))
            text = stream.read().decode(errors="replace")
    except OSError:
        return []
    return [line for line in text.splitlines() if line.strip()][-lines:]


def _last_words(log: Path) -> str:
    lines = [_readable(line) for line in tail(log)]
    return "\n".join([f"Last lines of {log}:", *(f"  {line}" for line in lines)]) if lines else f"{log} is empty."


def _readable(line: str) -> str:
    """Leave of a line of our JSON logs what a person reads; any other line is one already."""
    try:
        entry = msgspec.json.decode(line, type=_Entry)
    except msgspec.MsgspecError:
        return line
    return f"{entry.level}: {entry.text}"


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
