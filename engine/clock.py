"""The one place that reads the wall clock; everything else is handed ``now_ns`` or finds time inside events."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

_STEADY: Final[int] = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Nobody can set it, and it goes on while the machine sleeps (macOS's CLOCK_MONOTONIC does that too)."""


def anchored(wall_ns: Callable[[], int], read_ns: Callable[[int], int], clock: int) -> Callable[[], int]:
    """Return a clock that shows the wall's time of this moment, and from then on only what has passed since.

    A wall clock that is set while we run (F14) would make an order look older than it is, and "no such order" be
    believed too soon. How far the venue's clock is from ours is measured anyway (C17), against this one.
    """
    began_ns = wall_ns() - read_ns(clock)
    return lambda: read_ns(clock) + began_ns


now_ns: Final = anchored(time.time_ns, time.clock_gettime_ns, _STEADY)
"""Return nanoseconds since the Unix epoch, never running backwards. 0.10 µs, where ``time.time_ns`` takes 0.05."""
# The function itself: a Python function around it costs as much again, for every frame.
ticks_ns: Final[Callable[[], int]] = time.perf_counter_ns
"""Return nanoseconds of a clock that only runs forward, from no particular moment: for how long something takes."""
