"""F14: the venue's clock is off, or jumps back; and our own is set while we run."""

from __future__ import annotations

from pathlib import Path

from fault_bench import Scene, together, trading

from engine.clock import anchored
from engine.core.types import OrderState


async def _measured(it: Scene) -> None:
    """Let the clock be measured again, as it is once a minute; then wait until it was."""
    assert it.live.orders is not None
    before = it.trading.clock_offset_ms
    it.live.orders.on_stale_facts()
    await it.until(lambda: it.trading.clock_offset_ms != before)


def _is_about(it: Scene, offset_ms: int) -> bool:
    known = it.trading.clock_offset_ms
    return known is not None and abs(known - offset_ms) < 100


async def test_f14_clock_skew(tmp_path: Path) -> None:
    """Two seconds ahead, and ten behind."""
    await together(*(_stops_entries_and_no_exits(tmp_path / f"{ms}", ms) for ms in (2_000, -10_000)))


async def _stops_entries_and_no_exits(home: Path, skew_ms: int) -> None:
    """C17: nothing is bought while the clocks differ; what is held can be sold; jumping back, all is well again."""
    async with trading(home) as it:
        await it.bought()
        await it.until(lambda: not it.trading.orders.unsettled())
        await it.fault(kind="clock_skew", ms=skew_ms)
        await _measured(it)
        assert _is_about(it, skew_ms)
        assert (await it.buy()).code == "C17_CLOCK"
        name = await it.close()
        await it.until(lambda: it.order(name).state is OrderState.FILLED)
        await it.fault(kind="none")
        await it.until(lambda: _is_about(it, 0))
        await it.bought()
        await it.until(lambda: len(it.notices("C17_CLOCK")) == 1)
        await it.squared()


async def test_f14_a_refused_timestamp_resynchronises_the_clock(tmp_path: Path) -> None:
    """-1021 is a certain refusal: the order is over, entries wait, and the clock is measured at once."""
    async with trading(tmp_path) as it:
        await it.fault(kind="clock_skew", ms=-10_000)
        name = await it.bought()
        await it.until(lambda: it.order(name).state is OrderState.REJECTED)
        assert (await it.buy()).code == "C17_CLOCK"
        await it.until(lambda: _is_about(it, -10_000))
        await it.fault(kind="none")
        await it.squared()


def test_f14_our_own_clock_follows_nobody_who_sets_it() -> None:
    """Two seconds on, ten back: what has passed is counted from a clock that nobody can set."""
    wall_ns, steady_ns = 1_700_000_000_000_000_000, 5_000
    now_ns = anchored(lambda: wall_ns, lambda clock: steady_ns + clock, 0)
    assert now_ns() == 1_700_000_000_000_000_000
    wall_ns, steady_ns = wall_ns + 2_000_000_000, steady_ns + 7
    assert now_ns() == 1_700_000_000_000_000_007
    wall_ns, steady_ns = wall_ns - 10_000_000_000, steady_ns + 7
    assert now_ns() == 1_700_000_000_000_000_014
