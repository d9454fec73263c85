"""F12: a cancel that crosses a fill, wholly, partly, or not at all."""

from __future__ import annotations

from pathlib import Path

from fault_bench import IOTA, quiet, together, trading

from engine.core.types import OrderState

WIDE = quiet("exchange", max_order_pct=50.0, max_position_pct=100.0, max_gross_pct=100.0, collar_pct=2.0)
LATENCY_MS = 100.0


async def test_f12_cancel_crosses_a_fill(tmp_path: Path) -> None:
    """Wholly, partly, with its reply lost, or not at all because it was lost itself."""
    await together(
        _filled_before(tmp_path / "filled"),
        _partly_filled_before(tmp_path / "partly"),
        _cancel_reply_lost(tmp_path / "reply"),
        _cancel_lost(tmp_path / "request"),
    )


async def _filled_before(home: Path) -> None:
    """The order is filled before the cancel arrives: what was bought is held, and the order is no longer asked for."""
    async with trading(home, WIDE, latency_in_ms=LATENCY_MS) as it:
        names = [await it.bought("100"), it.limit_buy(-0.5, 10_000)]
        for name in names:
            assert (await it.cancel(name)).ok
        await it.squared()
        assert [it.order(name).state for name in names] == [OrderState.FILLED] * 2


async def _partly_filled_before(home: Path) -> None:
    """A part was filled when the cancel arrived: the position is the sum of the fills, the rest is gone."""
    rich = {"USDT": "10000000"}
    async with trading(home, WIDE, latency_in_ms=LATENCY_MS, balances=rich) as it:
        name = it.limit_buy(-0.1, 50_000_000)
        assert (await it.cancel(name)).ok
        await it.squared()
        order = it.order(name)
        assert order.state is OrderState.CANCELED
        assert 0 < order.filled_lots < order.approved.qty_lots
        assert it.trading.portfolio.position_lots(IOTA) > 0


async def _cancel_reply_lost(home: Path) -> None:
    """Nobody tells that the order was cancelled: it is asked for."""
    async with trading(home, WIDE) as it:
        name = it.limit_buy(5.0)
        await it.until(lambda: it.order(name).state is OrderState.WORKING)
        await it.squared(resting=1)
        await it.fault(kind="drop", what="user", times=5)
        await it.fault(kind="lose_reply", operation="order.cancel")
        assert (await it.cancel(name)).ok
        await it.until(lambda: it.order(name).state is OrderState.UNKNOWN)
        await it.squared()
        assert it.order(name).state is OrderState.CANCELED


async def _cancel_lost(home: Path) -> None:
    """The order rests at the exchange and in the engine, until it is cancelled again."""
    async with trading(home, WIDE) as it:
        name = it.limit_buy(5.0)
        await it.until(lambda: it.order(name).state is OrderState.WORKING)
        await it.fault(kind="lose_request", operation="order.cancel")
        assert (await it.cancel(name)).ok
        await it.until(lambda: it.order(name).state is OrderState.UNKNOWN)
        await it.until(lambda: it.order(name).state is OrderState.WORKING)
        await it.squared(resting=1)
        assert (await it.cancel(name)).ok
        await it.squared()
