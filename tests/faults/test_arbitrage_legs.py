"""Pairs over real sockets between two paper exchanges whose prices differ, and faults of one of them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import pytest
from fault_bench import ANN, IS_FULL, SILENT, SeenVenue, new_id
from paper_bench import RestClient, rest_client

from engine import process
from engine.core.config import Arbitrage, Breakers, Headlines, Limits, OrderFlow, SmaCross, Strategies, TradingConfig
from engine.core.instrument import parse_e8
from engine.second_settings import SecondVenue
from engine.secret import Secret
from engine.settings import Settings
from engine.venues.paper.defaults import PAPER_API_KEY, PAPER_API_SECRET
from engine.venues.paper.main import running_exchange
from engine.venues.paper.options import ExchangeOptions
from engine.wire import commands
from engine.wire.commands import Amount, AnyCommand
from engine.wire.line import EngineLine, LineDown, socket_path
from engine.wire.pairs import SECOND_FOLDER, PairsView
from engine.wire.questions import GetPairs
from engine.wire.replies import Reply

PAIRS: Final = 40 if IS_FULL else 6
LOSS_PCT: Final = 1.0
PAIR_QUOTE: Final = 100.0


def free_of_fees(**changed: Any) -> TradingConfig:
    """Return settings in which only arbitrage speaks, on exchanges that take nothing: the differences are some bps."""
    arbitrage = Arbitrage(
        **{
            "mode": "auto", "near_fee_pct": 0.0, "far_fee_pct": 0.0, "min_edge_bps": 3.0, "drift_bps_s": 0.0,
            "pair_quote": PAIR_QUOTE, "loss_pct": LOSS_PCT, "cooldown_s": 0.001, **changed,
        }
    )  # fmt: skip
    strategies = Strategies(
        sma_cross=SmaCross(symbols=SILENT), order_flow=OrderFlow(symbols=SILENT), headlines=Headlines(symbols=SILENT),
        arbitrage=arbitrage,
    )  # fmt: skip
    limits = Limits(max_order_pct=5.0, max_position_pct=50.0, max_gross_pct=50.0, orders_per_s=50)
    rest = Breakers(cooldown_s=0.0)
    return TradingConfig(mode="auto", exits="engine", limits=limits, breakers=rest, strategies=strategies)


class Both:
    """An engine on two exchanges, and somebody at both of its lines."""

    def __init__(self, lines: tuple[EngineLine, EngineLine], rests: tuple[RestClient, RestClient]) -> None:
        self.lines, self.rests = lines, rests

    async def ask(self, command: AnyCommand, line: int = 0) -> Reply:
        """Ask the first core, or the second one."""
        return await self.lines[line].ask(command)

    async def view(self) -> PairsView:
        """Ask how the pairs are."""
        result = (await self.ask(GetPairs(id=new_id(), who=ANN))).result
        assert isinstance(result, PairsView)
        return result

    async def until(self, is_so: Callable[[PairsView], object], seconds: float = 30.0) -> PairsView:
        """Wait for something of the pairs."""
        async with asyncio.timeout(seconds):
            while not is_so(view := await self.view()):
                await asyncio.sleep(0.02)
        return view

    async def until_ok(self, command: Callable[[], AnyCommand], line: int) -> None:
        """Ask until the answer is yes."""
        async with asyncio.timeout(30.0):
            while not (await self.ask(command(), line)).ok:
                await asyncio.sleep(0.05)

    async def fault(self, **order: Any) -> None:
        """Order a fault of the second exchange."""
        async with self.rests[1].session.post(f"{self.rests[1].urls.rest}/_fault", json=order) as answer:
            assert answer.status == 200, await answer.text()

    async def flat(self) -> PairsView:
        """Stop new pairs, wait until none is open, and reckon by the exchanges' own fills; return the view."""
        await self.set_mode("off")
        view = await self.until(lambda seen: not any(pair.is_open for pair in seen.pairs))
        bought = [await self._bought_e8(rest) for rest in self.rests]
        assert sum(bought) == 2 * self.stock_e8, "what is held in all is what was bought as stock"
        for pair in view.pairs:
            assert float(pair.profit_quote) >= -LOSS_PCT / 100.0 * PAIR_QUOTE, pair
        return view

    stock_e8 = 0

    async def stock(self) -> None:
        """Arm both, buy on each what will be sold there, and let pairs begin."""
        await self.set_mode("off")
        for line in (0, 1):
            await self.until_ok(lambda: commands.Resume(id=new_id(), who=ANN), line)
        base = Amount("base", "2000")
        for line in (0, 1):
            await self.until_ok(lambda: commands.Buy(id=new_id(), who=ANN, symbol="IOTAUSDT", amount=base), line)
        self.stock_e8 = parse_e8("2000")
        with suppress(LineDown):  # a victim may be dead before it has answered
            await self.set_mode("auto")

    async def set_mode(self, mode: Literal["off", "auto"]) -> None:
        """Let pairs begin, or none from now on."""
        assert (await self.ask(commands.SetMode(id=new_id(), who=ANN, mode=mode, strategy="arbitrage"))).ok

    async def _bought_e8(self, rest: RestClient) -> int:
        status, trades = await rest.signed("GET", "myTrades", symbol="IOTAUSDT", limit=1000)
        assert status == 200, trades
        return sum(parse_e8(trade["qty"]) * (1 if trade["isBuyer"] else -1) for trade in trades)


@asynccontextmanager
async def exchanges() -> AsyncIterator[tuple[RestClient, RestClient]]:
    """Run two exchanges of different seeds that take no fees."""
    async with AsyncExitStack() as stack:
        rests = []
        for seed in (7, 8):
            options = ExchangeOptions(port=0, seed=seed, wait_for_client=True, maker_fee_ppm=0, taker_fee_ppm=0)
            urls = await stack.enter_async_context(running_exchange(options))
            SeenVenue.ping_s[urls.rest] = 0.5
            rests.append(await stack.enter_async_context(rest_client(urls)))
        yield rests[0], rests[1]


@asynccontextmanager
async def joined(home: Path, rests: tuple[RestClient, RestClient]) -> AsyncIterator[Both]:
    """Sit at both lines of an engine, as soon as they are there."""
    async with AsyncExitStack() as stack:
        sockets = (socket_path(home), socket_path(home / SECOND_FOLDER))
        async with asyncio.timeout(30.0):
            while not all(path.exists() for path in sockets):
                await asyncio.sleep(0.02)
        first, last = [await stack.enter_async_context(EngineLine(path, watch=False)) for path in sockets]
        yield Both((first, last), rests)


@asynccontextmanager
async def engine(home: Path, rests: tuple[RestClient, RestClient], record: Path | None = None) -> AsyncIterator[None]:
    """Run an engine between two exchanges; ``record``: where its session is recorded."""
    one, two = (rest.urls for rest in rests)
    second = SecondVenue(two.rest, two.stream, two.ws_api, Secret(PAPER_API_KEY), Secret(PAPER_API_SECRET))
    settings = Settings(
        trading=free_of_fees(), rest_url=one.rest, stream_url=one.stream, ws_api_url=one.ws_api,
        home=home, http_port=0, rehearse_ms=0.0, second=second, record=record,
    )  # fmt: skip
    async with process.running(settings):
        yield


@asynccontextmanager
async def both(home: Path) -> AsyncIterator[Both]:
    """Run two exchanges and an engine between them, stocked and armed."""
    async with exchanges() as rests, engine(home, rests), joined(home, rests) as scene:
        await scene.stock()
        yield scene


async def test_pairs_are_taken_between_two_exchanges_at_a_profit(tmp_path: Path) -> None:
    async with both(tmp_path) as scene:
        await scene.until(lambda view: view.taken >= PAIRS)
        view = await scene.flat()
        assert view.mended <= view.taken // 2
        assert float(view.made_quote) > 0.0


LACKING: Final = frozenset({"lost request", "rejection", "5xx"})
"""After these the exchange has no such order: the leg has to be made up for."""
FAULTS: Final[dict[str, dict[str, Any]]] = {
    "lost reply": {"kind": "lose_reply", "operation": "order.place"},
    "lost request": {"kind": "lose_request", "operation": "order.place"},
    "rejection": {"kind": "error", "operation": "order.place", "status": 400, "code": -2010, "msg": "No."},
    "5xx": {"kind": "error", "operation": "order.place", "status": 503, "code": -1007},
    "5xx, and carried out": {"kind": "error_after", "operation": "order.place", "status": 503, "code": -1007},
    "late": {"kind": "late_request", "operation": "order.place", "ms": 800},
}


SHORT: Final = [name for name in FAULTS if IS_FULL or name != "5xx"]
"""It takes as long as a lost request does, to be known."""


@pytest.mark.parametrize("name", SHORT)
async def test_a_fault_on_the_second_leg_ends_flat_within_the_limit(tmp_path: Path, name: str) -> None:
    async with both(tmp_path) as scene:
        await scene.fault(**FAULTS[name])
        began = (await scene.view()).taken
        await scene.until(lambda view: view.taken > began + 1, 40.0)
        view = await scene.flat()
        assert (view.mended >= 1) or name not in LACKING


@pytest.mark.parametrize("kind", ["half_open", "disconnect"])
async def test_a_line_for_orders_that_falls_silent_or_breaks_ends_flat(tmp_path: Path, kind: str) -> None:
    """What was on its way is asked about over a new line; nothing new is tried while one side can't be heard."""
    async with both(tmp_path) as scene:
        for lines in ("ws_api", "combined"):
            began = (await scene.view()).taken
            await scene.fault(kind=kind, lines=lines)
            await scene.until(lambda view, began=began: view.taken > began + 1, 40.0)
        await scene.flat()


@pytest.mark.parametrize("before", ["intent", "bytes"] if IS_FULL else ["intent"])
async def test_a_pair_whose_engine_was_killed_between_the_legs_ends_flat(tmp_path: Path, before: str) -> None:
    """The first leg has left, the second has not: only the two journals know of the pair.

    Where the price had moved on before the first leg came, nothing was bought, and it is played again.
    """
    for number in range(4):
        home = tmp_path / str(number)
        home.mkdir()
        text = await _killed_between_the_legs(home, before)
        assert "bought" in text
        if "bought 0.00 IOTA" not in text:
            break
    assert "sold" in text


async def _killed_between_the_legs(home: Path, before: str) -> str:
    """Kill an engine in its first pair, let the next one make it flat, and return what that says of the pair."""
    async with exchanges() as rests:
        victim = await _victim(home, rests, before)
        async with joined(home, rests) as scene:
            await scene.stock()
            assert await asyncio.wait_for(victim.wait(), 60.0) == -signal.SIGKILL
        for folder in (home, home / SECOND_FOLDER):
            socket_path(folder).unlink()  # left behind: who waits for the next one must not take it for that
        async with engine(home, rests), joined(home, rests) as scene:
            scene.stock_e8 = parse_e8("2000")
            await scene.set_mode("off")
            await scene.until_ok(lambda: commands.Resume(id=new_id(), who=ANN), 0)
            (pair,) = (await scene.flat()).pairs
            return str(pair.text)


async def _victim(home: Path, rests: tuple[RestClient, RestClient], before: str) -> asyncio.subprocess.Process:
    """Start an engine that is killed between the legs of its first pair."""
    config = msgspec.to_builtins(free_of_fees())
    arbitrage = config["strategies"]["arbitrage"]
    lines = [f"{key} = {value!r}" for key, value in arbitrage.items() if isinstance(value, float)]
    limits = [f"{key} = {config['limits'][key]!r}" for key in ("max_order_pct", "max_position_pct", "max_gross_pct")]
    off = [f"[strategies.{name}]\nmode = 'off'" for name in ("sma_cross", "order_flow", "headlines")]
    top = ["mode = 'auto'", "exits = 'engine'", "[limits]", *limits, "orders_per_s = 50"]
    text = "\n".join([*top, "[strategies.arbitrage]", "mode = 'auto'", *lines, *off])
    (home / "trader.toml").write_text(text)
    one, two = (rest.urls for rest in rests)
    env = dict(os.environ) | {
        "TRADER_HOME": str(home), "TRADER_CONFIG": str(home / "trader.toml"), "ENGINE_HTTP_PORT": "0",
        "ENGINE_REHEARSE_MS": "0",
        "BINANCE_REST_URL": one.rest, "BINANCE_STREAM_URL": one.stream, "BINANCE_WS_API_URL": one.ws_api,
        "SECOND_REST_URL": two.rest, "SECOND_STREAM_URL": two.stream, "SECOND_WS_API_URL": two.ws_api,
    }  # fmt: skip
    program = Path(__file__).with_name("pair_victim.py")
    return await asyncio.create_subprocess_exec(
        sys.executable, str(program), before, env=env, cwd=home, stderr=asyncio.subprocess.DEVNULL
    )
