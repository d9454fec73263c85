"""Where the time goes between a frame and its order: each stage's own median, stopwatches around the real engine.

``python -m benchmarks.stages [--json] [--quick] [--rounds N] [--events N]``. Warm and cold: in a loop of its own
(``lab/loop.py``), one event after the other, and each after 32 MB of other memory. Busy: engine and load server in
this one process, over loopback, an event every 0.2 ms. Each once with a stopwatch around the whole path and once with
one around every stage; a row holds its stage's own time: what it calls and has a row of its own is left out. Beside
them the engine as ``latency`` measures it, in a process of its own against the bare echo.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import uuid
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, NamedTuple

import uvloop

import engine.live
import engine.pen
import engine.venues.binance.express
from benchmarks import latency
from benchmarks.lab import machine, options
from benchmarks.lab.loop import turn
from benchmarks.lab.market import collar_ticks
from benchmarks.lab.pace import Run
from benchmarks.lab.server import LoadServer, load_server
from benchmarks.lab.stopwatch import Medians, Stage, Stopwatch
from benchmarks.lab.subject import feed_until_armed, is_ready
from benchmarks.lab.variants import FLOOR, variants
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

_PACE: Final = "gap_200us"
_GAP_NS: Final = 200_000
_COLD_EVENTS: Final = 300
"""Each takes some 10 ms, for the memory that is read in between."""
_WARM_UP: Final = 1_000
_WHOLE, SEND, _ANSWER, _TELL = "the frame is taken", "socket: write", "answer: sorted", "told to the bot"

_PATH: Final = (
    Stage(_WHOLE, Connection, "on_ws_frame"),
    Stage(SEND, Connection, "send"),
    Stage(_ANSWER, OrderLine, "_on_frame"),
)
TO_THE_ORDER: Final = (
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
    Stage(SEND, Connection, "send"),
    Stage(_TELL, ControlServer, "publish"),
    Stage(_ANSWER, OrderLine, "_on_frame"),
)
_STAGES: Final = (
    Stage(_WHOLE, Connection, "on_ws_frame"),
    Stage("feed: by the express lane", ExpressReader, "on_frame"),
    Stage("feed: scan, market, tape, strategies", engine.venues.binance.express, "take_flat"),
    Stage("live: take what was stirred", Live, "on_stirred"),
    Stage("engine: ask who spoke", Engine, "on_stirred"),
    Stage("strategy: word the signal", Placed, "signal"),
    *TO_THE_ORDER,
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
    """Run the path whole and in stages, warm, busy and cold, and the engine against the echo; medians in ns and µs."""
    described = machine.describe()
    against = _against_the_echo(events)
    with machine.on_core(machine.two_cores().client):
        warm = _watched(lambda watch: _loop(events, watch, is_cold=False))
        busy = _watched(lambda watch: _trade(events, watch))
        cold = _watched(lambda watch: _loop(min(events, _COLD_EVENTS), watch, is_cold=True))
    return {
        "benchmark": "stages",
        "events": events,
        "machine": described,
        "against_the_echo": against,
        "path_ns": {
            "warm": warm.path_ns,
            "to_the_written_order": busy.path_ns,
            "cold": cold.path_ns,
            "in_all": busy.in_all_ns,
            "two_answers": busy.two_answers_ns,
        },
        "stages_ns": {
            row: {
                "warm": round(warm.stages[row].before) if row in warm.stages else 0,
                "before": round(ns.before),
                "cold": round(cold.stages[row].before) if row in cold.stages else 0,
                "after": round(ns.total - ns.before),
            }
            for row, ns in busy.stages.items()
        },
    }


class _Watched(NamedTuple):
    """What two runs gave: with a stopwatch around the whole, and with one around each stage."""

    path_ns: int
    in_all_ns: int
    two_answers_ns: int
    stages: dict[str, Medians]


def _watched(play: Callable[[Stopwatch], Coroutine[Any, Any, None]]) -> _Watched:
    """Play an engine's life twice and watch it."""
    whole, staged = Stopwatch(_PATH, SEND), Stopwatch(_STAGES, SEND)
    for watch in (whole, staged):
        with watch:
            uvloop.run(play(watch))
    order, answer = whole.medians(SEND), whole.medians(_ANSWER)
    return _Watched(
        round(sum(row.before for row in order.values())),
        round(sum(row.total for row in order.values())),
        round(2 * sum(row.total for row in answer.values())),
        staged.medians(SEND),
    )


def _against_the_echo(events: int) -> dict[str, Any]:
    """Measure frame to order from outside: the bare echo, the engine at rest and spinning, at the first pace."""
    chosen = [one._replace(paces=(_PACE,)) for one in variants() if one.name in (FLOOR, "ws", "ws_spin")]
    found: dict[str, Any] = latency.measure(chosen, latency.Plan(1, events))[_PACE]
    return {name: {"p50_us": row["p50_us"], "ratio_p50": row["ratio_p50"]} for name, row in found.items()}


async def _loop(events: int, watch: Stopwatch, *, is_cold: bool) -> None:
    """Play the loop: once to warm up what is compiled and cached, and then to be measured."""
    await turn(min(events, _COLD_EVENTS), is_cold=False)
    watch.forget()
    await turn(events, is_cold=is_cold)


async def _trade(events: int, watch: Stopwatch) -> None:
    """Run engine and load server until so many trades were answered with orders."""
    async with load_server() as (server, port):
        with tempfile.TemporaryDirectory(prefix="bench-") as home:
            async with running(_settings(port, Path(home))) as live:
                await server.until(lambda: is_ready(server, "market") and is_ready(server, "orders"), "the engine")
                await arm(live, server)
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


async def arm(live: Live, server: LoadServer) -> None:
    """Let a market begin and trading be armed."""

    async def resume() -> bool:
        return live.on_command(Resume(id=uuid.uuid4().hex, who=Who("bench", "bench", "cli"))).ok

    await feed_until_armed(server, resume)


def table(result: dict[str, Any]) -> str:
    """Write each stage with its part of the sum, the sums beside the path as a whole, and that beside the echo."""
    machine_, path, stages = result["machine"], result["path_ns"], result["stages_ns"]
    sums = {part: sum(row[part] for row in stages.values()) for part in ("warm", "before", "cold", "after")}
    lines = [
        f"{machine_['cpu']}, Python {machine_['python']}, load {machine_['load_before']}; {result['events']:,} events",
        "",
        f"{'stage, its own time, µs':<40}{'warm':>8}{'busy':>8}{'part':>8}{'cold':>8}{'part':>8}{'after':>8}",
    ]
    lines += [_row(name, row, sums) for name, row in stages.items()]
    lines += [
        _row("sum of the stages", sums, sums),
        f"{'the path, with one stopwatch around it':<40}{path['warm'] / 1e3:>8.2f}"
        f"{path['to_the_written_order'] / 1e3:>8.2f}{'':>8}{path['cold'] / 1e3:>8.2f}",
        "",
        f"with what is told afterwards {path['in_all'] / 1e3:.1f} µs; the venue's two answers"
        f" {path['two_answers'] / 1e3:.1f} µs",
        "from outside, an event every 0.2 ms, and what is around the busy path: kernel, sockets, waking up, server",
    ]
    lines += [
        f"{name:<40}{row['p50_us']:>8.1f} µs{row['ratio_p50']:>8.2f} of the echo"
        + (f"{row['p50_us'] - path['to_the_written_order'] / 1e3:>10.1f} µs around the path" if name != FLOOR else "")
        for name, row in result["against_the_echo"].items()
    ]
    return "\n".join(lines)


def _row(name: str, row: dict[str, int], sums: dict[str, int]) -> str:
    return (
        f"{name:<40}{row['warm'] / 1e3:>8.2f}{row['before'] / 1e3:>8.2f}{row['before'] / sums['before']:>8.1%}"
        f"{row['cold'] / 1e3:>8.2f}{row['cold'] / sums['cold']:>8.1%}{row['after'] / 1e3:>8.2f}"
    )


if __name__ == "__main__":
    sys.exit(main())
