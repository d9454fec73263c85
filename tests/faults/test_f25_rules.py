"""F25: tick size, lot size or status change while we trade."""

from __future__ import annotations

from pathlib import Path

from fault_bench import IOTA, Scene, trading

from engine.core.types import OrderState


async def _told_anew(it: Scene) -> None:
    """Let the instruments be asked for again, as they are once a minute."""
    assert it.live.orders is not None
    it.live.orders.on_stale_facts()


async def test_f25_a_suspended_symbol_is_refused_until_it_trades_again(tmp_path: Path) -> None:
    """The first order finds out at the exchange; the next one is refused here; and all goes on by itself."""
    async with trading(tmp_path) as it:
        await it.bought()
        await it.fault(kind="rules", symbol=IOTA, status="BREAK")
        found_out = await it.bought()
        await it.until(lambda: it.order(found_out).state is OrderState.REJECTED)
        await it.until(lambda: not it.market.instrument.is_trading)
        assert (await it.buy()).code == "C8_NOT_TRADING"
        await it.fault(kind="rules", symbol=IOTA, status="TRADING")
        await it.until(lambda: it.market.instrument.is_trading)
        await it.bought()
        await it.squared()


async def test_f25_new_units_stop_trading_in_the_symbol_and_are_told(tmp_path: Path) -> None:
    """Ticks that we count in are none any more: nothing is ordered in them, and the position stays what it is."""
    async with trading(tmp_path) as it:
        await it.bought()
        await it.until(lambda: not it.trading.orders.unsettled())
        await it.fault(kind="rules", symbol=IOTA, tick="0.01", lot="1")
        await _told_anew(it)
        await it.until(lambda: it.notices("C8_UNITS"))
        assert not it.trading.is_armed
        assert (await it.buy()).code == "HALTED"
        await it.squared()


async def test_f25_an_order_that_meets_the_new_units_first_is_refused_by_the_exchange(tmp_path: Path) -> None:
    """-1013 is a certain refusal, and what makes us ask for the rules again."""
    async with trading(tmp_path) as it:
        await it.fault(kind="rules", symbol=IOTA, tick="0.01", lot="1000")
        name = await it.bought()
        await it.until(lambda: it.order(name).state is OrderState.REJECTED)
        await it.until(lambda: it.notices("C8_UNITS"))
        await it.squared()
