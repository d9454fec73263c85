"""F11: an answer, or the order itself, that is seconds late."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fault_bench import together, trading

from engine.core.types import OrderState


async def test_f11_reply_late(tmp_path: Path) -> None:
    """By nine seconds, or the request itself by four: no second order."""
    await together(_reply_nine_seconds_late(tmp_path / "reply"), _request_four_seconds_late(tmp_path / "request"))


async def _reply_nine_seconds_late(home: Path) -> None:
    """The order is found by asking long before; the reply, when it comes, changes nothing."""
    async with trading(home) as it:
        loop = asyncio.get_running_loop()
        await it.fault(kind="drop", what="executionReport", times=2)
        await it.fault(kind="late_reply", operation="order.place", ms=9_000)
        sent_s, name = loop.time(), await it.signal()
        await it.until(lambda: it.order(name).state is OrderState.FILLED)
        changed_ns = it.order(name).changed_ns
        assert it.notices("ORDER_UNKNOWN")
        await it.until(lambda: loop.time() > sent_s + 9.5)
        assert it.order(name).changed_ns == changed_ns
        assert len(list(it.trading.orders)) == 1
        await it.squared()


async def _request_four_seconds_late(home: Path) -> None:
    """Until then the venue says that there is no such order, which proves nothing yet."""
    async with trading(home) as it:
        await it.fault(kind="drop", what="executionReport", times=2)
        await it.fault(kind="late_request", operation="order.place", ms=4_000)
        name = await it.signal()
        await it.until(lambda: it.order(name).state is OrderState.FILLED)
        assert not it.notices("ORDER_LOST")
        assert len(list(it.trading.orders)) == 1
        await it.squared()
