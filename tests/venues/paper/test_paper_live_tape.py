"""The live tape follows a public exchange: here another paper exchange stands for Binance."""

from __future__ import annotations

from contextlib import AsyncExitStack

import aiohttp
import pytest

from engine.venues.paper.main import ExchangeError, running_exchange
from engine.venues.paper.options import ExchangeOptions
from engine.venues.paper.tape import open_tape


async def test_a_public_market_is_followed_byte_for_byte() -> None:
    """Rules, candles and book are fetched, then the followed exchange's own frames come through unchanged."""
    async with AsyncExitStack() as stack:
        origin = await stack.enter_async_context(running_exchange(ExchangeOptions(port=0, seed=4)))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        stream = "/ws/iotausdt@depth@100ms"
        original = await stack.enter_async_context(session.ws_connect(origin.stream + stream))
        tape = f"binance?symbols=IOTAUSDT&rest={origin.rest}&stream={origin.stream}"
        urls = await stack.enter_async_context(running_exchange(ExchangeOptions(port=0, tape=tape)))
        follower = await stack.enter_async_context(session.ws_connect(urls.stream + stream))
        followed = {await follower.receive_str(timeout=30.0) for _ in range(5)}
        seen: set[str] = set()
        while not followed <= seen:
            seen.add(await original.receive_str(timeout=30.0))
        async with session.get(f"{urls.rest}/api/v3/depth?symbol=IOTAUSDT&limit=1") as response:
            book = await response.json()
        assert float(book["bids"][0][0]) < float(book["asks"][0][0])
        async with session.get(f"{urls.rest}/api/v3/klines?symbol=IOTAUSDT&interval=1m") as response:
            assert len(await response.json()) >= 60


async def test_a_public_market_that_cannot_be_reached() -> None:
    """Says so, and what to do, instead of waiting for ever."""
    options = ExchangeOptions(port=0, tape="binance?rest=http://127.0.0.1:9")
    with pytest.raises(ExchangeError, match="play the story"):
        async with running_exchange(options):
            pass


def test_the_live_tape_needs_no_network_to_be_named() -> None:
    """Opening it by name fetches nothing yet."""
    assert open_tape("binance").has_news is False
