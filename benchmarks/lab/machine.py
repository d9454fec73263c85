"""The machine that a figure was measured on, and its cores."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, Final, NamedTuple

_PACKAGES: Final = ("uvloop", "picows", "msgspec", "numba", "numpy", "aiohttp", "ccxt", "orjson")


class Cores(NamedTuple):
    """One core for each side, so that neither waits for the other; None where the system can't bind to one."""

    client: int | None
    server: int | None


def two_cores() -> Cores:
    """Choose a core for the client and another for the server."""
    if not hasattr(os, "sched_getaffinity"):
        return Cores(None, None)
    usable = sorted(os.sched_getaffinity(0))
    return Cores(usable[0], usable[-1]) if len(usable) > 1 else Cores(None, None)


@contextlib.contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Run this process, and what it starts meanwhile, on one core; None for wherever it was."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def describe() -> dict[str, Any]:
    """Name the processor, its cores, the load before the run, Python and the packages that matter."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        **{name: version for name in _PACKAGES if (version := _version(name))},
    }


def cpu_ns(pid: int) -> int:
    """Return the nanoseconds that all threads of a process have run; 0 where the system doesn't say."""
    spent = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):  # a thread may end between the two looks
            spent += int(path.read_text().split()[0])
    return spent


def resident_bytes(pid: int) -> int:
    """Return what a process holds in memory; 0 where the system doesn't say."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _cpu() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
