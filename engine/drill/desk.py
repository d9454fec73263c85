"""The desk drill: a kill, a Slack outage, an exchange that times out and a restart, rehearsed on a desk of its own.

Everything runs in a temporary home: an exchange, an engine, and where the throwaway Slack is installed that and a bot.
The desk that asked for it is not touched.
"""

from __future__ import annotations

import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import msgspec

from engine.core.instrument import parse_e8
from engine.drill.exchange import Asker
from engine.drill.processes import WHO, Bench, DrillFailed
from engine.drill.slack import NotThere, slack_outage
from engine.venues.paper.main import running_exchange
from engine.venues.paper.options import ExchangeOptions
from engine.wire.commands import Amount, Buy, Kill, ResetKill, Resume
from engine.wire.drill import DrillReport, DrillStep
from engine.wire.replies import OrderPlaced

_CALM: Final = 'mode = "off"\n[people]\none_step_quote = 1000000.0\n'
"""Nobody trades here but the drill."""
_LATE_MS: Final = 15_000
"""So late the exchange answers: long after an order without an answer counts as unknown, and was asked for."""
_REPORTS: Final = 2
"""That the order is new, and that it filled."""
_QUESTIONS: Final = 2
"""So many questions about it are carried out and never answered either."""


async def desk_drill(slack_home: Path) -> DrillReport:
    """Rehearse all four; ``slack_home`` is the folder below which the throwaway Slack may be installed."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="drill-", dir="/tmp") as folder:
        home = Path(folder)
        (home / "trader.toml").write_text(_CALM, encoding="utf-8")
        options = msgspec.structs.replace(ExchangeOptions(), port=0, wait_for_client=True)
        async with running_exchange(options) as urls, Asker(urls) as asker, Bench(home, urls) as bench:
            await bench.start()
            steps = [
                await _timed("restart", lambda: _restart(bench)),
                await _timed("exchange times out", lambda: _times_out(bench, asker)),
                await _timed("Slack outage", lambda: slack_outage(bench, slack_home)),
                await _timed("kill", lambda: _kill(bench, asker)),
            ]
    return DrillReport(tuple(steps), time.monotonic() - began)


async def _timed(name: str, step: Callable[[], Awaitable[tuple[float, str]]]) -> DrillStep:
    """Run one step, which returns what it measured in seconds and what it saw."""
    try:
        seconds, detail = await step()
    except NotThere as why:
        return DrillStep(name, "not rehearsed", 0.0, str(why))
    except (DrillFailed, TimeoutError) as why:
        return DrillStep(name, "failed", 0.0, str(why) or "it took too long")
    return DrillStep(name, "passed", seconds, detail)


async def _restart(bench: Bench) -> tuple[float, str]:
    """Kill the engine as it holds a position: it must come back halted, with the same position and orders."""
    await _buy(bench)
    before = {held.trade_id: held.qty for held in (await bench.snapshot()).positions.positions}
    began = time.monotonic()
    await bench.kill_engine()
    await bench.start()
    after = await bench.snapshot()
    seconds = time.monotonic() - began
    if {held.trade_id: held.qty for held in after.positions.positions} != before or not before:
        raise DrillFailed("the position is another one after the restart")
    if after.status.is_armed:
        raise DrillFailed("trading is armed after the restart; it must start halted")
    return seconds, "killed while it held a position; the same position after the restart, and halted"


async def _times_out(bench: Bench, asker: Asker) -> tuple[float, str]:
    """Let the exchange carry an order out and say nothing until long after its time.

    It must become unknown, be asked for and become known; there must be one of it, and positions must be equal.
    """
    symbol = bench.urls.symbols[0]
    before = len(await asker.ask("allOrders", symbol=symbol, limit=1000))
    await bench.fault(kind="late_reply", operation="order.place", ms=_LATE_MS)
    await bench.fault(kind="drop", what="executionReport", times=_REPORTS)
    await bench.fault(kind="lose_reply", operation="order.status", times=_QUESTIONS)
    began = time.monotonic()
    name = await _order(bench)
    await bench.until(lambda now: any(o.client_order_id == name and o.state == "unknown" for o in now.orders.open))
    await _filled(bench, name)
    seconds = time.monotonic() - began
    rows = (await asker.ask("allOrders", symbol=symbol, limit=1000))[before:]
    bought = [row for row in rows if row["side"] == "BUY"]
    if len(bought) != 1:
        raise DrillFailed(f"the exchange has {len(bought)} orders for one")
    await _are_equal(bench, asker)
    return seconds, "nothing was heard of an order in its time: unknown, asked for, found out; one order, same position"


async def _are_equal(bench: Bench, asker: Asker) -> None:
    """Compare what is held here with what the exchange's own books have; raises DrillFailed.

    A fee in the base asset leaves less than a lot there that no position counts.
    """
    account, rules, seen = await asker.ask("account"), await asker.rules(), await bench.snapshot()
    there = {row["asset"]: parse_e8(row["free"]) + parse_e8(row["locked"]) for row in account["balances"]}
    for held in seen.positions.positions:
        beside_e8 = there.get(held.base_asset, 0) - parse_e8(held.qty)
        if not 0 <= beside_e8 < rules[held.base_asset].lot_e8:
            raise DrillFailed(f"{held.qty} {held.base_asset} are held here; there it is {beside_e8} more, in 1e-8")
    if not seen.positions.positions:
        raise DrillFailed("nothing is held here, and something was bought")


async def _kill(bench: Bench, asker: Asker) -> tuple[float, str]:
    """Throw the kill switch with all sold: nothing may be held or open, here and at the exchange."""
    began = time.monotonic()
    await bench.ask(Kill(id=_id(), who=WHO, flatten=True, reason="drill"))
    seen = await bench.until(lambda now: not now.positions.positions and not now.orders.open)
    seconds = time.monotonic() - began
    if left := await asker.ask("openOrders"):
        raise DrillFailed(f"{len(left)} orders are still open at the exchange")
    if seen.status.is_armed:
        raise DrillFailed("trading is still armed")
    await bench.ask(ResetKill(id=_id(), who=WHO, reason="the drill is over"))
    return seconds, "halted; everything cancelled and sold, as the exchange says too"


async def _buy(bench: Bench) -> None:
    """Arm trading, buy, and wait until the order has filled and is known."""
    await _filled(bench, await _order(bench))


async def _order(bench: Bench) -> str:
    """Arm trading and buy; return the order's name."""
    await bench.until(lambda now: bool(now.prices) and all(float(p.last or 0) > 0 and p.is_fresh for p in now.prices))
    await bench.ask(Resume(id=_id(), who=WHO))
    symbol = bench.urls.symbols[0]
    reply = await bench.ask(Buy(id=_id(), who=WHO, symbol=symbol, amount=Amount("quote", "100")))
    if not isinstance(reply.result, OrderPlaced):
        raise DrillFailed(f"a buy was refused: {reply.text}")
    return reply.result.orders[0].client_order_id


async def _filled(bench: Bench, name: str) -> None:
    """Wait until an order has filled and is known."""
    await bench.until(lambda now: any(o.client_order_id == name and o.state == "filled" for o in now.orders.finished))


def _id() -> str:
    return f"drill:{uuid.uuid4().hex}"
