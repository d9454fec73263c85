"""F1, F2: reports that come twice, in the wrong order, or before the reply to their order."""

from __future__ import annotations

from pathlib import Path

from fault_bench import trading


async def test_f01_duplicate_frames_and_reports(tmp_path: Path) -> None:
    """Every message of market and account comes twice: nothing counts twice."""
    async with trading(tmp_path) as it:
        await it.fault(kind="duplicate", what="market", times=10_000)
        await it.fault(kind="duplicate", what="user", times=10_000)
        for _ in range(3):
            await it.bought()
        await it.until(lambda: not it.trading.orders.unsettled())
        await it.close()
        await it.squared()
