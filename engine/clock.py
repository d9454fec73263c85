"""The one place that reads the wall clock; everything else is handed ``now_ns`` or finds time inside events."""

from __future__ import annotations

import time


def now_ns() -> int:
    """Return the wall clock in nanoseconds since the Unix epoch."""
    return time.time_ns()
