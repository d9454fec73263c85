"""The supervisor: what dies is started again, more and more patiently, and everything ends when it should."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from engine.cli.guardian import remaining
from engine.cli.supervisor import BackOff, Child, Supervisor, rotate, tail

AT_ONCE = BackOff(first_s=0.01, longest_s=0.02, well_s=60.0)


class Told:
    """What the supervisor said, and a way to wait for more of it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._more = asyncio.Event()

    def __call__(self, text: str) -> None:
        self.lines.append(text)
        self._more.set()

    async def until(self, is_enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(30.0):
            while not is_enough():
                self._more.clear()
                await self._more.wait()


@asynccontextmanager
async def supervising(back_off: BackOff = AT_ONCE) -> AsyncIterator[tuple[Supervisor, Told]]:
    """Give a supervisor that is stopped at the end, with a short grace."""
    told = Told()
    supervisor = Supervisor(told, back_off)
    try:
        yield supervisor, told
    finally:
        await supervisor.stop(grace_s=0.3)


def child(tmp_path: Path, code: str, last_codes: set[int] | None = None) -> Child:
    """Describe a tiny Python process."""
    argv = (sys.executable, "-u", "-S", "-c", code)
    return Child("tiny", argv, dict(os.environ), tmp_path / "logs" / "tiny.log", frozenset(last_codes or ()))


async def test_it_says_of_each_child_whether_it_runs(tmp_path: Path) -> None:
    async with supervising() as (supervisor, told):
        keeper = supervisor.start(child(tmp_path, "raise SystemExit(1)", {3}))
        await told.until(lambda: len(told.lines) > 1)
        (part,) = supervisor.health()
        assert part.name == "tiny"
        assert "started again" in part.detail
        keeper.cancel()
    async with supervising() as (supervisor, _):
        assert await supervisor.start(child(tmp_path, "raise SystemExit(3)", {3})) == 3
        (part,) = supervisor.health()
        assert (part.is_ok, part.detail.partition(":")[0]) == (False, "can't run")


class Pipe:
    """A named pipe that child processes write to and hold: its end says that all of them are gone."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = str(path)
        self._read_end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._own_end = os.open(path, os.O_WRONLY)
        self._reader = asyncio.StreamReader()

    async def __aenter__(self) -> Pipe:
        def protocol() -> asyncio.StreamReaderProtocol:
            return asyncio.StreamReaderProtocol(self._reader)

        pipe = os.fdopen(self._read_end, "rb", 0)
        self._transport, _ = await asyncio.get_running_loop().connect_read_pipe(protocol, pipe)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._own_end >= 0:
            os.close(self._own_end)
        self._transport.close()

    async def number(self) -> int:
        """Return the number on the next line."""
        return int(await asyncio.wait_for(self._reader.readline(), 30.0))

    async def all_gone(self) -> None:
        """Wait until no other process holds the pipe."""
        os.close(self._own_end)
        self._own_end = -1
        await asyncio.wait_for(self._reader.read(), 30.0)


def says_its_pid(pipe: Pipe, then: str) -> str:
    """Write a program that holds the pipe as ``held``, tells its process id and goes on with ``then``."""
    return (
        f"import os, signal, subprocess, sys, time\nheld = open({pipe.path!r}, 'w')\n"
        f"print(os.getpid(), file=held, flush=True)\n{then}\n"
    )


_SLEEPER = "subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(60)'], stdout=held)"


async def test_a_child_that_dies_is_started_again_and_its_last_lines_are_told(tmp_path: Path) -> None:
    """Each death is told with its exit code, the wait and the end of the log."""
    async with supervising() as (supervisor, told):
        supervisor.start(child(tmp_path, "print('the reason'); raise SystemExit(7)"))
        await told.until(lambda: len(told.lines) >= 3)
    assert "tiny ended (exit code 7); starting it again in 0.01 s" in told.lines[0]
    assert "starting it again in 0.02 s" in told.lines[1]
    assert "the reason" in told.lines[0]


async def test_of_a_log_in_json_only_the_words_are_told(tmp_path: Path) -> None:
    """A person reads what happened, not how a machine files it."""
    async with supervising() as (supervisor, told):
        line = '{"ts":"2026-01-01","level":"error","process":"tiny","text":"the disk is full"}'
        supervisor.start(child(tmp_path, f"print({line!r}); raise SystemExit(1)"))
        await told.until(lambda: bool(told.lines))
    assert told.lines[0].endswith("\n  error: the disk is full")


async def test_a_child_that_is_killed_is_started_again(tmp_path: Path) -> None:
    """A signal from outside is a death like any other."""
    async with Pipe(tmp_path / "pipe") as pipe:
        async with supervising() as (supervisor, told):
            supervisor.start(child(tmp_path, says_its_pid(pipe, "time.sleep(60)")))
            first = await pipe.number()
            os.kill(first, signal.SIGKILL)
            assert await pipe.number() != first
            assert "tiny ended (signal SIGKILL)" in told.lines[0]
        await pipe.all_gone()


async def test_a_child_that_says_it_is_hopeless_is_left_alone(tmp_path: Path) -> None:
    """An exit code that means "my settings are wrong" ends the keeping, and is handed on."""
    async with supervising() as (supervisor, told):
        keeper = supervisor.start(child(tmp_path, "raise SystemExit(2)", {2}))
        assert await asyncio.wait_for(keeper, 30.0) == 2
    assert told.lines == []


async def test_a_child_that_ran_before_is_not_given_up_for_the_same_code(tmp_path: Path) -> None:
    """Later on the same code is a passing trouble: trading must not end because of it."""
    once = tmp_path / "once"
    code = f"import os; n = os.path.exists({str(once)!r}); open({str(once)!r}, 'w'); raise SystemExit(2 if n else 1)"
    async with supervising() as (supervisor, told):
        keeper = supervisor.start(child(tmp_path, code, {2}))
        await told.until(lambda: len(told.lines) >= 3)
        assert not keeper.done()
    assert "exit code 2" in told.lines[1]


async def test_stopping_ends_grandchildren_and_those_who_refuse(tmp_path: Path) -> None:
    """A child that ignores SIGTERM, and the child that it started, are both gone after the grace."""
    async with Pipe(tmp_path / "pipe") as pipe:
        async with supervising() as (supervisor, _):
            stubborn = "signal.signal(signal.SIGTERM, signal.SIG_IGN); " + _SLEEPER
            supervisor.start(
                child(tmp_path, says_its_pid(pipe, f"{stubborn}; print(0, file=held, flush=True); time.sleep(60)"))
            )
            assert await pipe.number() > 0
            assert await pipe.number() == 0
            began = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - began < 30.0
        await pipe.all_gone()


async def test_a_dead_child_leaves_no_grandchild(tmp_path: Path) -> None:
    """What a dead child had started is ended before it is started again, so that no port stays taken."""
    async with Pipe(tmp_path / "pipe") as pipe, supervising(BackOff(first_s=60.0)) as (supervisor, told):
        supervisor.start(child(tmp_path, says_its_pid(pipe, f"{_SLEEPER}; raise SystemExit(1)")))
        await told.until(lambda: len(told.lines) >= 1)
        await pipe.all_gone()


async def test_stopping_does_not_wait_for_a_restart(tmp_path: Path) -> None:
    """A child that waits for its next start is not started any more."""
    async with supervising(BackOff(first_s=60.0)) as (supervisor, told):
        keeper = supervisor.start(child(tmp_path, "raise SystemExit(1)"))
        await told.until(lambda: len(told.lines) >= 1)
    assert keeper.done()


def test_the_back_off_doubles_up_to_its_longest_and_is_reset_by_a_good_run() -> None:
    """0.5, 1, 2 … 30 s; after 60 s without trouble 0.5 s again."""
    back_off, waits = BackOff(), [0.0]
    for _ in range(9):
        waits.append(back_off.next_s(waits[-1], ran_s=1.0))
    assert waits[1:] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    assert back_off.next_s(30.0, ran_s=60.0) == 0.5


async def test_the_guardian_ends_the_children_of_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    """Kill -9 of the supervisor leaves no process behind."""
    async with Pipe(tmp_path / "pipe") as pipe:
        says = "import time; time.sleep(1)\n" + says_its_pid(pipe, "time.sleep(60)")
        program = f"""
import asyncio, os, sys
from pathlib import Path
from engine.cli.supervisor import Child, Supervisor

async def main():
    # It speaks only when the supervisor has had time to tell the guardian of it.
    argv = (sys.executable, "-S", "-c", {says!r})
    await Supervisor(print).start(Child("tiny", argv, dict(os.environ), Path({str(tmp_path / "tiny.log")!r})))

asyncio.run(main())
"""
        supervisor = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
        assert await pipe.number() > 0
        supervisor.kill()
        await pipe.all_gone()
        await supervisor.wait()


def test_the_guardian_forgets_what_ended() -> None:
    """Only groups that were told of and not taken back remain."""
    assert remaining(["+12\n", "+13\n", "-12\n", "-99\n"]) == {13}


def test_logs_are_rotated_and_the_oldest_dropped(tmp_path: Path) -> None:
    """A new start begins a new log; five earlier ones are kept."""
    log = tmp_path / "logs" / "a.log"
    for number in range(8):
        rotate(log)
        log.write_text(f"run {number}\n")
    kept = sorted(path.name for path in log.parent.iterdir())
    assert kept == ["a.log", *(f"a.log.{number}" for number in range(1, 6))]
    assert (log.parent / "a.log.1").read_text() == "run 6\n"


def test_the_tail_of_a_log_is_its_last_lines_that_hold_anything(tmp_path: Path) -> None:
    """Empty lines are skipped, a long log is not read whole, and no log is no lines."""
    log = tmp_path / "a.log"
    log.write_bytes(b"x" * 20_000 + b"\none\n\ntwo\xff\n\n")
    assert tail(log, 2) == ["one", "two\ufffd"]
    assert tail(tmp_path / "none.log") == []
