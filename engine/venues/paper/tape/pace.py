"""Plays events at their pace: tape time divided by the speed, never drifting, never blocking for long."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable
from typing import Final

from engine.venues.paper.tape.events import TapeEvent

BURST: Final = 64
"""Events handed over before others get a turn: under a millisecond of work."""


async def pace(events: Iterable[TapeEvent], speed: float, listener: Callable[[TapeEvent], None]) -> None:
    """Hand over each event when it is due; a speed of infinity waits for nothing."""
    loop = asyncio.get_running_loop()
    started, burst = loop.time(), 0
    for event in events:
        due = started + event.at_ns / 1e9 / speed if math.isfinite(speed) else 0.0
        wait = due - loop.time() if due else 0.0
        if wait > 0 or burst >= BURST:
            await asyncio.sleep(max(wait, 0.0))
            burst = 0
        listener(event)
        burst += 1
