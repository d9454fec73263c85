"""Watches an order's way while all is busy: engine and load server in this one process, over loopback.

What the benchmarks of stages share: a trade or a headline every 0.2 ms, the stages from a signal on to the written
order, and how they are called and print.
"""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import uvloop

import engine.pen
from benchmarks.lab import options
from benchmarks.lab.headlines import PATH, RULES_FILE, write_config
from benchmarks.lab.market import collar_ticks
from benchmarks.lab.pace import Run
from benchmarks.lab.server import LoadServer, load_server
from benchmarks.lab.stopwatch import Stage, Stopwatch
from benchmarks.lab.subject import CONFIG, feed_until_armed, is_ready
from engine.config_file import parse_trading_config
from engine.control.server import ControlServer
from engine.core.bands import Bands
from engine.core.orders import Orders
from engine.core.risk import Gate
from engine.core.trading import Trading
from engine.live import Live
from engine.process import running
from engine.settings import Settings
from engine.store.journal import Journal
from engine.venues.binance.limits import Budget
from engine.venues.binance.line import OrderLine
from engine.venues.binance.orders import BinanceOrders
from engine.venues.binance.orders_codec import OrderEncoder
from engine.venues.binance.sign import HmacSigner
from engine.venues.binance.websocket import Connection
from engine.wire.commands import Resume, Who

Hears = Literal["market", "news"]
"""What the orders are answers to: trades, or headlines by a table of 500 rules."""

SEND: Final = "socket: write"
ANSWER: Final = "answer: sorted"
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
    Stage("told to the bot", ControlServer, "publish"),
    Stage(ANSWER, OrderLine, "_on_frame"),
)
"""From a signal on, whatever it came from."""
_GAP_NS: Final = 200_000
_WARM_UP: Final = 1_000


def main(text: str | None, measure: Callable[[int], dict[str, Any]], table: Callable[[dict[str, Any]], str]) -> int:
    """Read the command line, measure so many events, and print; ``text``: what the benchmark is, for its help."""
    args = options.parser(text, rounds="default: 1", events="of a round; default: 5000, quick 1000").parse_args()
    result = measure((args.rounds or 1) * (args.events or (1_000 if args.quick else 5_000)))
    print(json.dumps(result) if args.json else table(result))
    return 0


def head(result: dict[str, Any]) -> str:
    """Say what a table was measured on, and over how many events."""
    machine = result["machine"]
    return f"{machine['cpu']}, Python {machine['python']}, load {machine['load_before']}; {result['events']:,} events"


def watched(stages: tuple[Stage, ...], events: int, hears: Hears) -> Stopwatch:
    """Return a stopwatch that was around these stages for so many events."""
    watch = Stopwatch(stages, SEND)
    with watch:
        uvloop.run(_play(events, watch, hears))
    return watch


async def _play(events: int, watch: Stopwatch, hears: Hears) -> None:
    """Run engine and load server until so many trades or headlines were answered with orders."""
    async with load_server() as (server, port):
        with tempfile.TemporaryDirectory(prefix="bench-") as home:
            async with running(_settings(port, Path(home), hears)) as live:
                for role in ("market", "orders", hears):
                    await server.until(partial(is_ready, server, role), f"the engine's line for {role}")
                await _arm(live, server)
                peer = server.peer(hears)
                assert peer is not None
                run = Run(server, peer, _GAP_NS, collar_ticks)
                await run.events_and_orders(_WARM_UP)
                watch.forget()
                await run.events_and_orders(events)


def _settings(port: int, home: Path, hears: Hears) -> Settings:
    is_news = hears == "news"
    return Settings(
        trading=parse_trading_config((write_config(home) if is_news else CONFIG).read_text(encoding="utf-8")),
        symbols=("ETHUSDT",),
        rest_url=f"http://127.0.0.1:{port}",
        stream_url=f"ws://127.0.0.1:{port}",
        ws_api_url=f"ws://127.0.0.1:{port}/ws-api/v3",
        home=home,
        http_port=0,
        news_stream_url=f"ws://127.0.0.1:{port}{PATH}" if is_news else "",
        rules_file=home / RULES_FILE if is_news else None,
    )


async def _arm(live: Live, server: LoadServer) -> None:
    """Let a market begin and trading be armed."""

    async def resume() -> bool:
        return live.on_command(Resume(id=uuid.uuid4().hex, who=Who("bench", "bench", "cli"))).ok

    await feed_until_armed(server, resume)
