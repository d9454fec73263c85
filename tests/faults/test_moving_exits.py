"""Exits by plan through real sockets: the exchange's own book is looked at every 10 ms while stops move."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from asking import asked, until_armed_at
from fault_bench import ANN, Scene, new_id, trading
from moving_market import (
    EXCHANGE_EXITS,
    SYMBOL,
    Market,
    engine_process,
    install,
    look,
    until_covered,
)
from waiting import until

from engine.core.plan import ExitPlan
from engine.venues.paper.main import running_exchange
from engine.venues.paper.options import ExchangeOptions
from engine.wire import commands, replies
from engine.wire.commands import Amount, BuyExits
from engine.wire.events import TradeChanged
from engine.wire.views import PositionsView

SWIFT = msgspec.structs.replace(EXCHANGE_EXITS, by_hand=ExitPlan(move_every_s=1.0, move_step_pct=0.05))
TRAIL = BuyExits(target=False, trail_pct=1.0)
STEPS = BuyExits(steps=((1.0, 50.0), (2.0, 30.0)))


@pytest.fixture(name="market")
def a_market_moved_by_hand(monkeypatch: pytest.MonkeyPatch) -> Market:
    """The tape of the next exchange."""
    return install(monkeypatch)


@asynccontextmanager
async def held(home: Path, market: Market, exits: BuyExits) -> AsyncIterator[tuple[Scene, list[int]]]:
    """Buy with exits, and look into the exchange's book every 10 ms from when all of it is covered."""
    naked: list[int] = []
    async with trading(home, SWIFT) as it:
        assert (await it.ask(buy(exits))).ok
        await until_covered(it, market)
        looking = asyncio.create_task(look(market, naked))
        yield it, naked
        looking.cancel()


def buy(exits: BuyExits) -> commands.Buy:
    return commands.Buy(id=new_id(), who=ANN, symbol="eth", amount=Amount("quote", "500"), exits=exits)


def stops(market: Market) -> list[float]:
    """Return the stops in the exchange's book, upwards."""
    return sorted(order.request.stop_price / 1e8 for order in market.exchange.open_orders() if order.request.stop_price)


async def test_a_trailing_stop_moves_without_a_moment_in_which_nothing_rests(tmp_path: Path, market: Market) -> None:
    async with held(tmp_path, market, TRAIL) as (it, naked):
        seen = stops(market)
        for price in (2020.0, 2040.0, 2060.0, 2080.0):
            market.tape.move(price)
            await it.until(lambda before=seen: stops(market) > before)  # type: ignore[misc]
            seen = stops(market)
            assert len(seen) == 1
        assert naked == []
        assert seen[0] == pytest.approx(2080.0 * 0.99, rel=5e-4)
        told = [event for event in it.events if isinstance(event, TradeChanged) and event.what == "protection"]
        assert len(told) >= 4
        await it.squared()
        market.tape.move(2050.0)
        await it.until(lambda: it.trading.portfolio.closed)
        await it.squared()
        assert (market.exchange.held_lots(), market.exchange.open_orders()) == (0, [])
        assert [trip.exit_reason for trip in it.trading.portfolio.closed] == ["trailing_stop"]


async def test_where_stop_and_target_rest_as_a_list_the_first_move_takes_the_whole_lists_place(
    tmp_path: Path, market: Market
) -> None:
    async with held(tmp_path, market, BuyExits(break_even_pct=1.0)) as (it, naked):
        assert sorted(order.request.type for order in market.exchange.open_orders()) == [
            "LIMIT_MAKER",
            "STOP_LOSS_LIMIT",
        ]
        market.tape.move(2025.0)
        await it.until(lambda: stops(market) and stops(market)[0] > 2000.0)
        assert [order.request.type for order in market.exchange.open_orders()] == ["STOP_LOSS_LIMIT"]
        assert naked == []
        await it.squared()
        market.tape.move(2090.0)
        await it.until(lambda: it.trading.portfolio.closed)
        await it.squared()
        assert [trip.exit_reason for trip in it.trading.portfolio.closed] == ["take_profit"]


async def test_each_step_rests_with_its_stop_and_sells_its_part(tmp_path: Path, market: Market) -> None:
    async with held(tmp_path, market, STEPS) as (it, _):
        whole = market.exchange.held_lots()
        assert len(market.exchange.open_orders()) == 6
        market.tape.move(2022.0)
        await it.until(lambda: market.exchange.held_lots() < whole)
        await until_covered(it, market)
        assert len(market.exchange.open_orders()) == 4
        market.tape.move(2042.0)
        await it.until(lambda: len(market.exchange.open_orders()) == 2)
        await it.squared()
        assert market.exchange.held_lots() == it.trading.portfolio.position_lots(SYMBOL)
        name = await it.close()
        await it.until(lambda: it.trading.portfolio.closed)
        await it.squared()
        assert it.order(name).filled_lots > 0
        assert (market.exchange.held_lots(), market.exchange.open_orders()) == (0, [])


async def test_a_close_of_several_parts_takes_the_place_of_each(tmp_path: Path, market: Market) -> None:
    async with held(tmp_path, market, STEPS) as (it, _):
        reply = await it.ask(commands.Close(id=new_id(), who=ANN, symbol="eth"))
        assert isinstance(reply.result, replies.OrderPlaced)
        assert len(reply.result.orders) == 3
        await it.until(lambda: it.trading.portfolio.closed)
        await it.squared()
        assert (market.exchange.held_lots(), market.exchange.open_orders()) == (0, [])


async def test_a_move_whose_answer_is_lost_leaves_exactly_one_stop(tmp_path: Path, market: Market) -> None:
    async with held(tmp_path, market, TRAIL) as (it, naked):
        await it.fault(kind="lose_reply", operation="order.cancelReplace")
        await it.fault(kind="drop", what="user", times=6)
        market.tape.move(2030.0)
        await it.until(lambda: it.notices("ORDER_UNKNOWN"))
        await until_covered(it, market)
        await it.squared()
        assert (len(market.exchange.open_orders()), naked) == (1, [])


async def test_the_time_stop_sells_at_the_collar_and_leaves_nothing_open(tmp_path: Path, market: Market) -> None:
    async with held(tmp_path, market, BuyExits(time_s=3.0)) as (it, _):
        await it.until(lambda: it.trading.portfolio.closed)
        await it.squared()
        assert [trip.exit_reason for trip in it.trading.portfolio.closed] == ["time_stop"]
        assert (market.exchange.held_lots(), market.exchange.open_orders()) == (0, [])


async def test_a_kill_in_the_middle_of_a_trail_leaves_the_stop_and_the_next_run_goes_on_from_the_high(
    tmp_path: Path, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine is killed with SIGKILL and started again; protection is there at every look."""
    settings = tmp_path / "swift.toml"
    settings.write_text("[by_hand]\nmove_every_s = 1.0\nmove_step_pct = 0.05\n")
    monkeypatch.setenv("TRADER_CONFIG", str(settings))
    options = ExchangeOptions(port=0, seed=7, wait_for_client=True, weight_limit_1m=0)
    naked: list[int] = []
    async with running_exchange(options) as urls:
        async with engine_process(tmp_path / "home", urls) as first:
            await until_armed_at(tmp_path / "home")
            assert (await asked(tmp_path / "home", buy(TRAIL))).ok
            await until(lambda: 0 < market.exchange.held_lots() == market.exchange.stop_lots())
            looking = asyncio.create_task(look(market, naked))
            market.tape.move(2040.0)
            await until(lambda: stops(market) and stops(market)[0] > 2018.0)
            first.kill()
            await first.wait()
        moved = stops(market)
        market.tape.move(2030.0)
        async with engine_process(tmp_path / "home", urls):
            await until_armed_at(tmp_path / "home")
            shown = await asked(tmp_path / "home", commands.GetPositions(id=new_id(), who=ANN))
            assert isinstance(shown.result, PositionsView)
            assert [trade.stop_kind for trade in shown.result.positions] == ["trailing_stop"]
            assert stops(market) == moved, "the high of before counts, and not the price of now"
            market.tape.move(2060.0)
            await until(lambda: stops(market) > moved)
            looking.cancel()
            assert (naked, len(market.exchange.open_orders())) == ([], 1)
            market.tape.move(2030.0)
            await until(lambda: not market.exchange.held_lots())
            assert market.exchange.open_orders() == []
