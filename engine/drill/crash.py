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
import sys
import tempfile
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec

from engine.core.instrument import E8, parse_e8
from engine.core.types import ORDER_PREFIX
from engine.drill.exchange import Asker, Rules
from engine.drill.victim import ARMED, NOWHERE, POINTS
from engine.venues.paper.main import Urls, running_exchange
from engine.venues.paper.options import ExchangeOptions
from engine.wire.commands import Amount, AnyCommand, Buy, Close, GetSnapshot, Kill, ResetKill, Resume, Who
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
_WHO: Final = Who("drill", "drill", "cli")
_READY_S: Final = 60.0
_SETTLED_S: Final = 20.0
_LONGEST_S: Final = 8.0
"""A named point that is not reached by then is left for a kill at random."""
_PAUSE_S: Final = 0.05


class Counts(msgspec.Struct):
    """What the drill counted; the last four must stay 0."""

    rounds: int = 0
    orders: int = 0
    fills: int = 0
    duplicates: int = 0
    orphans: int = 0
    naked_positions: int = 0
    position_mismatches: int = 0
    too_small: int = 0
    """Looks at a position that is worth less at its stop than the exchange takes an order for."""
    points: dict[str, int] = {}
    """How often each named point was really reached."""
    problems: list[str] = []
    """What was found, in words, with its round."""


async def crash_drill(rounds: int, seed: int) -> Counts:
    """Run the drill; raises TimeoutError where an engine does not come up again or does not settle."""
    with tempfile.TemporaryDirectory(prefix="drill-") as folder:
        home = Path(folder)
        (home / "trader.toml").write_text(_EAGER, encoding="utf-8")
        unlimited = ExchangeOptions(order_limit_10s=0, order_limit_1d=0, weight_limit_1m=0)
        options = msgspec.structs.replace(unlimited, port=0, seed=seed, speed=60.0, wait_for_client=True)
        async with running_exchange(options) as urls, Asker(urls) as asker:
            drill = _Drill(home, urls, asker, Random(seed))  # noqa: S311  chance, and no secret
            await drill.begin()
            for number in range(rounds):
                await drill.round(number)
            await drill.finish()
            return drill.counts


class _Drill:
    """The rounds, on one exchange and one home."""

    def __init__(self, home: Path, urls: Urls, asker: Asker, chance: Random) -> None:
        self.counts = Counts()
        self._home = home
        self._urls = urls
        self._asker = asker
        self._chance = chance
        self._ids = count(1)
        self._rules: dict[str, Rules] = {}
        """What the exchange takes, by base asset."""
        self._dust_e8: dict[str, int] = {}
        """What was held beside the position when it was last compared."""
        self._last: dict[str, int] = {}
        """The newest order and fill that was counted, by what and symbol."""
        self._names: set[str] = set()
        """Of every order of ours that was counted."""

    async def begin(self) -> None:
        """Ask for the lots that positions are counted in."""
        self._rules = await self._asker.rules()

    async def round(self, number: int) -> None:
        """Start, compare, trade, and be killed."""
        names = (NOWHERE, *POINTS)
        point, nth = names[number % len(names)], self._chance.randint(1, 4)
        async with self._engine(point, nth) as process, EngineLine(socket_path(self._home)) as line:
            await self._settled(line)
            await self._compare(line, number)
            is_reached = await self._trade(process, line, point)
        self.counts.rounds += 1
        if is_reached:
            self.counts.points[point] = self.counts.points.get(point, 0) + 1

    async def finish(self) -> None:
        """Start once more, and compare what the last round left."""
        async with self._engine(NOWHERE, 0), EngineLine(socket_path(self._home)) as line:
            await self._settled(line)
            await self._compare(line, self.counts.rounds)

    @contextlib.asynccontextmanager
    async def _engine(self, point: str, nth: int) -> AsyncIterator[Process]:
        env = {
            "TRADER_HOME": str(self._home),
            "TRADER_CONFIG": str(self._home / "trader.toml"),
            "ENGINE_HTTP_PORT": "0",
            "BINANCE_REST_URL": self._urls.rest,
            "BINANCE_STREAM_URL": self._urls.stream,
            "BINANCE_WS_API_URL": self._urls.ws_api,
        }
        (self._home / ARMED).unlink(missing_ok=True)
        argv = (sys.executable, "-m", "engine.drill.victim", point, str(nth))
        with (self._home / "log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(*argv, env=env, stdout=log, stderr=log)
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _ask(self, line: EngineLine, command: AnyCommand) -> Reply | None:
        with contextlib.suppress(LineDown):
            return await line.ask(command)
        return None

    async def _snapshot(self, line: EngineLine) -> Snapshot | None:
        reply = await self._ask(line, GetSnapshot(id=self._id(), who=_WHO))
        return reply.result if reply is not None and isinstance(reply.result, Snapshot) else None

    async def _settled(self, line: EngineLine) -> None:
        """Wait until the engine is up, has compared the account, and knows what became of every order."""
        words = "the engine does not answer"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_READY_S):
                while words:
                    await asyncio.sleep(_PAUSE_S)
                    if (seen := await self._snapshot(line)) is not None:
                        bad = [f"{part.name}: {part.detail}" for part in seen.status.health if not part.is_ok]
                        orders = [
                            f"{o.client_order_id} {o.side} {o.state} {o.filled_qty}/{o.qty}" for o in seen.orders.open
                        ]
                        words = "; ".join([*bad, *orders] if bad else [])
        if words:
            last = (self._home / "log").read_text(encoding="utf-8").splitlines()[-3:]
            raise TimeoutError("\n".join([f"not settled within {_READY_S:g} s: {words}", *last]))

    # ------------------------------------------------------------------ trading

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
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        return is_reached

    def _next(self, point: str) -> AnyCommand:
        """Say what somebody does next: mostly buy, now and then close; and arm, or kill where that is the point."""
        name, symbol, dice = self._id(), self._chance.choice(self._urls.symbols), self._chance.random()
        if point == "half_way_through_a_kill" and dice < 0.1:
            return Kill(id=name, who=_WHO, flatten=True)
        if dice < 0.25:
            return Resume(id=name, who=_WHO)
        if dice < 0.35:
            return ResetKill(id=name, who=_WHO, reason="the drill goes on")
        if dice < 0.8:
            return Buy(id=name, who=_WHO, symbol=symbol, amount=Amount("quote", str(self._chance.randint(20, 200))))
        return Close(id=name, who=_WHO, symbol="all")

    def _id(self) -> str:
        return f"drill-{os.getpid()}-{next(self._ids)}"

    # ------------------------------------------------------------------ comparing

    async def _compare(self, line: EngineLine, number: int) -> None:
        """Compare engine and exchange, until they agree or the time for it is over; count what then differs."""
        found: list[tuple[str, str]] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SETTLED_S):
                while found := await self._differences(line):  # noqa: ASYNC110  the exchange tells nobody
                    await asyncio.sleep(_PAUSE_S)
        await self._count()
        for kind, words in found:
            setattr(self.counts, kind, getattr(self.counts, kind) + 1)
            self.counts.problems.append(f"round {number}: {words}")

    async def _count(self) -> None:
        """Count the orders and fills that are new."""
        for symbol in self._urls.symbols:
            orders = await self._new("allOrders", symbol, "orderId", mark=True)
            self.counts.orders += len(orders)
            self._names |= {row["clientOrderId"] for row in orders}
            self.counts.fills += len(await self._new("myTrades", symbol, "id", mark=True))

    async def _new(self, what: str, symbol: str, key: str, *, mark: bool) -> list[dict[str, Any]]:
        """Return what came since it was last marked; a round has far fewer than the exchange lists at once."""
        rows = await self._asker.ask(what, symbol=symbol, limit=1000)
        new = [row for row in rows if row[key] > self._last.get(f"{what} {symbol}", -1)]
        if mark and new:
            self._last[f"{what} {symbol}"] = max(row[key] for row in new)
        return new

    async def _differences(self, line: EngineLine) -> list[tuple[str, str]]:
        seen = await self._snapshot(line)
        if seen is None:
            return [("position_mismatches", "the engine does not answer")]
        account = await self._asker.ask("account")
        open_there = await self._asker.ask("openOrders")
        orders = [
            row for symbol in self._urls.symbols for row in await self._new("allOrders", symbol, "orderId", mark=False)
        ]
        held = {row["asset"]: parse_e8(row["free"]) + parse_e8(row["locked"]) for row in account["balances"]}
        return [
            *(("duplicates", f"{name} is there twice") for name in _twice(orders, self._names)),
            *(("orphans", f"{name} is unknown to the engine") for name in _unknown(open_there, seen)),
            *self._positions(seen, held, open_there, _sales(orders)),
        ]

    def _positions(
        self, seen: Snapshot, held: dict[str, int], open_there: list[dict[str, Any]], sales: int
    ) -> list[tuple[str, str]]:
        """Compare what is held, and look for an order that protects it.

        A fee in the base asset leaves less than a lot behind at each sale: dust, which no position counts any more. So
        much may be there beside it, and far less than the smallest fill. What is worth less than the exchange takes an
        order for can't be protected there: it is counted apart, and the engine alone watches it.
        """
        ours = {trade.base_asset: trade for trade in seen.positions.positions}
        found = []
        for base, (lot_e8, min_notional_e8) in self._rules.items():
            qty_e8 = parse_e8(ours[base].qty) if base in ours else 0
            beside_e8, before_e8 = held.get(base, 0) - qty_e8, self._dust_e8.get(base, 0)
            if before_e8 - lot_e8 < beside_e8 < before_e8 + lot_e8 * (sales + 1):
                self._dust_e8[base] = beside_e8
            else:
                found.append(("position_mismatches", f"{base}: {held.get(base, 0)} there, {qty_e8} here, in 1e-8"))
            is_protected = base in ours and any(
                row["side"] == "SELL" and row["symbol"] == ours[base].symbol for row in open_there
            )
            if base not in ours or is_protected:
                continue
            if qty_e8 * parse_e8(ours[base].stop_price or ours[base].entry_price) < min_notional_e8 * E8:
                self.counts.too_small += 1
            else:
                found.append(("naked_positions", f"{ours[base].symbol}: nothing rests there for {ours[base].qty}"))
        return found


def _sales(orders: list[dict[str, Any]]) -> int:
    return sum(row["side"] == "SELL" and parse_e8(row["executedQty"]) > 0 for row in orders)


def _twice(orders: list[dict[str, Any]], before: set[str]) -> list[str]:
    names = Counter(row["clientOrderId"] for row in orders if row["clientOrderId"].startswith(ORDER_PREFIX))
    return [name for name, times in names.items() if times > 1 or name in before]


def _unknown(open_there: list[dict[str, Any]], seen: Snapshot) -> list[str]:
    known = {order.client_order_id for order in seen.orders.open}
    names = (row["clientOrderId"] for row in open_there)
    return [name for name in names if name.startswith(ORDER_PREFIX) and name not in known]
