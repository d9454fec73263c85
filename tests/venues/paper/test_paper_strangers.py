"""A client that others wrote trades on the paper exchange as if it were Binance: ccxt, over REST and WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import ccxt.pro
import pytest

from engine.venues.paper.defaults import PAPER_API_KEY, PAPER_API_SECRET
from engine.venues.paper.main import Urls, running_exchange
from engine.venues.paper.options import ExchangeOptions

OPTIONS = ExchangeOptions(port=0, tape="story", seed=7)
SYMBOL = "IOTA/USDT"


@asynccontextmanager
async def stranger(urls: Urls) -> AsyncIterator[Any]:
    """Give ccxt the URLs of a running exchange, by the ``urls`` override that it offers."""
    client = ccxt.pro.binance(
        {
            "apiKey": PAPER_API_KEY,
            "secret": PAPER_API_SECRET,
            "options": {"fetchMarkets": ["spot"], "defaultType": "spot"},
        }
    )
    client.urls["api"].update(
        {
            "public": f"{urls.rest}/api/v3",
            "private": f"{urls.rest}/api/v3",
            "v1": f"{urls.rest}/api/v1",
            "sapi": f"{urls.rest}/sapi/v1",
        }
    )
    client.urls["api"]["ws"].update({"spot": f"{urls.stream}/ws"})
    client.urls["api"]["ws"]["ws-api"].update({"spot": urls.ws_api})
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture
async def client() -> AsyncIterator[Any]:
    """A ccxt client on an exchange of its own."""
    async with running_exchange(OPTIONS) as urls, stranger(urls) as connected:
        yield connected


async def test_ccxt_loads_the_market(client: Any) -> None:
    """Symbol, tick, lot and minimum notional arrive as ccxt understands them."""
    markets = await client.load_markets()
    market = markets[SYMBOL]
    assert (market["precision"]["amount"], market["precision"]["price"]) == (0.01, 0.0001)
    assert market["limits"]["cost"]["min"] == 5.0
    assert market["active"] is True


async def test_ccxt_buys_at_market_and_sees_it_everywhere(client: Any) -> None:
    """A market order fills at once; balance and own trades agree with it to the last digit."""
    order = await client.create_order(SYMBOL, "market", "buy", 1000)
    assert (order["status"], order["filled"]) == ("closed", 1000.0)
    trades = await client.fetch_my_trades(SYMBOL)
    assert sum(trade["amount"] for trade in trades) == pytest.approx(1000.0)
    balance = await client.fetch_balance()
    assert balance["IOTA"]["free"] == pytest.approx(999.0)
    assert balance["USDT"]["free"] == pytest.approx(100_000 - order["cost"])


async def test_ccxt_rests_and_cancels_a_limit_order(client: Any) -> None:
    """A limit order far from the market is open until it is cancelled."""
    order = await client.create_order(SYMBOL, "limit", "buy", 100, 0.8)
    assert order["status"] == "open"
    assert [o["id"] for o in await client.fetch_open_orders(SYMBOL)] == [order["id"]]
    assert (await client.fetch_balance())["USDT"]["used"] == pytest.approx(80.0)
    cancelled = await client.cancel_order(order["id"], SYMBOL)
    assert cancelled["status"] == "canceled"
    assert await client.fetch_open_orders(SYMBOL) == []
    assert (await client.fetch_balance())["USDT"]["used"] == 0


async def test_ccxt_refusals_are_its_own_exceptions(client: Any) -> None:
    """Binance's codes arrive as the exceptions that ccxt maps them to."""
    with pytest.raises(ccxt.InsufficientFunds):
        await client.create_order(SYMBOL, "limit", "buy", 200_000, 1.0)
    with pytest.raises(ccxt.OrderNotFound):
        await client.cancel_order("4711", SYMBOL)


async def test_ccxt_watches_trades_and_the_book(client: Any) -> None:
    """Market streams reach ccxt.pro; its book, synchronised by snapshot and updates, is not crossed."""
    trades = await asyncio.wait_for(client.watch_trades(SYMBOL), 20)
    assert trades[-1]["symbol"] == SYMBOL
    book = await asyncio.wait_for(client.watch_order_book(SYMBOL), 20)
    assert book["bids"][0][0] < book["asks"][0][0]


async def test_ccxt_trades_over_websocket(client: Any) -> None:
    """An order placed over the WebSocket API is heard of on the user stream."""
    await client.load_markets()
    await client.authenticate({"type": "spot"})
    watching = asyncio.create_task(client.watch_orders(SYMBOL))
    placed = await client.create_order_ws(SYMBOL, "market", "buy", 50)
    heard = await asyncio.wait_for(watching, 20)
    assert placed["status"] == "closed"
    assert heard[-1]["id"] == placed["id"]
