"""F28: ten times the message rate, and as much as the machine can do."""

from __future__ import annotations

import gc
import resource
from math import inf
from pathlib import Path

import pytest
from fault_bench import IS_FULL, Scene, quiet, trading

from engine.core.types import OrderState

BUSY = quiet(orders_per_s=100, max_order_pct=50.0, max_position_pct=100.0, max_gross_pct=100.0, collar_pct=20.0)
TEN_TIMES = 200.0
"""The story's usual pace is 20: 10 depth updates and 7 trades a second."""
FRAMES = {TEN_TIMES: 20_000, inf: 400_000} if IS_FULL else {TEN_TIMES: 500, inf: 5_000}
"""By pace."""
MOST_GROWTH = 24 * 1024 * 1024
ORDERS = 20


def _memory() -> int:
    """Return the memory of this process in bytes, engine and exchange together; the most it has had, outside Linux."""
    gc.collect()
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _frames(it: Scene) -> int:
    assert it.venue.feed is not None
    return it.venue.feed.reader.frames


@pytest.mark.parametrize("speed", [TEN_TIMES, inf])
async def test_f28_ten_times_the_rate(tmp_path: Path, speed: float) -> None:
    """Memory stays where it was, the book in sync, and of our own orders every report arrives."""
    async with trading(tmp_path, BUSY, speed=speed) as it:
        await it.until(lambda: _frames(it) > 500)
        before, began, names = _memory(), _frames(it), []
        for number in range(ORDERS):
            due = began + number * FRAMES[speed] // ORDERS
            await it.until(lambda due=due: _frames(it) > due, 120.0)  # type: ignore[misc]
            names.append(await it.bought("20"))
        await it.until(lambda: _frames(it) > began + FRAMES[speed], 120.0)
        await it.until(lambda: all(it.order(name).state is OrderState.FILLED for name in names))
        growth = _memory() - before
        print(f"{FRAMES[speed]:,} frames at speed {speed:g}: {growth / 1024 / 1024:.1f} MiB more")
        assert growth < MOST_GROWTH
        assert (it.book.gaps, it.live.bad_frames) == (0, 0)
        assert not it.notices("ORDER_UNKNOWN")
        await it.squared()
