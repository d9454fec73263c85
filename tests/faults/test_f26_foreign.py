"""F26: what is not ours on the account bars its symbol, is shown, and is reconciled, adopted or ignored by people."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

import pytest
from fault_bench import ANN, Scene, new_id
from fault_bench import trading as engine_and_exchange
from moving_market import EXCHANGE_EXITS, Market, install
from paper_bench import rest_client

from engine.cli import reconcile as verb
from engine.core.types import Symbol
from engine.wire import commands
from engine.wire.events import ForeignOrderChanged, Reconciled

ETH = Symbol("ETHUSDT")


@pytest.fixture(name="market")
def a_market_moved_by_hand(monkeypatch: pytest.MonkeyPatch) -> Market:
    """The tape of the next exchange."""
    return install(monkeypatch)


async def placed_by_hand(scene: Scene, name: str, side: str = "BUY", price: str = "1900.00") -> None:
    """Place an order with a client of its own, which knows nothing of the engine."""
    order = {"symbol": ETH, "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.1", "side": side, "price": price}
    async with rest_client(scene.urls) as client:
        status, answer = await client.signed("POST", "order", newClientOrderId=name, **order)
    assert status == 200, answer


async def said(scene: Scene, name: str, choice: Any) -> None:
    """Adopt or ignore."""
    reply = await scene.ask(commands.DecideForeign(id=new_id(), who=ANN, client_order_id=name, choice=choice))
    assert reply.ok, reply


async def compared(scene: Scene) -> Any:
    """Ask for a comparison and return what it found."""
    before = len(scene.events)
    assert (await scene.ask(commands.Reconcile(id=new_id(), who=ANN))).ok
    await scene.until(lambda: any(isinstance(event, Reconciled) for event in scene.events[before:]))
    return next(event for event in scene.events[before:] if isinstance(event, Reconciled)).view


def shown(scene: Scene) -> list[tuple[str, str]]:
    """Return what was told of foreign orders."""
    told = (event.order for event in scene.events if isinstance(event, ForeignOrderChanged))
    return [(order.client_order_id, order.state) for order in told]


def names(market: Market) -> set[str]:
    """Return what is open at the exchange."""
    return {order.request.client_order_id for order in market.exchange.open_orders()}


async def test_f26_a_foreign_order_is_shown_and_bars_its_symbol_until_a_word_is_said(
    tmp_path: Path, market: Market
) -> None:
    """Adopted, it counts and is protected once it has filled; ignored, it is not asked about again: over a restart."""
    async with engine_and_exchange(tmp_path, EXCHANGE_EXITS) as scene:
        assert (await compared(scene)).is_reconciled
        await placed_by_hand(scene, "web-1")
        view = await compared(scene)
        assert [order.client_order_id for order in view.foreign] == ["web-1"]
        assert shown(scene) == [("web-1", "waiting")]
        assert (await scene.buy("200")).code == "C14_FOREIGN_ORDER"
        await said(scene, "web-1", "ignore")
        await placed_by_hand(scene, "web-2", price="1950.00")
        await compared(scene)
        await said(scene, "web-2", "adopt")
        assert shown(scene)[1:] == [("web-1", "ignored"), ("web-2", "waiting"), ("web-2", "adopted")]
        assert scene.trading.facts(ETH).symbol_exposure_e8 == 195 * 10**8
        market.tape.move(1940.0)  # the adopted order fills, and what it bought gets its stop
        await scene.until(lambda: market.exchange.stop_lots() == market.exchange.held_lots() > 0)
        await scene.until(lambda: ETH in scene.trading.portfolio.open)
        assert (await compared(scene)).foreign == ()
        assert names(market) >= {"web-1"}
        assert not scene.notices("C14_BALANCE")


async def test_f26_an_unexpected_balance_halts_its_symbol_until_it_is_accepted(
    tmp_path: Path, market: Market, capsys: pytest.CaptureFixture[str]
) -> None:
    """Coins that nobody counted: the symbol has no entries, what is held can be closed, a person accepts them."""
    async with engine_and_exchange(tmp_path, EXCHANGE_EXITS) as scene:
        await scene.bought("500")
        await scene.until(lambda: market.exchange.held_lots() and scene.trading.portfolio.open)
        await scene.fault(kind="balance", asset="ETH", amount="1")
        await scene.until(lambda: not scene.trading.strangers.is_moving)
        await compared(scene)
        await scene.until(lambda: scene.notices("C14_BALANCE"))
        assert (await scene.buy("200")).code == "C14_BALANCE"
        asked = argparse.Namespace(verb="reconcile", words=[], id="", json=False)
        exits = await asyncio.to_thread(_in_home, tmp_path, asked)
        assert exits == 2
        assert "NO ENTRIES C14_BALANCE" in capsys.readouterr().out
        assert (await scene.ask(commands.AcceptBalance(id=new_id(), who=ANN, symbol="eth"))).ok
        assert await asyncio.to_thread(_in_home, tmp_path, asked) == 0
        assert (await scene.buy("200")).ok


async def test_f26_the_account_is_compared_at_the_start_on_reconnect_and_when_asked(
    tmp_path: Path, market: Market
) -> None:
    """And every 30 s, which is a constant: here it is seen that each of the others asks for the account anew."""
    async with engine_and_exchange(tmp_path, EXCHANGE_EXITS, is_armed=False) as scene:
        strangers = scene.trading.strangers
        await scene.until(lambda: strangers.ts_compared_ns)
        asked_ns = (await compared(scene)).ts_compared_ns
        await placed_by_hand(scene, "web-1")
        await scene.fault(kind="disconnect", lines="ws_api")
        await scene.until(lambda: strangers.ts_compared_ns > asked_ns and strangers.waiting)
        await scene.until(lambda: shown(scene))
        assert shown(scene) == [("web-1", "waiting")]


def _in_home(home: Path, asked: argparse.Namespace) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRADER_HOME", str(home))
        return verb.main(asked)
