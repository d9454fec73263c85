"""F6: connections that end, announced or not, while orders are under way."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fault_bench import Scene, quiet, trading

BUSY = quiet(orders_per_s=100, max_position_pct=50.0, max_gross_pct=100.0)


async def _buy_all_the_time(it: Scene, orders: int) -> int:
    """Buy so often, one after the other as each has left; return how often that was refused on data that is old."""
    refused = 0
    for _ in range(orders):
        reply = await it.buy("20")
        assert reply.code in ("OK", "C5_BOOK_OUT_OF_SYNC"), reply
        refused += not reply.ok
        sent_ns = it.trading.now_ns
        await it.until(lambda sent_ns=sent_ns: it.trading.now_ns > sent_ns)  # type: ignore[misc]
    return refused


async def test_f06_an_announced_end_finds_the_successor_open_and_misses_no_fill(tmp_path: Path) -> None:
    """Market and order line go on without a break: no order becomes unknown, no book is lost."""
    async with trading(tmp_path, BUSY) as it:
        assert it.live.orders is not None
        buying = asyncio.create_task(_buy_all_the_time(it, 40))
        await it.until(lambda: len(list(it.trading.orders)) > 3)
        await it.fault(kind="server_shutdown", ms=300)
        assert await buying == 0
        await it.squared()
        assert len(list(it.trading.orders)) == 40
        assert not it.notices("ORDER_LINE_LOST")
        assert not it.notices("ORDER_UNKNOWN")
        assert not it.notices("C5_BOOK_OUT_OF_SYNC")


async def test_f06_the_end_of_24_hours_loses_nothing(tmp_path: Path) -> None:
    """Cut without a word, the line is opened again; what was outstanding is asked for."""
    async with trading(tmp_path, BUSY, connection_life_s=0.5) as it:
        buying = asyncio.create_task(_buy_all_the_time(it, 60))
        await it.until(lambda: len(it.notices("ORDER_LINE_LOST")) > 1)
        assert not buying.done()
        assert await buying < 30
        await it.squared()
