"""Entries rest at the exchange at their limit: through real sockets, filled by the market, protected, taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from fault_bench import ANN, new_id, trading
from moving_market import EXCHANGE_EXITS, SYMBOL, Market, install, until_covered

from engine.wire import commands
from engine.wire.commands import Amount, Buy


@pytest.fixture(name="market")
def a_market_moved_by_hand(monkeypatch: pytest.MonkeyPatch) -> Market:
    """The tape of the next exchange."""
    return install(monkeypatch)


def entry() -> Buy:
    """Make a buy of 500 USDT at 1990, which is below the market."""
    return Buy(id=new_id(), who=ANN, symbol=SYMBOL, amount=Amount("quote", "500"), limit_price="1990", stop_pct=2.0)


async def test_an_entry_waits_fills_at_its_limit_and_is_protected(tmp_path: Path, market: Market) -> None:
    async with trading(tmp_path, EXCHANGE_EXITS) as it:
        await it.arm()
        reply = await it.ask(entry())
        assert reply.ok, reply.text
        await it.until(lambda: market.exchange.open_orders())
        assert [order.request.type for order in market.exchange.open_orders()] == ["LIMIT"]
        await it.squared(resting=1)
        market.tape.move(1985.0)
        await it.until(lambda: it.trading.portfolio.open)
        await until_covered(it, market)
        trip = it.trading.portfolio.open[SYMBOL]
        assert trip.entry_ticks() <= trip.instrument.price_ticks("1990")
        await it.squared()


async def test_a_halt_takes_an_entry_back_from_the_exchange(tmp_path: Path, market: Market) -> None:
    async with trading(tmp_path, EXCHANGE_EXITS) as it:
        await it.arm()
        await it.ask(entry())
        await it.until(lambda: market.exchange.open_orders())
        await it.ask(commands.Halt(id=new_id(), who=ANN, reason="lunch"))
        await it.until(lambda: not market.exchange.open_orders())
        await it.squared()
        assert it.notices("ENTRY_CANCELLED")
        assert market.exchange.held_lots() == 0
