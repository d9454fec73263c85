"""C11 through real sockets: the kill switch under load, over an exchange that fails, and by a file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from fault_bench import ANN, IS_FULL, Scene, new_id, quiet, trading
from moving_market import SYMBOL, Market, install, protected

from engine.core.types import ApprovedOrder, ClientOrderId, OrderRequest, OrderState, OrderType, Side, TradeId
from engine.wire import commands
from engine.wire.events import KillReported
from engine.wire.replies import Reply
from engine.wire.safeguard_views import KillView

WIDE = {"orders_per_s": 1_000, "max_order_pct": 5.0, "max_position_pct": 100.0, "max_gross_pct": 100.0}
WIDE_CONFIG = quiet(**WIDE)
ENTRIES = 50
RATE = 10.5
"""The recording has 97 frames a second."""
DOWN_S = 20.0 if IS_FULL else 4.0


def rest_entries(it: Scene, number: int, below_pct: float = 10.0, lots: int = 200) -> list[ClientOrderId]:
    """Send so many GTC buys far below the market."""
    core, symbol = it.trading, it.market.instrument.symbol
    limit, names = it.market.bid_ticks - int(it.market.bid_ticks * below_pct / 100.0), []
    for name in [new_id() for _ in range(number)]:
        request = OrderRequest(
            ClientOrderId(f"tr-{name}"), symbol, Side.BUY, OrderType.LIMIT, lots, limit, False, limit * 9 // 10, 0,
            f"command:{name}", "test", TradeId(f"t-{name}"), core.now_ns,
        )  # fmt: skip
        core.last_hop.cause_in(request.cause_id)
        result = core.submit(request)
        assert isinstance(result, ApprovedOrder), result
        it.live.perform(core.take())
        names.append(result.client_order_id)
    return names


async def rested(it: Scene, number: int) -> list[ClientOrderId]:
    """Send them and wait until the exchange has them all."""
    names = rest_entries(it, number)
    await it.until(lambda: all(it.order(name).state is OrderState.WORKING for name in names))
    return names


async def kill(it: Scene, **changed: Any) -> Reply:
    """Throw the switch."""
    return await it.ask(commands.Kill(id=new_id(), who=ANN, **changed))


def reports(it: Scene) -> list[KillView]:
    """Return the reports so far."""
    return [event.kill for event in it.events if isinstance(event, KillReported)]


async def confirmed(it: Scene, seconds: float = 20.0) -> KillView:
    """Wait for the report that the venue has confirmed."""
    await it.until(lambda: any(view.is_done for view in reports(it)), seconds)
    return next(view for view in reports(it) if view.is_done)


def entries_since(it: Scene, ts_ns: int) -> list[ClientOrderId]:
    """Return the entries that were approved after a moment."""
    approved = [order.approved for order in it.trading.orders]
    return [a.client_order_id for a in approved if a.side is Side.BUY and a.ts_ns > ts_ns]


async def test_c11_kill_under_load(tmp_path: Path, eth_recording: Path) -> None:
    """Fifty open orders and a thousand frames a second: no entry leaves any more, none is left, and all is sold."""
    tape = {"tape": f"recording:{eth_recording}?laps=0", "speed": RATE, "order_limit_10s": 0}
    config = quiet(orders_per_s=1_000, max_position_pct=100.0, max_gross_pct=100.0)
    async with trading(tmp_path, config, **tape) as it:
        for _ in range(4):
            await it.bought("900")
        entries = await rested(it, ENTRIES)
        assert it.venue.feed is not None
        reader, began, frames = it.venue.feed.reader, asyncio.get_running_loop().time(), it.venue.feed.reader.frames
        pushing = asyncio.create_task(_push_buys(it))
        reply = await kill(it, flatten=True, reason="drill")
        killed_ns = it.trading.latch.since_ns
        assert reply.ok
        await it.until(lambda: not it.trading.portfolio.open and not it.trading.orders.working())
        took_s = (it.trading.now_ns - killed_ns) / 1e9
        done = await confirmed(it)
        pushing.cancel()
        seconds = asyncio.get_running_loop().time() - began
        print(f"nothing open and flat after {took_s:.2f} s, {(reader.frames - frames) / seconds:.0f} frames a second")
        assert entries_since(it, killed_ns) == []
        (line,) = done.symbols
        assert (line.cancelled, line.still_open, line.why) == (ENTRIES, 0, "")
        assert line.held_qty.strip("0.") == ""
        assert {it.order(name).state for name in entries} == {OrderState.CANCELED}
        await it.squared()


async def _push_buys(it: Scene) -> None:
    """Ask for entries without a pause, as a strategy that has gone mad would."""
    while True:
        await it.buy("50")
        await asyncio.sleep(0)


async def test_c11_kill_while_the_exchange_fails(tmp_path: Path) -> None:
    """Every answer is a 5xx for a while: it goes on until the exchange has confirmed, and says so meanwhile."""
    async with trading(tmp_path, WIDE_CONFIG, order_limit_10s=0) as it:
        await it.bought("300")
        entries = [it.limit_buy(50.0) for _ in range(ENTRIES if IS_FULL else 5)]
        await it.until(lambda: all(it.order(name).state is OrderState.WORKING for name in entries))
        await it.until(lambda: it.trading.portfolio.open)
        await it.fault(kind="error", times=100_000, status=503, code=-1007)
        reply = await kill(it, flatten=True)
        assert reply.ok
        async with asyncio.timeout(DOWN_S + 10.0):
            ends = asyncio.get_running_loop().time() + DOWN_S
            while asyncio.get_running_loop().time() < ends:
                assert not any(view.is_done for view in reports(it))
                await asyncio.sleep(0.05)
        await it.fault(kind="none")
        done = await confirmed(it, 40.0)
        assert done.symbols[0].still_open == 0
        assert not it.trading.portfolio.open
        assert {it.order(name).state for name in entries} == {OrderState.CANCELED}
        await it.squared()


async def test_c11_kill_leaves_what_protects_unless_it_flattens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stop and a target rest at the exchange: they stay over what stays held, and go with it."""
    market = install(monkeypatch)
    async with protected(tmp_path, market) as it:
        entries = rest_entries(it, 3)
        await it.until(lambda: len(market.exchange.open_orders()) == 5)
        await kill(it)
        kept = await confirmed(it)
        assert (kept.symbols[0].cancelled, kept.symbols[0].resting_sales) == (3, 2)
        assert {order.request.side for order in market.exchange.open_orders()} == {Side.SELL}
        assert market.exchange.stop_lots() == market.exchange.held_lots() > 0
        assert {it.order(name).state for name in entries} == {OrderState.CANCELED}
        it.events.clear()
        await kill(it, flatten=True, symbol=SYMBOL)
        gone = await confirmed(it)
        assert (gone.symbols[0].resting_sales, gone.symbols[0].held_qty) == (0, "0.0000")
        assert (market.exchange.open_orders(), market.exchange.held_lots()) == ([], 0)
        await it.squared()


async def test_c11_exits_still_work_while_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop that is reached after the kill sells, and a person may close."""
    market: Market = install(monkeypatch)
    async with trading(tmp_path, quiet(**WIDE)) as it:
        await it.bought("500")
        await it.until(lambda: it.trading.portfolio.open)
        await kill(it)
        market.tape.move(1950.0)
        await it.until(lambda: it.trading.portfolio.closed)
        await it.squared()
        assert not (await it.buy()).ok


@pytest.mark.parametrize(
    ("words", "flatten"), [("", False), ("--flatten --symbol eth", True), ("nonsense here", False)]
)
async def test_c11_a_file_kills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, *, flatten: bool) -> None:
    """With the words of the command in it; whatever else is in it, it kills. It is taken away, and counts once."""
    market = install(monkeypatch)
    async with trading(tmp_path, WIDE_CONFIG) as it:
        await it.bought("500")
        await it.until(lambda: it.trading.portfolio.open)
        await rested(it, 2)
        (tmp_path / "kill").write_text(words)
        done = await confirmed(it)
        assert not (tmp_path / "kill").exists()
        assert it.trading.latch.by.startswith("file:")
        assert done.flatten is flatten
        assert (market.exchange.held_lots() == 0) is flatten
        assert not any(order.request.side is Side.BUY for order in market.exchange.open_orders())
        assert (await it.ask(commands.Resume(id=new_id(), who=ANN))).code == "C11_KILLED"


async def test_c11_a_kill_file_that_waits_is_taken_at_the_start(tmp_path: Path) -> None:
    """It may be put there while the engine is down."""
    (tmp_path / "kill").touch()
    async with trading(tmp_path, is_armed=False) as it:
        await it.until(lambda: it.trading.latch.is_on)
        assert not (tmp_path / "kill").exists()
