"""Circles over real sockets: three symbols of one paper exchange, one of which is priced in a coin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from asking import until_armed
from fault_bench import ANN, SILENT, SeenVenue, new_id
from paper_bench import rest_client

from engine import process
from engine.core.config import Arbitrage, Breakers, Headlines, Limits, OrderFlow, SmaCross, Strategies, TradingConfig
from engine.core.instrument import E8, parse_e8
from engine.research.session import replay_session
from engine.settings import Settings
from engine.venues.binance.sign import make_signer
from engine.venues.binance.urls import ApiKeys
from engine.venues.paper.defaults import PAPER_API_KEY, PAPER_API_SECRET
from engine.venues.paper.main import running_exchange
from engine.venues.paper.options import ExchangeOptions
from engine.venues.paper.rules import SymbolRules
from engine.venues.paper.tape.synthetic import SyntheticMarket
from engine.venues.paper.units import text8
from engine.wire import commands
from engine.wire.line import EngineLine, socket_path
from engine.wire.pairs import PairsView
from engine.wire.questions import GetPairs

NAMES: Final = ("BTCUSDT", "ETHUSDT", "ETHBTC")
STEP_NS: Final = 100_000_000
BEGIN_NS: Final = 1_700_000_000 * 1_000_000_000


def three_books(path: Path, steps: int = 600) -> None:
    """Write a recording in which the cross is at times a per cent too cheap, too dear, or fair."""
    chance = np.random.default_rng(5)
    markets = [
        SyntheticMarket(
            SymbolRules(
                symbol=name, base_asset=base, quote_asset=quote, tick=tick, lot=lot, min_price=tick, min_qty=lot
            ),
            50_000,
            chance,
        )
        for name, base, quote, tick, lot in (
            ("BTCUSDT", "BTC", "USDT", E8 // 100, 1_000),
            ("ETHUSDT", "ETH", "USDT", E8 // 100, 10_000),
            ("ETHBTC", "ETH", "BTC", 1_000, 10_000),
        )
    ]
    for number, market in enumerate(markets, start=1):
        market._update_id = number * 10_000_000  # a snapshot in a recording is known by its numbers alone
    lines: list[bytes] = []
    for step in range(steps):
        at_ns, gap = BEGIN_NS + step * STEP_NS, (1.0, 1.0, 0.99, 1.0, 1.01)[step // 3 % 5]
        for market, price in zip(markets, (50_000.0, 2_500.0, 0.05 * gap), strict=True):
            ticks = round(price * E8 / market.rules.tick)
            frames = market.requote(at_ns, at_ns // 1_000_000, ticks, 2)
            frames.append(market.trade(at_ns, at_ns // 1_000_000, step % 2 == 0, 10))
            lines += [] if step != 1 else [b"%d %b" % (at_ns, whole(market))]
            lines += [b'%d {"stream":"%b","data":%b}' % (at_ns, f.stream.encode(), f.data) for f in frames]
    path.write_bytes(b"\n".join(lines) + b"\n")


def whole(market: SyntheticMarket) -> bytes:
    """Return the book as a recorder fetches it."""
    book = market.snapshot(0, 0)
    bids, asks = ([[text8(price), text8(qty)] for price, qty in side] for side in (book.bids, book.asks))
    return msgspec.json.encode({"lastUpdateId": book.last_update_id, "bids": bids, "asks": asks})


@asynccontextmanager
async def three_books_trading(folder: Path) -> AsyncIterator[tuple[Any, Any, Path]]:
    """Run an exchange on such a recording; yields its addresses, a client, and a home for an engine."""
    tape, home = folder / "three.txt", folder / "home"
    three_books(tape)
    home.mkdir()
    options = ExchangeOptions(
        port=0, tape=f"recording:{tape}?laps=0", wait_for_client=True, maker_fee_ppm=0, taker_fee_ppm=0
    )
    async with running_exchange(options) as urls, rest_client(urls) as rest:
        SeenVenue.ping_s[urls.rest] = 5.0
        yield urls, rest, home


def settings_of(urls: Any, home: Path) -> Settings:
    """Return settings in which only circles are traded, and the session is recorded."""
    arbitrage = Arbitrage(mode="auto", circle=NAMES, near_fee_pct=0.0, min_edge_bps=20.0, cooldown_s=0.001)
    strategies = Strategies(
        sma_cross=SmaCross(symbols=SILENT),
        order_flow=OrderFlow(symbols=SILENT),
        headlines=Headlines(symbols=SILENT),
        arbitrage=arbitrage,
    )
    limits = Limits(max_order_pct=5.0, max_position_pct=50.0, max_gross_pct=50.0, orders_per_s=50)
    trading = TradingConfig(mode="auto", limits=limits, breakers=Breakers(cooldown_s=0.0), strategies=strategies)
    return Settings(
        trading=trading, rest_url=urls.rest, stream_url=urls.stream, ws_api_url=urls.ws_api,
        home=home, http_port=0, rehearse_ms=0.0, record=home / "session.txt",
    )  # fmt: skip


async def only_crumbs(rest: Any) -> None:
    """See that the account holds less of either coin than the exchange takes an order for."""
    status, account = await rest.signed("GET", "account")
    assert status == 200
    held = {row["asset"]: parse_e8(row["free"]) + parse_e8(row["locked"]) for row in account["balances"]}
    assert held.get("BTC", 0) <= 2 * E8 // 10_000
    assert held.get("ETH", 0) <= 2 * E8 // 500


async def circles(line: EngineLine) -> tuple[str, ...]:
    """Ask how the circles are."""
    result = (await line.ask(GetPairs(id=new_id(), who=ANN))).result
    assert isinstance(result, PairsView)
    return result.circles


async def until(line: EngineLine, is_so: Callable[[tuple[str, ...]], object]) -> tuple[str, ...]:
    """Wait for something of the circles."""
    async with asyncio.timeout(60.0):
        while not is_so(lines := await circles(line)):
            await asyncio.sleep(0.05)
    return lines


async def test_circles_are_taken_at_one_exchange_at_a_profit_and_replay_to_the_same_bytes(tmp_path: Path) -> None:
    """A rejected second leg among them; what is left of either coin is less than the exchange takes an order for."""
    async with three_books_trading(tmp_path) as (urls, rest, home):
        settings = settings_of(urls, home)
        async with process.running(settings), EngineLine(socket_path(home), watch=False) as line:
            await until_armed(line)
            await until(line, lambda lines: int(lines[0].partition(" taken")[0].rpartition(" ")[2]) >= 2)
            fault = {"kind": "error", "operation": "order.place", "status": 400, "code": -2010, "msg": "No."}
            async with rest.session.post(f"{urls.rest}/_fault", json=fault) as answer:
                assert answer.status == 200
            await until(line, lambda lines: int(lines[0].partition(" taken")[0].rpartition(" ")[2]) >= 5)
            off = commands.SetMode(id=new_id(), who=ANN, mode="off", strategy="arbitrage")
            assert (await line.ask(off)).ok
            lines = await until(line, lambda lines: "the mode is off" in lines[0])
            assert float(lines[0].rpartition("; ")[2].split(" ")[2]) > -1.0
        await only_crumbs(rest)
    keys = ApiKeys(PAPER_API_KEY, PAPER_API_SECRET)
    assert settings.record is not None
    parity = replay_session(settings.record, keys, make_signer(keys))
    symbols = {msgspec.json.decode(data)["params"]["symbol"] for data in parity.live}
    assert symbols == set(NAMES)
    assert parity.is_equal


async def test_what_a_circle_holds_is_sold_at_a_start_whose_settings_have_none(tmp_path: Path) -> None:
    """The last leg is refused until the engine is stopped; then `circle` and the symbol it needs are taken out."""
    async with three_books_trading(tmp_path) as (urls, rest, home):
        settings = msgspec.structs.replace(settings_of(urls, home), record=None)
        fault = {"kind": "error", "operation": "order.place", "after": 2, "times": 1_000_000}
        async with rest.session.post(f"{urls.rest}/_fault", json={**fault, "status": 400, "code": -2010}) as answer:
            assert answer.status == 200
        async with process.running(settings) as live, EngineLine(socket_path(home), watch=False) as line:
            await until_armed(line)
            async with asyncio.timeout(60.0):
                while not any(":out" in order.approved.cause_id for order in live.engine.trading.orders):
                    await asyncio.sleep(0.05)
        async with rest.session.post(f"{urls.rest}/_fault", json={"kind": "none"}) as answer:
            assert answer.status == 200
        strategies = msgspec.structs.replace(settings.trading.strategies, arbitrage=Arbitrage())
        trading = msgspec.structs.replace(settings.trading, strategies=strategies)
        without = msgspec.structs.replace(settings, trading=trading, symbols=("BTCUSDT", "ETHUSDT"))
        async with process.running(without) as live:
            assert live.engine.trading.portfolio.circles
            async with asyncio.timeout(60.0):
                while live.engine.trading.portfolio.circles:
                    await asyncio.sleep(0.05)
        await only_crumbs(rest)
