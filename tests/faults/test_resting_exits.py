"""Stops and targets rest at the exchange: through real sockets, from fill to exit, over faults and a kill -9."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from asking import asked, until_armed_at
from fault_bench import ANN, new_id, trading
from moving_market import (
    EXCHANGE_EXITS,
    SYMBOL,
    TEN_MS,
    Market,
    engine_process,
    install,
    look,
    protected,
    until_covered,
)
from waiting import until

from engine.core.types import OrderState, Side, TimeInForce
from engine.venues.paper.main import running_exchange
from engine.venues.paper.options import ExchangeOptions
from engine.wire import commands, replies
from engine.wire.commands import Amount, BuyExits
from engine.wire.views import PositionsView

STEPS = BuyExits(steps=((1.0, 50.0), (2.0, 30.0)))


@pytest.fixture(name="market")
def a_market_moved_by_hand(monkeypatch: pytest.MonkeyPatch) -> Market:
    """The tape of the next exchange."""
    return install(monkeypatch)


async def test_after_a_fill_a_stop_and_a_target_rest_and_the_account_is_reconciled_with_them(
    tmp_path: Path, market: Market
) -> None:
    async with protected(tmp_path, market) as it:
        kinds = sorted(order.request.type for order in market.exchange.open_orders())
        assert kinds == ["LIMIT_MAKER", "STOP_LOSS_LIMIT"]
        await it.squared()
        await it.until(lambda: it.trading.is_reconciled)
        assert it.trading.sellable_lots(SYMBOL) == market.exchange.held_lots()


async def test_a_stop_that_triggers_leaves_nothing_held_and_no_target(tmp_path: Path, market: Market) -> None:
    async with protected(tmp_path, market) as it:
        market.tape.move(1955.0)
        await it.until(lambda: it.trading.portfolio.closed)
        await it.squared()
        assert (market.exchange.held_lots(), market.exchange.open_orders()) == (0, [])
        assert [trip.exit_reason for trip in it.trading.portfolio.closed] == ["stop_loss"]


async def test_a_target_that_is_reached_leaves_nothing_held_and_no_stop(tmp_path: Path, market: Market) -> None:
    async with protected(tmp_path, market) as it:
        market.tape.move(2090.0)
        await it.until(lambda: it.trading.portfolio.closed)
        await it.squared()
        assert (market.exchange.held_lots(), market.exchange.open_orders()) == (0, [])
        assert [trip.exit_reason for trip in it.trading.portfolio.closed] == ["take_profit"]


async def test_a_stop_whose_limit_was_jumped_over_is_cancelled_and_sold_by_the_engine(
    tmp_path: Path, market: Market
) -> None:
    async with protected(tmp_path, market) as it:
        market.tape.move(1850.0)
        await it.until(lambda: it.trading.portfolio.closed)
        await it.squared()
        assert market.exchange.held_lots() == 0
        assert [trip.exit_reason for trip in it.trading.portfolio.closed] == ["stop_loss"]
        (sale,) = [o for o in it.trading.orders if o.filled_lots and o.approved.side is Side.SELL]
        assert (sale.approved.time_in_force, sale.approved.origin) == (TimeInForce.IOC, "exit:stop_loss")


async def test_a_close_sells_what_the_protection_had_locked_in_one_request(tmp_path: Path, market: Market) -> None:
    async with protected(tmp_path, market) as it:
        name = await it.close()
        await it.until(lambda: it.trading.portfolio.closed)
        await it.squared()
        assert it.order(name).state is OrderState.FILLED
        assert (market.exchange.held_lots(), market.exchange.open_orders()) == (0, [])


async def test_a_partial_close_and_a_later_entry_are_followed_by_the_protection(tmp_path: Path, market: Market) -> None:
    async with protected(tmp_path, market) as it:
        half = commands.Close(id=new_id(), who=ANN, symbol="eth", percent=50.0)
        held = market.exchange.held_lots()
        assert (await it.ask(half)).ok
        await it.until(lambda: market.exchange.held_lots() < held)
        await until_covered(it, market)
        left = market.exchange.held_lots()
        await it.bought("100")
        await it.until(lambda: market.exchange.held_lots() > left)
        await until_covered(it, market)
        await it.squared()


@pytest.mark.parametrize("lost", ["lose_reply", "lose_request"])
async def test_a_protection_without_an_answer_is_unknown_and_in_the_end_exactly_one(
    tmp_path: Path, market: Market, lost: str
) -> None:
    async with trading(tmp_path, EXCHANGE_EXITS) as it:
        await it.fault(kind=lost, operation="orderList.place.oco")
        await it.fault(kind="drop", what="user", times=6)
        await it.bought("500")
        await it.until(lambda: it.notices("ORDER_UNKNOWN"))
        await until_covered(it, market)
        await it.squared()
        assert market.exchange.lists() == 1


async def test_a_protection_that_the_exchange_refuses_is_held_by_the_engine(tmp_path: Path, market: Market) -> None:
    async with trading(tmp_path, EXCHANGE_EXITS) as it:
        await it.fault(kind="error", operation="orderList.place.oco", times=100, status=400, code=-2010, msg="No.")
        await it.bought("500")
        await it.until(lambda: it.notices("HELD_BY_ENGINE"))
        market.tape.move(1955.0)
        await it.until(lambda: it.trading.portfolio.closed)
        await it.squared()
        assert market.exchange.held_lots() == 0


@pytest.mark.parametrize(
    ("exits", "lists", "kinds"),
    [
        (BuyExits(), 1, {"exit:stop_loss", "exit:take_profit"}),
        (BuyExits(target=False), 0, {"exit:stop_loss"}),
        (STEPS, 3, {"exit:stop_loss", "exit:take_profit", "exit:take_profit_1", "exit:take_profit_2"}),
    ],
    ids=["stop and target", "lone stop", "steps"],
)
async def test_a_restart_with_an_open_position_leaves_no_moment_without_protection(
    tmp_path: Path, market: Market, exits: BuyExits, lists: int, kinds: set[str]
) -> None:
    """Killed with SIGKILL and started again; the exchange's own book is looked at every 10 ms until it is armed."""
    options = ExchangeOptions(port=0, seed=7, wait_for_client=True, weight_limit_1m=0)
    naked: list[int] = []
    looks: list[float] = []
    async with running_exchange(options) as urls:
        async with engine_process(tmp_path, urls) as first:
            await until_armed_at(tmp_path)
            buy = commands.Buy(id=new_id(), who=ANN, symbol="eth", amount=Amount("quote", "500"), exits=exits)
            assert (await asked(tmp_path, buy)).ok
            await until(lambda: 0 < market.exchange.held_lots() == market.exchange.stop_lots())
            looking = asyncio.create_task(look(market, naked, looks))
            first.kill()
            await first.wait()
        async with engine_process(tmp_path, urls):
            await until_armed_at(tmp_path)
            shown = await asked(tmp_path, commands.GetOrders(id=new_id(), who=ANN))
            assert isinstance(shown.result, replies.OrdersView)
            looking.cancel()
            assert {order.origin for order in shown.result.open} == kinds
            assert (naked, market.exchange.lists()) == ([], lists)
            assert len(looks) > 0.3 * (looks[-1] - looks[0]) / TEN_MS
            market.tape.move(1955.0)
            await until(lambda: not market.exchange.held_lots())
            assert market.exchange.open_orders() == []


async def test_a_stop_that_fills_while_the_engine_is_dead_is_found_at_the_next_start(
    tmp_path: Path, market: Market
) -> None:
    options = ExchangeOptions(port=0, seed=7, wait_for_client=True)
    async with running_exchange(options) as urls:
        async with engine_process(tmp_path, urls) as first:
            await until_armed_at(tmp_path)
            buy = commands.Buy(id=new_id(), who=ANN, symbol="eth", amount=Amount("quote", "500"))
            assert (await asked(tmp_path, buy)).ok
            await until(lambda: 0 < market.exchange.held_lots() == market.exchange.stop_lots())
            first.kill()
            await first.wait()
        market.tape.move(1955.0)
        await until(lambda: not market.exchange.held_lots())
        async with engine_process(tmp_path, urls):
            await until_armed_at(tmp_path)
            shown = await asked(tmp_path, commands.GetOrders(id=new_id(), who=ANN))
            assert isinstance(shown.result, replies.OrdersView)
            assert [(o.origin, o.state) for o in shown.result.finished if o.filled_qty != "0.0000"][:1] == [
                ("exit:stop_loss", "filled")
            ]
            positions = await asked(tmp_path, commands.GetPositions(id=new_id(), who=ANN))
            assert isinstance(positions.result, PositionsView)
            assert positions.result.positions == ()
