"""F7: the venue asks for silence, or bans us."""

from __future__ import annotations

from pathlib import Path

from fault_bench import Scene, together, trading

from engine.core.types import OrderState


async def _used_weight(it: Scene) -> int:
    """Return what this address has used in the present minute, this question (1) included."""
    async with it.rest.session.get(f"{it.urls.rest}/api/v3/time") as answer:
        return int(answer.headers["X-MBX-USED-WEIGHT-1M"])


async def _unknown_order(it: Scene, **silence: int) -> str:
    """Place an order that fills and stays unknown; asking about it is what the venue answers with silence."""
    await it.fault(kind="drop", what="user", times=10)
    await it.fault(kind="error_after", operation="order.place")
    await it.fault(kind="rate_limit", operation="order.status", **silence)
    name = await it.bought()
    await it.until(lambda: it.trading.silent_until_ns > it.trading.now_ns)
    assert it.order(name).state is OrderState.UNKNOWN
    return name


async def test_f07_silence(tmp_path: Path) -> None:
    """429 until Retry-After; 418 as well, and it halts and alerts."""
    await together(_silent_after_429(tmp_path / "429"), _halted_after_418(tmp_path / "418"))


async def _silent_after_429(home: Path) -> None:
    """For four seconds not one request leaves, an unknown order or not; then all goes on by itself."""
    async with trading(home) as it:
        name = await _unknown_order(it, status=429, seconds=4)
        before = await _used_weight(it)
        until_ns = it.trading.silent_until_ns
        assert (await it.buy()).code == "C7_SILENCE"
        await it.until(lambda: it.trading.now_ns > until_ns - 2_000_000_000)
        assert await _used_weight(it) in (before + 1, 1)  # 1: another minute has begun
        assert it.order(name).state is OrderState.UNKNOWN
        await it.until(lambda: it.order(name).state is OrderState.FILLED)
        assert it.order(name).changed_ns >= until_ns
        assert it.trading.is_armed
        assert len(it.notices("C7_SILENCE")) == 1
        await it.bought()
        await it.squared()


async def _halted_after_418(home: Path) -> None:
    """A ban stops trading until a person resumes it; what is unknown is asked for when the ban is over."""
    async with trading(home) as it:
        name = await _unknown_order(it, status=418, seconds=2)
        assert not it.trading.is_armed
        await it.until(lambda: it.notices("C7_BANNED"))
        assert (await it.buy()).code == "HALTED"
        await it.until(lambda: it.order(name).state is OrderState.FILLED)
        assert (await it.buy()).code == "HALTED"
        await it.arm()
        await it.bought()
        await it.squared()
