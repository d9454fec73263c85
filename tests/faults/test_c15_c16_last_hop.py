"""C15, C16: an order that nothing asked for does not leave; two own orders that would meet do not trade."""

from __future__ import annotations

from pathlib import Path

from fault_bench import IOTA, trading

from engine.core.actions import Send
from engine.core.types import OrderState


async def test_c15_the_copy_of_an_order_is_stopped_at_the_last_hop_and_halts(tmp_path: Path) -> None:
    """Whatever bug decided to send twice: once left, the copy did not, and trading is halted."""
    async with trading(tmp_path) as it:
        name = await it.bought()
        await it.until(lambda: not it.trading.orders.unsettled())
        it.live.perform([Send(it.order(name).approved)])
        await it.until(lambda: it.notices("C15_MISMATCH"))
        assert not it.trading.is_armed
        assert len(await it.asked("allOrders", symbol=IOTA)) == 1
        await it.squared()


async def test_c16_our_own_orders_do_not_trade_with_each_other(tmp_path: Path) -> None:
    """A sale that would meet our own resting buy makes that expire, and sells to somebody else."""
    async with trading(tmp_path) as it:
        await it.bought("200")
        await it.until(lambda: not it.trading.orders.unsettled())
        resting = it.limit_buy(0.0, 50_000)
        sold = await it.close()
        await it.until(lambda: it.order(sold).state is OrderState.FILLED)
        await it.until(lambda: not it.order(resting).is_open)
        found = await it.asked("allOrders", symbol=IOTA)
        assert {row["selfTradePreventionMode"] for row in found} == {"EXPIRE_MAKER"}
        trades = await it.asked("myTrades", symbol=IOTA)
        assert len({trade["id"] for trade in trades}) == len(trades)
        await it.squared()
