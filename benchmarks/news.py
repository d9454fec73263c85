"""From a headline to its order, beside a market frame to its order, in one engine and one run.

``python -m benchmarks.news [--json] [--quick] [--rounds N] [--events N]``. Engine, load server and news wire run in
this one process, over loopback, with 500 news rules loaded. Trades and headlines take turns, block by block; the times
are the engine's own, from receipt to the order's bytes (``Live.ledger``). Of a headline receipt is when its item was
decoded.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import random
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import uvloop
from aiohttp import web

from benchmarks.lab import machine, options
from benchmarks.lab.market import SYMBOL, collar_ticks
from benchmarks.lab.pace import Run
from benchmarks.lab.server import LoadServer, load_server
from benchmarks.lab.subject import CONFIG, feed_until_armed, is_ready
from engine.config_file import parse_trading_config
from engine.core.types import Symbol
from engine.live import Live
from engine.news.rules_file import BUILT_IN
from engine.process import running
from engine.settings import Settings
from engine.wire.commands import Resume, Who

RULES: Final = 500
_GAP_S: Final = 2e-4
_BLOCK: Final = 50
_WARM_UP: Final = 200
_PATIENCE_S: Final = 1.0
_SYLLABLES: Final = ["ba", "ce", "di", "fo", "gu", "ha", "ke", "li", "mo", "nu", "pa", "re", "si", "to", "vu"]


def main() -> int:
    """Measure and print."""
    args = arguments()
    result = measure((args.rounds or 5) * (args.events or (100 if args.quick else 1_000)))
    print(json.dumps(result) if args.json else table(result))
    return 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    return options.parser(__doc__, rounds="default: 5", events="of a round; default: 1000, quick 100").parse_args()


def measure(events: int) -> dict[str, Any]:
    """Let trades and headlines take turns; return percentiles in µs, and the ratio of their medians."""
    described = machine.describe()
    with machine.on_core(machine.two_cores().client):
        market_ns, headline_ns = uvloop.run(_trade(events))
    market, headline = _percentiles(market_ns), _percentiles(headline_ns)
    return {
        "benchmark": "news",
        "rules": RULES,
        "machine": described,
        "market": market,
        "headline": headline,
        "ratio_p50": round(headline["p50_us"] / market["p50_us"], 3),
    }


class Wire:
    """A news wire of one listener."""

    def __init__(self) -> None:
        self.url = ""
        self._sockets: list[web.WebSocketResponse] = []
        self._count = 0
        self._chance = random.Random(1)

    async def serve(self) -> web.AppRunner:
        """Open it."""

        async def listen(request: web.Request) -> web.WebSocketResponse:
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            self._sockets.append(socket)
            async for _ in socket:
                pass
            return socket

        app = web.Application()
        app.router.add_get("/", listen)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"ws://127.0.0.1:{runner.addresses[0][1]}/"
        return runner

    async def say(self, ts_ms: int) -> None:
        """Publish the next headline; each in words of its own, so that it is no copy of the last."""
        self._count += 1
        words = " ".join(self._chance.choice(_SYLLABLES) + self._chance.choice(_SYLLABLES) for _ in range(5))
        item = {
            "id": str(self._count),
            "source": "binance-announcements",
            "title": f"Binance will list Ethereum (ETH) {words} {self._count}",
            "url": "",
            "ts_ms": ts_ms,
        }
        for socket in self._sockets:
            await socket.send_str(json.dumps(item))


async def _trade(events: int) -> tuple[list[int], list[int]]:
    """Run engine, load server and wire; return how long so many trades and headlines took, in ns."""
    wire, times = Wire(), ([], [])  # type: ignore[var-annotated]
    runner = await wire.serve()
    async with load_server() as (server, port):
        with tempfile.TemporaryDirectory(prefix="bench-") as home:
            async with running(_settings(port, Path(home), wire.url)) as live:
                await server.until(lambda: is_ready(server, "market") and is_ready(server, "orders"), "the engine")
                await _arm(live, server)
                done = 0
                while done < events + _WARM_UP:
                    blocks = await _market(live, server), await _headlines(live, server, wire)
                    done += _BLOCK
                    if done > _WARM_UP:
                        for kept, block in zip(times, blocks, strict=True):
                            kept.extend(block)
    await runner.cleanup()
    return times


async def _market(live: Live, server: LoadServer) -> list[int]:
    peer = server.peer("market")
    assert peer is not None
    run = Run(server, peer, round(_GAP_S * 1e9), collar_ticks)
    await run.events_and_orders(_BLOCK)
    await asyncio.sleep(_GAP_S)
    return _taken(live, ("market", "trade"))


async def _headlines(live: Live, server: LoadServer, wire: Wire) -> list[int]:
    """Publish a block of headlines, each once the order of the one before has left."""
    server.on_order = lambda ticks, now_ns: None
    market, found = live.engine.trading.markets[Symbol(SYMBOL)], []
    gc.collect()
    gc.disable()
    try:
        for _ in range(_BLOCK):
            server.tell_market(server.market.quote())
            await _spin(_GAP_S)
            before = live.ledger.last_sent_ticks
            await wire.say(market.ts_exchange_ns // 1_000_000)
            until = time.perf_counter() + _PATIENCE_S
            while live.ledger.last_sent_ticks == before:
                if time.perf_counter() > until:
                    raise RuntimeError("a headline led to no order")
                await asyncio.sleep(0)
            found += _taken(live, ("headline",))[:1]
    finally:
        gc.enable()
    return found


async def _spin(seconds: float) -> None:
    """Let time pass as between the trades: the loop goes on, and the processor does not rest."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:  # noqa: ASYNC110  nothing is waited for but the time
        await asyncio.sleep(0)


def _taken(live: Live, kinds: tuple[str, ...]) -> list[int]:
    """Return how long the last orders of some kinds of event took, newest first, in ns; at most 20 are known."""
    return [order.stamps_ns["sent"] for order in live.ledger.view().orders if order.event in kinds]


def _settings(port: int, home: Path, news_url: str) -> Settings:
    trading = parse_trading_config(CONFIG.read_text(encoding="utf-8"))
    headlines = msgspec.structs.replace(
        trading.strategies.headlines, story_h=1e-14, per_source=1_000_000, per_minute=1_000_000
    )
    strategies = msgspec.structs.replace(trading.strategies, headlines=headlines)
    return Settings(
        trading=msgspec.structs.replace(trading, strategies=strategies),
        symbols=(SYMBOL,),
        rest_url=f"http://127.0.0.1:{port}",
        stream_url=f"ws://127.0.0.1:{port}",
        ws_api_url=f"ws://127.0.0.1:{port}/ws-api/v3",
        news_stream_url=news_url,
        rules_file=_rules(home),
        home=home,
        http_port=0,
    )


def _rules(home: Path) -> Path:
    """Write the built-in table with as many made-up rules as it takes to 500."""
    text = BUILT_IN.read_text(encoding="utf-8")
    for number in range(RULES - text.count("[[rule]]")):
        words = f'["will … firm{number}", "launch{number}* today", "partner{number} with"]'
        text += f'\n[[rule]]\nlabel = "partnership"\nweight = 0.3\nwords = {words}\n'
    path = home / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return path


async def _arm(live: Live, server: LoadServer) -> None:
    async def resume() -> bool:
        return live.on_command(Resume(id=uuid.uuid4().hex, who=Who("bench", "bench", "cli"))).ok

    await feed_until_armed(server, resume)


def _percentiles(times_ns: list[int]) -> dict[str, Any]:
    p50, p99 = np.percentile(times_ns, (50, 99)) / 1e3
    return {"p50_us": round(float(p50), 1), "p99_us": round(float(p99), 1), "orders": len(times_ns)}


def table(result: dict[str, Any]) -> str:
    """Write both, and their ratio."""
    machine_ = result["machine"]
    lines = [f"{machine_['cpu']}, Python {machine_['python']}, load {machine_['load_before']}; {RULES} rules"]
    for name in ("market", "headline"):
        it = result[name]
        lines.append(f"{name:<10} p50 {it['p50_us']:>8.1f} µs  p99 {it['p99_us']:>8.1f} µs  {it['orders']:,} orders")
    return "\n".join([*lines, f"headline / market, medians: {result['ratio_p50']:.2f}"])


if __name__ == "__main__":
    sys.exit(main())
