"""Where the time goes between a frame and its order: each stage's own median, stopwatches around the real engine.

``python -m benchmarks.stages [--json] [--quick] [--rounds N] [--events N]``. Engine and load server run in this one
process, over loopback, once with a stopwatch around the whole path and once with one around every stage. A row holds
its stage's own time: what it calls and has a row of its own is left out.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Any, Final

import uvloop

import engine.live
import engine.pen
import engine.venues.binance.express
from benchmarks.lab import machine, options
from benchmarks.lab.market import collar_ticks
from benchmarks.lab.pace import Run
from benchmarks.lab.server import LoadServer, load_server
from benchmarks.lab.stopwatch import Stage, Stopwatch
from benchmarks.lab.subject import feed_until_armed, is_ready
from engine.config_file import parse_trading_config
from engine.control.server import ControlServer
from engine.core.bands import Bands
from engine.core.engine import Engine
from engine.core.orders import Orders
from engine.core.risk import Gate
from engine.core.strategies.technical.crew import Placed
from engine.core.trading import Trading
from engine.live import Live
from engine.process import running
from engine.settings import Settings
from engine.store.journal import Journal
from engine.venues.binance.express import ExpressReader
from engine.venues.binance.limits import Budget
from engine.venues.binance.line import OrderLine
from engine.venues.binance.orders import BinanceOrders
from engine.venues.binance.orders_codec import OrderEncoder
from engine.venues.binance.sign import HmacSigner
from engine.venues.binance.websocket import Connection
from engine.wire.commands import Resume, Who

_GAP_NS: Final = 200_000
_WARM_UP: Final = 1_000
_WHOLE, _SEND, _ANSWER, _TELL = "the frame is taken", "socket: write", "answer: sorted", "told to the bot"

_PATH: Final = (
    Stage(_WHOLE, Connection, "on_ws_frame"),
    Stage(_SEND, Connection, "send"),
    Stage(_ANSWER, OrderLine, "_on_frame"),
)
_STAGES: Final = (
    Stage(_WHOLE, Connection, "on_ws_frame"),
    Stage("feed: by the express lane", ExpressReader, "on_frame"),
    Stage("feed: scan, market, tape, strategies", engine.venues.binance.express, "take_flat"),
    Stage("live: take what was stirred", Live, "on_stirred"),
    Stage("engine: ask who spoke", Engine, "on_stirred"),
    Stage("strategy: word the signal", Placed, "signal"),
    Stage("bands: ask or act", Bands, "on_signal"),
    Stage("gate: word the request", Trading, "entry"),
    Stage("gate: gather the facts", Trading, "facts"),
    Stage("gate: check", Gate, "check"),
    Stage("submit: list what to do", Trading, "submit"),
    Stage("order state: in flight", Orders, "open"),
    Stage("live: do the actions", Live, "perform"),
    Stage("live: write, look, send", Live, "_send"),
    Stage("journal: encode", engine.pen, "encode_record"),
    Stage("journal: append", Journal, "append"),
    Stage("orders: send", BinanceOrders, "send"),
    Stage("orders: the venue's limits", Budget, "take_order"),
    Stage("orders: encode", OrderEncoder, "encode_order"),
    Stage("orders: sign", HmacSigner, "sign"),
    Stage(_SEND, Connection, "send"),
    Stage(_TELL, ControlServer, "publish"),
    Stage(_ANSWER, OrderLine, "_on_frame"),
)


def main() -> int:
    """Measure and print."""
    args = arguments()
    result = measure((args.rounds or 1) * (args.events or (1_000 if args.quick else 5_000)))
    print(json.dumps(result) if args.json else table(result))
    return 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    return options.parser(__doc__, rounds="default: 1", events="of a round; default: 5000, quick 1000").parse_args()


def measure(events: int) -> dict[str, Any]:
    """Run the path twice, whole and in stages; return medians in ns."""
    described = machine.describe()
    with machine.on_core(machine.two_cores().client):
        whole, staged = Stopwatch(_PATH, _SEND), Stopwatch(_STAGES, _SEND)
        for watch in (whole, staged):
            with watch:
                uvloop.run(_trade(events, watch))
    order, answer = whole.medians(_SEND), whole.medians(_ANSWER)
    return {
        "benchmark": "stages",
        "events": events,
        "machine": described,
        "path_ns": {
            "to_the_written_order": round(sum(row.before for row in order.values())),
            "in_all": round(sum(row.total for row in order.values())),
            "two_answers": round(2 * sum(row.total for row in answer.values())),
        },
        "stages_ns": {
            row: {"before": round(ns.before), "after": round(ns.total - ns.before)}
            for row, ns in staged.medians(_SEND).items()
        },
    }


async def _trade(events: int, watch: Stopwatch) -> None:
    """Run engine and load server until so many trades were answered with orders."""
    async with load_server() as (server, port):
        with tempfile.TemporaryDirectory(prefix="bench-") as home:
            async with running(_settings(port, Path(home))) as live:
                await server.until(lambda: is_ready(server, "market") and is_ready(server, "orders"), "the engine")
                await _arm(live, server)
                peer = server.peer("market")
                assert peer is not None
                run = Run(server, peer, _GAP_NS, collar_ticks)
                await run.events_and_orders(_WARM_UP)
                watch.forget()
                await run.events_and_orders(events)


def _settings(port: int, home: Path) -> Settings:
    text = (Path(__file__).parent / "lab" / "engine.toml").read_text(encoding="utf-8")
    return Settings(
        trading=parse_trading_config(text),
        symbols=("ETHUSDT",),
        rest_url=f"http://127.0.0.1:{port}",
        stream_url=f"ws://127.0.0.1:{port}",
        ws_api_url=f"ws://127.0.0.1:{port}/ws-api/v3",
        home=home,
        http_port=0,
    )


async def _arm(live: Live, server: LoadServer) -> None:
    async def resume() -> bool:
        return live.on_command(Resume(id=uuid.uuid4().hex, who=Who("bench", "bench", "cli"))).ok

    await feed_until_armed(server, resume)


def table(result: dict[str, Any]) -> str:
    """Write the whole first, then each stage with its part of the sum."""
    machine_, path, stages = result["machine"], result["path_ns"], result["stages_ns"]
    before, after = (sum(row[part] for row in stages.values()) for part in ("before", "after"))
    lines = [
        f"{machine_['cpu']}, Python {machine_['python']}, load {machine_['load_before']}; {result['events']:,} events",
        f"from a frame to its written order {path['to_the_written_order'] / 1e3:.1f} µs, with what is told afterwards"
        f" {path['in_all'] / 1e3:.1f} µs; the venue's two answers to it {path['two_answers'] / 1e3:.1f} µs",
        "",
        f"{'stage, its own time':<40}{'µs before':>10}{'part':>8}{'µs after the send':>19}",
    ]
    lines += [
        f"{name:<40}{row['before'] / 1e3:>10.2f}{row['before'] / before:>8.1%}{row['after'] / 1e3:>19.2f}"
        for name, row in stages.items()
    ]
    return "\n".join([*lines, f"{'sum':<40}{before / 1e3:>10.2f}{'':>8}{after / 1e3:>19.2f}"])


if __name__ == "__main__":
    sys.exit(main())
