"""F16 through real sockets: frames that the exchange never made say -60 % and back, or a book that is crossed.

The market itself stands at 2000 all the time. Entries are refused with the numbers, and a stop needs a second source.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fault_bench import Scene, quiet, trading
from moving_market import SYMBOL, Market, install, until_covered

from engine.core.config import ExitsName
from engine.core.types import Side

LOW, TRUE = ("800.00", "800.01"), ("1999.99", "2000.00")
CROSSED = ("2000.01", "2000.00")
SOME_TIMERS_NS = 300_000_000
"""Three times the core's timer."""


@pytest.fixture(name="market")
def a_market_moved_by_hand(monkeypatch: pytest.MonkeyPatch) -> Market:
    """The tape of the next exchange."""
    return install(monkeypatch)


@asynccontextmanager
async def holding(home: Path, market: Market, exits: ExitsName) -> AsyncIterator[Scene]:
    """Hold something with a stop at 1960, in a market that is quiet from now on."""
    async with trading(home, quiet(exits, stale_s=60.0)) as scene:
        await scene.bought("500")
        await scene.until(lambda: scene.trading.portfolio.open)
        if exits == "exchange":
            await until_covered(scene, market)
        market.tape.is_still = True
        market.tape.move(2000.0)
        await scene.until(lambda: scene.market.last_ticks)
        yield scene


async def hear(scene: Scene, stream: str, **data: Any) -> None:
    """Have one frame of a market stream arrive that the exchange never made."""
    frame = {"stream": f"{SYMBOL.lower()}@{stream}", "data": {"s": SYMBOL, **data}}
    await scene.fault(kind="inject", lines="combined", frames=[msgspec.json.encode(frame).hex()])


async def quote(scene: Scene, prices: tuple[str, str]) -> None:
    """Hear of a best bid and ask, and go on when the engine has it."""
    bid, ask = prices
    await hear(scene, "bookTicker", u=10**9, b=bid, B="5.0000", a=ask, A="5.0000")
    ticks = scene.market.instrument.price_ticks(bid), scene.market.instrument.price_ticks(ask)
    await scene.until(lambda: (scene.market.bid_ticks, scene.market.ask_ticks) == ticks)


async def trade(scene: Scene, price: str) -> None:
    """Hear of a trade, and go on when the engine has it."""
    await hear(scene, "trade", e="trade", E=1, t=10**9 + len(price), p=price, q="0.1000", T=1, m=True, M=True)
    ticks = scene.market.instrument.price_ticks(price)
    await scene.until(lambda: scene.market.last_ticks == ticks)


async def timers(scene: Scene) -> None:
    """Let the core's timer come a few times."""
    ends_ns = scene.trading.now_ns + SOME_TIMERS_NS
    await scene.until(lambda: scene.trading.now_ns > ends_ns)


def sales(scene: Scene) -> list[str]:
    """Return who sold, or tried to, other than what rests at the exchange."""
    sold = [o.approved for o in scene.trading.orders if o.approved.side is Side.SELL]
    return [order.origin for order in sold if order.client_order_id not in scene.trading.resting]


@pytest.mark.parametrize("exits", ["engine", "exchange"])
async def test_f16_a_quote_at_minus_sixty_percent_and_back_buys_and_sells_nothing(
    tmp_path: Path, market: Market, exits: ExitsName
) -> None:
    """One source alone: what is held stays, and the collar refuses an entry."""
    async with holding(tmp_path, market, exits) as it:
        await quote(it, LOW)
        refused = await it.buy("100")
        assert refused.code == "C4_PRICE_COLLAR"
        assert "limit=2.00% move=-60.00% ref=" in refused.text
        await timers(it)
        assert (sales(it), bool(it.trading.portfolio.open)) == ([], True)
        await quote(it, TRUE)
        assert (await it.buy("100")).ok
        await timers(it)
        assert sales(it) == []
        market.tape.is_still = False
        await it.squared()


async def test_f16_a_trade_at_minus_sixty_percent_alone_buys_and_sells_nothing(tmp_path: Path, market: Market) -> None:
    """The bid and the book say otherwise; against the reference that fell, the ask is far."""
    async with holding(tmp_path, market, "engine") as it:
        await trade(it, "800.00")
        refused = await it.buy("100")
        assert refused.code == "C4_PRICE_COLLAR"
        assert "move=+150.0" in refused.text
        await timers(it)
        assert sales(it) == []
        await trade(it, "2000.00")
        assert (await it.buy("100")).ok
        market.tape.is_still = False
        await it.squared()


async def test_f16_two_sources_at_minus_sixty_percent_sell(tmp_path: Path, market: Market) -> None:
    """With the trade beside the quote the stop is believed: otherwise the tests above would prove nothing."""
    async with holding(tmp_path, market, "engine") as it:
        await quote(it, LOW)
        await asyncio.gather(trade(it, "800.00"), it.until(lambda: it.trading.portfolio.closed))
        assert sales(it) == ["exit:stop_loss"]
        market.tape.is_still = False
        await it.squared()


async def test_f16_a_crossed_book_is_no_price_to_buy_at(tmp_path: Path, market: Market) -> None:
    """The best bid above the best ask: refused with both, and allowed again with the next sound quote."""
    async with holding(tmp_path, market, "engine") as it:
        await quote(it, CROSSED)
        refused = await it.buy("100")
        assert (refused.code, "bid=2000.01 ask=2000.00" in refused.text) == ("C5_CROSSED_BOOK", True)
        await timers(it)
        assert sales(it) == []
        await quote(it, TRUE)
        assert (await it.buy("100")).ok
        market.tape.is_still = False
        await it.squared()
