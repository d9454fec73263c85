"""C11 with an engine in a process of its own: under load, over an exchange that fails, and while the engine is stopped.

Load is a market of many frames a second, fifty open entries, people who buy without a pause, and a strategy that buys
on each rush, of which one arrives together with the kill. What counts is looked up at the exchange and in the journal.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from asking import until_armed
from fault_bench import ANN, IS_FULL, new_id
from moving_market import EAGER, SYMBOL, Market, engine_process, entries, install, watchdog_process
from paper_bench import RestClient, rest_client
from waiting import until

from engine.clock import now_ns
from engine.core.types import Side
from engine.store.heartbeat import read_pulse
from engine.store.watchdog_note import read_note
from engine.venues.paper.defaults import PAPER_ACCOUNT
from engine.venues.paper.main import Urls, running_exchange
from engine.venues.paper.options import ExchangeOptions
from engine.wire import commands
from engine.wire.commands import Amount
from engine.wire.events import KillReported
from engine.wire.line import EngineLine, LineDown, socket_path
from engine.wire.safeguard_views import KillView

BEAT_S: Final = 0.004 if IS_FULL else 0.016
"""Between four frames: 1,000 a second, or 250."""
LEAST_FRAMES: Final = 800 if IS_FULL else 200
OPEN: Final = 50
RUSH: Final = 100
DOWN_S: Final = 20.0 if IS_FULL else 3.0
AT_MOST_S: Final = 1.0
NS: Final = 1_000_000_000


@pytest.fixture(name="market")
def a_market_moved_by_hand(monkeypatch: pytest.MonkeyPatch) -> Market:
    """The tape of the next exchange."""
    return install(monkeypatch)


class Load(NamedTuple):
    """An engine under load: what it runs on, the line to it, and its process."""

    home: Path
    urls: Urls
    rest: RestClient
    line: EngineLine
    engine: asyncio.subprocess.Process

    async def fault(self, **order: object) -> None:
        """Order a fault of the exchange."""
        async with self.rest.session.post(f"{self.urls.rest}/_fault", json=order) as answer:
            assert answer.status == 200


@asynccontextmanager
async def under_load(home: Path, market: Market) -> AsyncIterator[Load]:
    """Run all of it; go on when fifty entries are open, something is held, and its protection rests."""
    config = home / "eager.toml"
    config.write_text(EAGER.replace("[limits]", "[limits]\norders_per_s = 1000"), encoding="utf-8")
    options = ExchangeOptions(port=0, balances={"USDT": "1000000"}, order_limit_10s=0, weight_limit_1m=0)
    async with (
        running_exchange(options) as urls,
        rest_client(urls) as rest,
        engine_process(home, urls, TRADER_CONFIG=str(config)) as engine,
        EngineLine(socket_path(home), watch=True) as line,
    ):
        await until_armed(line)
        for _ in range(OPEN):
            amount = Amount("quote", "200")
            entry = commands.Buy(id=new_id(), who=ANN, symbol="eth", amount=amount, limit_price="1800", stop_pct=2.0)
            assert (await line.ask(entry)).ok
        await until(lambda: len(open_entries(market)) == OPEN)
        assert (await line.ask(_buy("5000"))).ok
        await until(lambda: market.exchange.held_lots() and market.exchange.stop_lots())
        market.tape.beat_s = BEAT_S
        pushing = asyncio.create_task(_push(line))
        print(f"{await _rate(market):.0f} frames a second")
        try:
            yield Load(home, urls, rest, line, engine)
        finally:
            pushing.cancel()


async def _rate(market: Market) -> float:
    """Wait for a second in which there were enough frames, and return how many; a busy machine may take a few."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(30.0):
        while True:
            began, at = market.tape.frames, loop.time()
            await until(lambda at=at: loop.time() > at + 1.0)  # type: ignore[misc]
            if (rate := (market.tape.frames - began) / (loop.time() - at)) > LEAST_FRAMES:
                return rate


async def _push(line: EngineLine) -> None:
    """Buy without a pause, as somebody who has gone mad would, and go on when the engine does not answer."""
    while True:
        try:
            await line.ask(_buy("50"))
        except LineDown:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.005)


def _buy(quote: str) -> commands.Buy:
    return commands.Buy(id=new_id(), who=ANN, symbol="eth", amount=Amount("quote", quote))


def bought(market: Market) -> int:
    """Count the orders to buy that the exchange ever took."""
    orders = market.exchange.matching.register.all_orders(PAPER_ACCOUNT, SYMBOL)
    return sum(order.request.side is Side.BUY for order in orders)


def _beats(home: Path) -> int:
    pulse = read_pulse(home)
    return pulse.beats if pulse is not None else 0


def open_entries(market: Market) -> list[str]:
    """Return the open orders to buy in the exchange's own book."""
    return [o.request.client_order_id for o in market.exchange.open_orders() if o.request.side is Side.BUY]


def is_flat(market: Market) -> bool:
    """Say whether nothing is open and nothing held."""
    return not market.exchange.open_orders() and not market.exchange.held_lots()


async def _report(line: EngineLine) -> KillView:
    async for event in line.events():
        if isinstance(event, KillReported) and event.kill.is_done:
            return event.kill
    raise AssertionError("the engine has gone")


async def thrown(load: Load, market: Market, *, flatten: bool) -> tuple[asyncio.Task[KillView], int]:
    """Throw the switch while a rush arrives in one batch; return the report to come, and when that was."""
    report = asyncio.create_task(_report(load.line))
    market.tape.rush(RUSH)
    killed_ns = now_ns()
    assert (await load.line.ask(commands.Kill(id=new_id(), who=ANN, flatten=flatten, reason="drill"))).ok
    return report, killed_ns


async def nothing_bought_later(load: Load, market: Market, killed_ns: int) -> None:
    """From one second after the kill on, neither the exchange hears of an entry nor the journal."""
    await until(lambda: now_ns() > killed_ns + int(AT_MOST_S * NS))
    known, began = bought(market), market.tape.frames
    market.tape.rush(RUSH)
    await until(lambda: market.tape.frames > began + 3 * RUSH)
    assert bought(market) == known
    assert entries(load.home, killed_ns + int(AT_MOST_S * NS)) == 0


@pytest.mark.parametrize("flatten", [False, True] if IS_FULL else [True])
async def test_c11_kill_of_a_process_under_load(tmp_path: Path, market: Market, flatten: bool) -> None:
    """No new entry after a second, no open order left but what protects, and flat where that is asked for."""
    async with under_load(tmp_path, market) as load:
        report, killed_ns = await thrown(load, market, flatten=flatten)
        await until(lambda: not open_entries(market))
        gone_s = (now_ns() - killed_ns) / NS
        assert gone_s < 5.0
        if flatten:
            await until(lambda: is_flat(market))
        print(f"no entry open after {gone_s:.2f} s{f', flat after {(now_ns() - killed_ns) / NS:.2f} s' * flatten}")
        await nothing_bought_later(load, market, killed_ns)
        async with asyncio.timeout(30.0):
            (line,) = (await report).symbols
        assert (line.still_open, line.why) == (0, "")
        if flatten:
            assert is_flat(market)
        else:
            await until(lambda: market.exchange.stop_lots() == market.exchange.held_lots() > 0)
        assert open_entries(market) == []


async def test_c11_kill_of_a_process_while_the_exchange_fails(tmp_path: Path, market: Market) -> None:
    """Every answer is a 5xx for a while: nothing is bought meanwhile, and all is gone soon after it answers again."""
    async with under_load(tmp_path, market) as load:
        await load.fault(kind="error", times=1_000_000, status=503, code=-1007)
        report, killed_ns = await thrown(load, market, flatten=True)
        await nothing_bought_later(load, market, killed_ns)
        await until(lambda: now_ns() > killed_ns + int(DOWN_S * NS))
        assert len(open_entries(market)) == OPEN
        assert not report.done()
        await load.fault(kind="none")
        back_ns = now_ns()
        await until(lambda: is_flat(market))
        print(f"flat {(now_ns() - back_ns) / NS:.2f} s after {DOWN_S:g} s of 5xx")
        async with asyncio.timeout(60.0):
            assert (await report).symbols[0].still_open == 0
        assert entries(load.home, killed_ns + int(AT_MOST_S * NS)) == 0


async def test_c11_kill_while_the_engine_is_stopped(tmp_path: Path, market: Market) -> None:
    """SIGSTOP: the watchdog cancels the fifty entries and leaves what protects; awake, the engine takes the kill file.

    Of all that waited in its sockets, the commands of people too, nothing is bought.
    """
    async with under_load(tmp_path, market) as load, watchdog_process(tmp_path, load.urls):
        began = _beats(tmp_path)
        await until(lambda: _beats(tmp_path) > began + 20)  # two seconds, in which the watchdog has seen it alive
        load.engine.send_signal(signal.SIGSTOP)
        stopped_ns = now_ns()
        (tmp_path / "kill").write_text("--flatten")
        market.tape.rush(RUSH)
        await until(lambda: not open_entries(market))
        print(f"no entry open {(now_ns() - stopped_ns) / NS:.2f} s after the engine was stopped")
        assert market.exchange.stop_lots() > 0
        await until(lambda: (note := read_note(tmp_path)) is not None and note.is_done)
        known, woken_ns = bought(market), now_ns()
        load.engine.send_signal(signal.SIGCONT)
        await until(lambda: is_flat(market))
        print(f"flat {(now_ns() - woken_ns) / NS:.2f} s after it was woken")
        await nothing_bought_later(load, market, woken_ns)
        assert bought(market) == known
