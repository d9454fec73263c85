"""Reads a flood of frames until it has them all, then says how long they took: bare, or through the whole engine.

``python -m benchmarks.clients.ingest PORT bare|engine SYMBOLS WARM_UP FRAMES``; prints one JSON object.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import uvloop
from picows import WSFrame, WSListener, WSTransport, ws_connect

from benchmarks.lab import flood
from benchmarks.lab.machine import resident_bytes
from engine.clock import now_ns
from engine.core.config import TradingConfig
from engine.core.engine import Engine
from engine.core.queries import Identity
from engine.live import Live
from engine.store.journal import Journal
from engine.venues.binance.express import ExpressReader
from engine.venues.binance.websocket import Connection


class Report(msgspec.Struct):
    """What one run gave."""

    frames: int
    seconds: float
    cpu_seconds: float
    rss_bytes: int
    decoder: str


class Meter:
    """Counts frames; its clock runs from the end of the warm-up to the last frame."""

    def __init__(self, warm_up: int, frames: int) -> None:
        self.done = asyncio.Event()
        self.seconds = self.cpu_seconds = 0.0
        self.frames = 0
        """How many were read while the clock ran."""
        self._seen = self._began = 0
        self._first, self._last = warm_up, warm_up + frames

    def count(self) -> None:
        """Count one frame."""
        self._seen += 1
        if self._seen in (self._first, self._last):
            self._note(self._seen)

    async def watch(self, reader: ExpressReader) -> None:
        """Follow the engine's own count instead, after each read of the socket: it has one, and needs no other."""
        while not self.done.is_set():
            if reader.frames >= (self._last if self._began else self._first):
                self._note(reader.frames)
            await asyncio.sleep(0)

    def _note(self, seen: int) -> None:
        """Start the clock, or stop it."""
        if not self._began:
            gc.collect()
            self._began, self.seconds, self.cpu_seconds = seen, time.perf_counter(), time.process_time()
            return
        self.seconds = time.perf_counter() - self.seconds
        self.cpu_seconds = time.process_time() - self.cpu_seconds
        self.frames = seen - self._began
        self.done.set()


class Bare(WSListener):
    """Decodes every frame and forgets it."""

    def __init__(self, meter: Meter, decode: Callable[[bytes], object]) -> None:
        self._count, self._decode = meter.count, decode

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Decode."""
        self._decode(frame.get_payload_as_bytes())
        self._count()


def json_decoder() -> tuple[str, Callable[[bytes], object]]:
    """Return orjson where it is installed, else msgspec without types, which is as fast (measured)."""
    with contextlib.suppress(ImportError):
        return "orjson", importlib.import_module("orjson").loads
    return "msgspec", msgspec.json.Decoder().decode


@contextlib.contextmanager
def whole_engine(symbols: int, meter: Meter) -> Iterator[Connection]:
    """Wire socket, reader, engine and journal as the engine's process does; signals are computed and not followed."""
    known = flood.instruments(symbols)
    with tempfile.TemporaryDirectory(prefix="bench-") as home, Journal.open(Path(home) / "journal.bin") as journal:
        live = Live(Engine(TradingConfig(mode="off"), known, "paper", Identity("", "", "", 0)), journal, None)
        reader = ExpressReader(live.engine.trading.markets, live, lambda symbol: None)

        watch = asyncio.ensure_future(meter.watch(reader))
        yield Connection(reader.on_frame, lambda closed: None, now_ns)
        watch.cancel()
        lost = [symbol for symbol, book in reader.books.items() if not book.is_synced]
        if lost or reader.bad_frames or reader.duplicates:
            raise RuntimeError(f"the flood was not followed: {lost[:3]} {reader.bad_frames} {reader.duplicates}")


async def main(port: int, way: str, symbols: int, warm_up: int, frames: int) -> None:
    """Read, then print the report."""
    meter = Meter(warm_up, frames)
    name, decode = json_decoder()
    with contextlib.ExitStack() as stack:
        listener = Bare(meter, decode) if way == "bare" else stack.enter_context(whole_engine(symbols, meter))
        await ws_connect(lambda: listener, f"ws://127.0.0.1:{port}/", max_frame_size=1 << 26)
        await meter.done.wait()
    if not meter.frames:
        raise RuntimeError("so few frames come in one read of the socket: take more of them")
    report = Report(
        meter.frames, meter.seconds, meter.cpu_seconds, resident_bytes(os.getpid()), name if way == "bare" else ""
    )
    print(msgspec.json.encode(report).decode())


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:6])))
