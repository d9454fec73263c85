"""F1, F2: reports that come twice, in the wrong order, or before the reply to their order."""

from __future__ import annotations

from pathlib import Path

from fault_bench import Scene, quiet, trading

from engine.core.types import OrderState

WIDE = quiet(max_order_pct=50.0, max_position_pct=100.0, max_gross_pct=100.0, orders_per_s=100)


async def _buys_and_a_close(it: Scene) -> None:
    """Buy three times, one of them through several levels of the book, and close."""
    for quote in ("100", "30000", "100"):
        await it.bought(quote)
    await it.until(lambda: not it.trading.orders.unsettled())
    await it.close()
    await it.squared()


async def test_f01_duplicate_frames_and_reports(tmp_path: Path) -> None:
    """Every message of market and account comes twice: nothing counts twice."""
    async with trading(tmp_path, WIDE) as it:
        assert it.venue.feed is not None
        await it.fault(kind="duplicate", what="market", times=10_000)
        await it.fault(kind="duplicate", what="user", times=10_000)
        await _buys_and_a_close(it)
        await it.until(lambda: it.book.stale > 3 and it.venue.feed.reader.duplicates > 3)
        assert (it.book.gaps, it.book.is_synced) == (0, True)


async def test_f02_reports_out_of_order(tmp_path: Path) -> None:
    """A fill comes before the acceptance, and of several fills the later before the earlier."""
    async with trading(tmp_path, WIDE) as it:
        await it.fault(kind="reorder", what="executionReport", times=50)
        await _buys_and_a_close(it)
        assert {order.state for order in it.trading.orders} == {OrderState.FILLED}
        assert max(len(order.fill_ids) for order in it.trading.orders) > 1


async def test_f02_report_before_the_reply(tmp_path: Path) -> None:
    """The user stream tells of the end first; the reply to the order changes nothing any more."""
    async with trading(tmp_path, WIDE) as it:
        await it.fault(kind="late_reply", operation="order.place", ms=2_000, times=3)
        name = await it.bought("30000")
        await it.until(lambda: it.order(name).state is OrderState.FILLED)
        assert it.live.orders is not None
        assert it.live.orders.outstanding
        changed_ns, fills = it.order(name).changed_ns, set(it.order(name).fill_ids)
        await it.until(lambda: it.live.orders is not None and not it.live.orders.outstanding)
        assert (it.order(name).changed_ns, it.order(name).fill_ids) == (changed_ns, fills)
        assert it.order(name).state is OrderState.FILLED
        await it.squared()
