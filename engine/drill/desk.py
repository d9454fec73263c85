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

from engine.drill.exchange import Asker
from engine.drill.processes import Bench, DrillFailed
from engine.drill.slack import NotThere, slack_outage
from engine.venues.paper.main import running_exchange
from engine.venues.paper.options import ExchangeOptions
from engine.wire.commands import Amount, Buy, Kill, ResetKill, Resume
from engine.wire.drill import DrillReport, DrillStep
from engine.wire.replies import OrderPlaced

_CALM: Final = 'mode = "off"\n[people]\none_step_quote = 1000000.0\n'
"""Nobody trades here but the drill."""


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
                await _timed("exchange times out", lambda: _lost_reply(bench, asker)),
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


async def _lost_reply(bench: Bench, asker: Asker) -> tuple[float, str]:
    """Let the exchange carry an order out and never answer: it must become known, and there must be one of it."""
    symbol = bench.urls.symbols[0]
    before = len(await asker.ask("allOrders", symbol=symbol, limit=1000))
    await bench.fault(kind="lose_reply", operation="order.place")
    began = time.monotonic()
    await _buy(bench)
    seconds = time.monotonic() - began
    rows = (await asker.ask("allOrders", symbol=symbol, limit=1000))[before:]
    bought = [row for row in rows if row["side"] == "BUY"]
    if len(bought) != 1:
        raise DrillFailed(f"the exchange has {len(bought)} orders for one")
    return seconds, "the answer to an order was lost; it was found out, and there is one order"


async def _kill(bench: Bench, asker: Asker) -> tuple[float, str]:
    """Throw the kill switch with all sold: nothing may be held or open, here and at the exchange."""
    began = time.monotonic()
    await bench.ask(Kill(id=_id(), who=bench.who, flatten=True, reason="drill"))
    seen = await bench.until(lambda now: not now.positions.positions and not now.orders.open)
    seconds = time.monotonic() - began
    if left := await asker.ask("openOrders"):
        raise DrillFailed(f"{len(left)} orders are still open at the exchange")
    if seen.status.is_armed:
        raise DrillFailed("trading is still armed")
    await bench.ask(ResetKill(id=_id(), who=bench.who, reason="the drill is over"))
    return seconds, "halted; everything cancelled and sold, as the exchange says too"


async def _buy(bench: Bench) -> None:
    """Arm trading, buy, and wait until the order has filled and is known."""
    await bench.until(lambda now: bool(now.prices) and all(float(p.last or 0) > 0 and p.is_fresh for p in now.prices))
    await bench.ask(Resume(id=_id(), who=bench.who))
    symbol = bench.urls.symbols[0]
    reply = await bench.ask(Buy(id=_id(), who=bench.who, symbol=symbol, amount=Amount("quote", "100")))
    if not isinstance(reply.result, OrderPlaced):
        raise DrillFailed(f"a buy was refused: {reply.text}")
    name = reply.result.orders[0].client_order_id
    await bench.until(lambda now: any(o.client_order_id == name and o.state == "filled" for o in now.orders.finished))


def _id() -> str:
    return f"drill:{uuid.uuid4().hex}"
