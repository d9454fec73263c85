"""Sales rest at the exchange at their limit: through real sockets, filled by the market, taken back by the stop."""

from __future__ import annotations

from pathlib import Path

import pytest
from fault_bench import ANN, Scene, new_id
from moving_market import SYMBOL, Market, install, protected, until_covered

from engine.wire import commands
from engine.wire.commands import Amount, Sell


@pytest.fixture(name="market")
def a_market_moved_by_hand(monkeypatch: pytest.MonkeyPatch) -> Market:
    """The tape of the next exchange."""
    return install(monkeypatch)


async def offered(it: Scene, market: Market, percent: str) -> str:
    """Put so much of what is held on sale at 2050, wait until it rests, and return the order's name."""
    sale = Sell(id=new_id(), who=ANN, symbol=SYMBOL, amount=Amount("percent", percent), limit_price="2050")
    reply = await it.ask(sale)
    assert reply.ok, reply.text
    await it.until(lambda: "LIMIT" in [order.request.type for order in market.exchange.open_orders()])
    (order,) = (order for order in it.trading.orders.working() if order.is_offer)
    await it.until(lambda: order.is_waiting)
    return order.approved.client_order_id


async def test_what_is_not_offered_is_covered_again_and_the_offer_fills_at_its_limit(
    tmp_path: Path, market: Market
) -> None:
    async with protected(tmp_path, market) as it:
        held = market.exchange.held_lots()
        name = await offered(it, market, "50")
        on_sale = it.trading.offered_lots(SYMBOL)
        await it.until(lambda: market.exchange.stop_lots() == held - on_sale)
        await it.squared(resting=1)
        market.tape.move(2055.0)
        await it.until(lambda: it.trading.orders.get(name).state == "filled")
        await until_covered(it, market)
        assert market.exchange.held_lots() == held - on_sale
        await it.squared()


async def test_the_stop_takes_the_offer_back_and_sells_all(tmp_path: Path, market: Market) -> None:
    async with protected(tmp_path, market) as it:
        name = await offered(it, market, "100")
        assert market.exchange.stop_lots() == 0
        market.tape.move(1955.0)
        await it.until(lambda: it.trading.portfolio.closed)
        await it.squared()
        assert (market.exchange.held_lots(), market.exchange.open_orders()) == (0, [])
        assert it.trading.orders.get(name).state == "canceled"
        assert [trip.exit_reason for trip in it.trading.portfolio.closed] == ["stop_loss"]


async def test_cancelled_by_hand_the_stop_and_target_rest_again(tmp_path: Path, market: Market) -> None:
    async with protected(tmp_path, market) as it:
        name = await offered(it, market, "100")
        await it.ask(commands.CancelOrder(id=new_id(), who=ANN, client_order_id=name))
        await until_covered(it, market)
        await it.squared()
