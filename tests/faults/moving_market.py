"""A paper exchange whose market moves when told to, and whose own book a test can look into, with an engine on it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import pytest
from fault_bench import Scene, quiet, trading
from paper_bench import ETH

from engine.core.instrument import E8
from engine.core.record_codec import decode_record
from engine.core.records import Intended
from engine.core.types import Side, Symbol
from engine.store import frames
from engine.venues.paper import main
from engine.venues.paper.defaults import PAPER_ACCOUNT
from engine.venues.paper.orders import STOPS, Order
from engine.venues.paper.server.venue import Venue
from engine.venues.paper.tape.events import BookSnapshot, Kline
from engine.venues.paper.tape.synthetic import SyntheticMarket

SYMBOL: Final = Symbol("ETHUSDT")
FIRST: Final = 2000.0
EXCHANGE_EXITS: Final = quiet("exchange")
EAGER: Final = """
mode = "auto"
[limits]
repeats = 100
max_position_pct = 90.0
max_gross_pct = 90.0
[breakers]
cooldown_s = 0.0
[strategies.sma_cross]
symbols = ["NONE"]
[strategies.order_flow]
ask = 0.1
act = 0.2
min_trades = 5
cooldown_s = 0.2
"""
"""Whoever buys and buys makes this one buy too."""
_SPREAD_TICKS: Final = 2
_BEAT_S: Final = 0.05
_BEHIND_S: Final = 0.5
"""What it may catch up with where the machine is busy."""
TEN_MS: Final = 0.01
_SILENT_S: Final = "1"
"""After this the watchdog takes an engine for dead."""
_START_S: Final = 60.0


class HandTape:
    """A market that quotes and trades every ``beat_s``, back and forth by a tick around what it was last told."""

    spec, speed, has_news, lap, rules = "hand", 1.0, False, 0, (ETH,)

    def __init__(self) -> None:
        self._market = SyntheticMarket(ETH, 100_000, np.random.default_rng(7))
        self._price, self._is_up, self._rushed_ms = FIRST, False, 1_000
        self.beat_s = _BEAT_S
        self.frames = 0
        """How many there were so far."""
        self.is_still = False
        """While it is, nothing moves by itself."""
        self._listener: Callable[[Any], None] = lambda event: None
        self._requote()

    async def prepare(self) -> None:
        """Need nothing."""

    def snapshots(self) -> Sequence[BookSnapshot]:
        """Begin with the whole book."""
        return (self._market.snapshot(0, 1),)

    def history(self, symbol: str) -> Sequence[Kline]:
        """Begin without a past."""
        return ()

    async def play(self, listener: Callable[[Any], None]) -> None:
        """Go on for ever."""
        self._listener = listener
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            while due <= loop.time() and not self.is_still:
                self.move(self._price)
                due += self.beat_s
            await asyncio.sleep(self.beat_s)
            due = max(due, loop.time() - _BEHIND_S)

    def move(self, price: float) -> None:
        """Move the whole market: its book, its best bid and ask, and a trade at either."""
        self._price = price
        for frame in self._requote():
            self._tell(frame)
        for is_buy in (True, False):
            self._tell(self._market.trade(0, 1, is_buy, 1))

    def rush(self, trades: int) -> None:
        """Let somebody buy and buy, a cent higher and 0.3 s later each time; then the price is as it was before."""
        before = self._price
        for _ in range(trades):
            self._price, self._rushed_ms = self._price + 0.01, self._rushed_ms + 300
            for frame in self._requote():
                self._tell(frame)
            self._tell(self._market.trade(0, self._rushed_ms, True, 1))
        self._price = before
        for frame in self._requote():
            self._tell(frame)

    def _tell(self, frame: Any) -> None:
        self.frames += 1
        self._listener(frame)

    def _requote(self) -> list[Any]:
        self._is_up = not self._is_up
        return self._market.requote(0, 1, round(self._price * E8) // ETH.tick + self._is_up, _SPREAD_TICKS)


class SeenExchange(Venue):
    """The paper exchange itself; the last one that was made can be looked into."""

    made: ClassVar[list[SeenExchange]] = []

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.made[:] = [self]

    def open_orders(self) -> list[Order]:
        """Return what is open in its own book."""
        return self.matching.register.open_orders(PAPER_ACCOUNT)

    def stop_lots(self) -> int:
        """Return what the stops in its book would sell."""
        return sum((o.qty - o.executed) // ETH.lot for o in self.open_orders() if o.request.type in STOPS)

    def held_lots(self) -> int:
        """Return what the account holds, free and locked."""
        account = self.matching.accounts[PAPER_ACCOUNT]
        return (account.free.get("ETH", 0) + account.locked.get("ETH", 0)) // ETH.lot

    def lists(self) -> int:
        """Return how many order lists there ever were."""
        return len(self.matching.lists.of_account(PAPER_ACCOUNT))


class Market:
    """Both ends: the market that a test moves, and the exchange that it looks into."""

    def __init__(self, tape: HandTape) -> None:
        self.tape = tape

    @property
    def exchange(self) -> SeenExchange:
        """The exchange that plays the tape."""
        return SeenExchange.made[0]


def install(monkeypatch: pytest.MonkeyPatch) -> Market:
    """Let the next exchange play a tape that is moved by hand."""
    tape = HandTape()
    monkeypatch.setattr(main, "open_tape", lambda *_: tape)
    monkeypatch.setattr(main, "Venue", SeenExchange)
    return Market(tape)


@asynccontextmanager
async def protected(home: Path, market: Market, quote: str = "500") -> AsyncIterator[Scene]:
    """Run both, buy for so much, and go on when the exchange's own book holds the stop over all of it."""
    async with trading(home, EXCHANGE_EXITS) as scene:
        await scene.bought(quote)
        await until_covered(scene, market)
        yield scene


async def until_covered(scene: Scene, market: Market) -> None:
    """Wait until a stop over everything that is held is in the exchange's book, and the engine knows."""
    exchange, core = market.exchange, scene.trading
    await scene.until(lambda: exchange.held_lots() and exchange.stop_lots() == exchange.held_lots())
    await scene.until(
        lambda: core.resting.stop(SYMBOL) and all(o.state == "working" for o in core.resting.legs(SYMBOL))
    )


def _log_of(home: Path) -> Path:
    """Return where an engine in this home says what it says."""
    home.mkdir(exist_ok=True)
    return home / "engine.log"


@asynccontextmanager
async def engine_process(home: Path, urls: main.Urls, **told: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run an engine in a process of its own, as ``trader run`` does; ``told`` are settings of its environment."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ENGINE_", "BINANCE_", "NEWS_", "SLACK_"))}
    env = kept | {
        "TRADER_HOME": str(home),
        "ENGINE_HTTP_PORT": "0",
        "ENGINE_REHEARSE_MS": "0",
        "BINANCE_REST_URL": urls.rest,
        "BINANCE_STREAM_URL": urls.stream,
        "BINANCE_WS_API_URL": urls.ws_api,
        **told,
    }
    with _log_of(home).open("ab") as log:  # stays with the test's folder where it fails
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "engine.cli.main", "engine"), env=env, stderr=log
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def watchdog_process(home: Path, urls: main.Urls) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a watchdog in a process of its own, as ``trader run`` does, and go on when it watches."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ENGINE_", "BINANCE_", "SLACK_", "WATCHDOG_"))}
    env = kept | {"TRADER_HOME": str(home), "BINANCE_REST_URL": urls.rest, "WATCHDOG_AFTER_S": _SILENT_S}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "engine.cli.main", "watchdog"), env=env, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(_START_S):
            while b"watching the heartbeat" not in await process.stderr.readline():
                pass
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        assert await process.wait() == 0


def entries(home: Path, since_ns: int = 0) -> int:
    """Count the orders to buy in a journal, from a moment on."""
    with open(home / "journal.bin", "rb") as file:
        file.seek(len(frames.HEADER))
        records = [decode_record(payload) for payload in frames.sound(file)]
    orders = [record.order for record in records if isinstance(record, Intended)]
    return sum(order.side is Side.BUY and order.ts_ns >= since_ns for order in orders)


async def look(market: Market, naked: list[int], looks: list[float] | None = None) -> None:
    """Count the moments at which something is held that no stop in the exchange's book would sell; note each look."""
    while True:
        if looks is not None:
            looks.append(asyncio.get_running_loop().time())
        held, covered = market.exchange.held_lots(), market.exchange.stop_lots()
        naked += [held - covered] if covered != held else []
        await asyncio.sleep(TEN_MS)
