"""F9: the order filled, and nobody told us."""

from __future__ import annotations

from pathlib import Path

import pytest
from fault_bench import IOTA, quiet, trading

from engine.core.types import OrderState

ORDERS = 200
MANY = quiet(orders_per_s=1000, max_position_pct=50.0, max_gross_pct=100.0)


@pytest.mark.parametrize("heard", ["by the user stream", "by nobody"])
async def test_f09_reply_lost_after_fill(tmp_path: Path, heard: str) -> None:
    """So many orders whose replies are lost after the fill are exactly so many fills, even where no report came."""
    async with trading(tmp_path, MANY, order_limit_10s=0) as it:
        await it.fault(kind="lose_reply", operation="order.place", times=ORDERS)
        if heard == "by nobody":
            await it.fault(kind="drop", what="user", times=10 * ORDERS)
        names = [await it.bought("20") for _ in range(ORDERS)]
        await it.until(lambda: all(it.order(name).state is OrderState.FILLED for name in names), 90.0)
        await it.squared()
        trades = await it.asked("myTrades", symbol=IOTA, limit=1000)
        assert len({trade["orderId"] for trade in trades}) == len(trades) == ORDERS
        assert bool(it.notices("ORDER_UNKNOWN")) is (heard == "by nobody")
