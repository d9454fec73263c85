"""The crash drill: an engine trades under load and is killed, at named points and at random moments, round after round.

Each round starts the engine on what the last one left, waits until it has reconciled, compares everything with the
exchange while it is still halted, arms it, lets it trade, and kills it. What is counted: orders and fills at the
exchange, orders that are there twice, orders of ours that the engine does not know, positions without an order that
protects them, and positions that differ.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from engine.drill.compare import Comparison, Counts
from engine.drill.exchange import Asker
from engine.drill.processes import WHO, addresses, end, ills, spawn
from engine.drill.victim import ARMED, NOWHERE, POINTS
from engine.venues.paper.main import Urls, running_exchange
from engine.venues.paper.options import ExchangeOptions
from engine.wire.commands import Amount, AnyCommand, Buy, Close, GetSnapshot, Kill, ResetKill, Resume
from engine.wire.line import EngineLine, LineDown, socket_path
from engine.wire.replies import Reply, Snapshot

_EAGER: Final = """
mode = "auto"
[limits]
repeats = 100
orders_per_s = 50
[breakers]
cooldown_s = 0.0
losses = 100
daily_loss_pct = 100.0
drawdown_pct = 100.0
[strategies.sma_cross]
mode = "off"
[strategies.order_flow]
ask = 0.0
act = 0.05
min_trades = 5
cooldown_s = 0.5
stop_pct = 0.4
target_pct = 0.6
"""
"""A strategy that acts on nearly everything, with exits so near that they are reached."""
_READY_S: Final = 60.0
_LONGEST_S: Final = 8.0
"""A named point that is not reached by then is left for a kill at random."""
_PAUSE_S: Final = 0.05
_USUALLY: Final = (0.0, 0.25, 0.35, 0.8)
"""Up to where, of one, a kill is given, arming, a reset, and a buy; what is left is a close."""
_WHERE_KILLED: Final = (0.1, 0.3, 0.55, 1.0)


async def crash_drill(rounds: int, seed: int) -> Counts:
    """Run the drill; raises TimeoutError where an engine does not come up again or does not settle."""
    with tempfile.TemporaryDirectory(prefix="drill-") as folder:
        home = Path(folder)
        (home / "trader.toml").write_text(_EAGER, encoding="utf-8")
        unlimited = ExchangeOptions(order_limit_10s=0, order_limit_1d=0, weight_limit_1m=0)
        options = msgspec.structs.replace(unlimited, port=0, seed=seed, speed=60.0, wait_for_client=True)
        async with running_exchange(options) as urls, Asker(urls) as asker:
            comparison = Comparison(asker, await asker.rules(), urls.symbols)
            drill = _Drill(home, urls, comparison, Random(seed))  # noqa: S311  chance, and no secret
            for number in range(rounds):
                await drill.round(number)
            await drill.finish()
            return comparison.counts


class _Drill:
    """The rounds, on one exchange and one home."""

    def __init__(self, home: Path, urls: Urls, comparison: Comparison, chance: Random) -> None:
        self._home = home
        self._urls = urls
        self._comparison = comparison
        self._chance = chance
        self._ids = count(1)

    async def round(self, number: int) -> None:
        """Start, compare, trade, and be killed."""
        names = (NOWHERE, *POINTS)
        point, nth = names[number % len(names)], self._chance.randint(1, 4)
        async with self._engine(point, nth) as process, EngineLine(socket_path(self._home)) as line:
            await self._settled(line)
            await self._comparison.compare(lambda: self._snapshot(line), number)
            is_reached = await self._trade(process, line, point)
        counts = self._comparison.counts
        counts.rounds += 1
        if is_reached:
            counts.points[point] = counts.points.get(point, 0) + 1

    async def finish(self) -> None:
        """Start once more, and compare what the last round left."""
        async with self._engine(NOWHERE, 0), EngineLine(socket_path(self._home)) as line:
            await self._settled(line)
            await self._comparison.compare(lambda: self._snapshot(line), self._comparison.counts.rounds)

    @contextlib.asynccontextmanager
    async def _engine(self, point: str, nth: int) -> AsyncIterator[Process]:
        (self._home / ARMED).unlink(missing_ok=True)
        process = await spawn(self._home, "engine.drill.victim", point, str(nth), **addresses(self._urls))
        try:
            yield process
        finally:
            await end(process)

    async def _ask(self, line: EngineLine, command: AnyCommand) -> Reply | None:
        with contextlib.suppress(LineDown):
            return await line.ask(command)
        return None

    async def _snapshot(self, line: EngineLine) -> Snapshot | None:
        reply = await self._ask(line, GetSnapshot(id=self._id(), who=WHO))
        return reply.result if reply is not None and isinstance(reply.result, Snapshot) else None

    async def _settled(self, line: EngineLine) -> None:
        """Wait until the engine is up, has compared the account, and knows what became of every order."""
        words = "the engine does not answer"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_READY_S):
                while words:
                    await asyncio.sleep(_PAUSE_S)
                    if (seen := await self._snapshot(line)) is not None:
                        orders = [
                            f"{o.client_order_id} {o.side} {o.state} {o.filled_qty}/{o.qty}" for o in seen.orders.open
                        ]
                        words = "; ".join([bad, *orders]) if (bad := ills(seen)) else ""
        if words:
            last = (self._home / "log").read_text(encoding="utf-8").splitlines()[-3:]
            raise TimeoutError("\n".join([f"not settled within {_READY_S:g} s: {words}", *last]))

    async def _trade(self, process: Process, line: EngineLine, point: str) -> bool:
        """Let it trade until it dies at its point or is killed; say whether the point was reached."""
        (self._home / ARMED).touch()
        loop = asyncio.get_running_loop()
        longest_s = self._chance.uniform(0.3, 2.5) if point == NOWHERE else _LONGEST_S
        until_s = loop.time() + longest_s
        while process.returncode is None and loop.time() < until_s:
            await self._ask(line, self._next(point))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _PAUSE_S)
        is_reached = process.returncode is not None
        await end(process)
        return is_reached

    def _next(self, point: str) -> AnyCommand:
        """Say what somebody does next: mostly buy, now and then close; and arm, or kill where that is the point.

        A kill reaches its point where something is held, for which it was reset, trading armed, and something bought.
        """
        name, symbol, dice = self._id(), self._chance.choice(self._urls.symbols), self._chance.random()
        kills, arms, resets, buys = _WHERE_KILLED if point == "half_way_through_a_kill" else _USUALLY
        if dice < kills:
            return Kill(id=name, who=WHO, flatten=True)
        if dice < arms:
            return Resume(id=name, who=WHO)
        if dice < resets:
            return ResetKill(id=name, who=WHO, reason="the drill goes on")
        if dice < buys:
            return Buy(id=name, who=WHO, symbol=symbol, amount=Amount("quote", str(self._chance.randint(20, 200))))
        return Close(id=name, who=WHO, symbol="all")

    def _id(self) -> str:
        return f"drill-{os.getpid()}-{next(self._ids)}"
