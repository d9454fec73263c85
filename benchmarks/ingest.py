"""Frames per second, memory and CPU time per frame for 1, 100 and 1,000 symbols, against a bare reader.

``python -m benchmarks.ingest [--json] [--quick] [--rounds N] [--events N]``. The engine follows every frame: decoded,
in sequence, book kept, candles made, strategies computed. The floor reads the same frames with picows and decodes
their JSON, and does nothing with it.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from benchmarks.clients.ingest import Report
from benchmarks.lab import flood, frames, machine, options
from benchmarks.lab.machine import Cores
from benchmarks.lab.subject import ROOT

SYMBOLS: Final = (1, 100, 1000)
_WAYS: Final = ("bare", "engine")
_WARM_UP: Final = 20_000
_WAIT_S: Final = 60.0


def main() -> int:
    """Measure and print."""
    args = arguments()
    result = measure(args.rounds or (1 if args.quick else 5), args.events or (50_000 if args.quick else 200_000))
    print(json.dumps(result) if args.json else table(result))
    return 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    return options.parser(
        __doc__, rounds="default: 5, quick 1", events="frames of a run: 200000, quick 50000"
    ).parse_args()


def measure(rounds: int, count: int) -> dict[str, Any]:
    """Let both take turns, round by round, and compare them."""
    described, cores = machine.describe(), machine.two_cores()
    result: dict[str, Any] = {"benchmark": "ingest", "rounds": rounds, "frames": count, "machine": described}
    for symbols in SYMBOLS:
        opening = flood.opening(symbols)
        blob = opening + flood.flood(symbols, _WARM_UP + count)
        warm_up = 2 * symbols + _WARM_UP
        reports: dict[str, list[Report]] = {way: [] for way in _WAYS}
        for number in range(rounds):
            for way in _WAYS[:: -1 if number % 2 else 1]:
                reports[way].append(_run(way, (symbols, warm_up, count), blob, cores))
        result[f"symbols_{symbols}"] = _compare(reports)
    one, many = (result[f"symbols_{count}"]["engine"]["cpu_us_per_frame"] for count in (SYMBOLS[0], SYMBOLS[-1]))
    result["cost_1000_to_1"] = round(many / one, 3)
    return result


def _run(way: str, sizes: Sequence[int], blob: bytes, cores: Cores) -> Report:
    """Start a client, pour the flood into its socket, and read what it says of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(_WAIT_S)
        port = str(listener.getsockname()[1])
        argv = [sys.executable, "-m", "benchmarks.clients.ingest", port, way, *map(str, sizes)]
        with machine.on_core(cores.client):
            client = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE)
        with machine.on_core(cores.server), client:
            near, _ = listener.accept()
            with near:
                near.settimeout(_WAIT_S)
                near.sendall(frames.switching(_read_key(near)))
                near.sendall(blob)
                said, _ = client.communicate(timeout=_WAIT_S)
    return msgspec.json.decode(said, type=Report)


def _read_key(near: socket.socket) -> bytes:
    data = b""
    while (request := frames.read_request(data)) is None:
        data += near.recv(4096)
    return request.key


def _compare(reports: dict[str, list[Report]]) -> dict[str, Any]:
    rates = {way: [one.frames / one.seconds for one in found] for way, found in reports.items()}
    ratios = [mine / its for mine, its in zip(rates["engine"], rates["bare"], strict=True)]
    figures: dict[str, Any] = {way: _figures(reports[way], rates[way]) for way in _WAYS}
    figures["engine"] = {
        "ratio": round(statistics.median(ratios), 3),
        "ratio_spread": [round(min(ratios), 3), round(max(ratios), 3)],
        **figures["engine"],
    }
    figures["bare"]["decoder"] = reports["bare"][0].decoder
    return figures


def _figures(reports: Sequence[Report], rates: Sequence[float]) -> dict[str, Any]:
    return {
        "frames_per_s": round(statistics.median(rates)),
        "frames_per_s_spread": [round(min(rates)), round(max(rates))],
        "cpu_us_per_frame": round(statistics.median(one.cpu_seconds / one.frames for one in reports) * 1e6, 3),
        "rss_mb": round(statistics.median(one.rss_bytes for one in reports) / 1e6, 1),
    }


def table(result: dict[str, Any]) -> str:
    """Write a line for each number of symbols, the ratio first."""
    described = result["machine"]
    decoder = result["symbols_1"]["bare"]["decoder"]
    lines = [
        f"{described['cpu']}, Python {described['python']}, load {described['load_before']}",
        f"{result['frames']:,} frames a run, {result['rounds']} rounds; bare: picows and {decoder}",
        f"{'symbols':>8}{'engine/bare':>13}{'(spread)':>14}{'frames/s':>12}{'bare':>12}{'µs/frame':>10}{'RSS MB':>8}",
    ]
    for symbols in SYMBOLS:
        found = result[f"symbols_{symbols}"]
        mine, its = found["engine"], found["bare"]
        spread = "({:.2f}-{:.2f})".format(*mine["ratio_spread"])
        lines.append(
            f"{symbols:>8,}{mine['ratio']:>13.2f}{spread:>14}{mine['frames_per_s']:>12,}{its['frames_per_s']:>12,}"
            f"{mine['cpu_us_per_frame']:>10.2f}{mine['rss_mb']:>8.0f}"
        )
    return "\n".join([*lines, f"CPU time per frame, 1,000 symbols to 1: {result['cost_1000_to_1']:.2f}"])


if __name__ == "__main__":
    sys.exit(main())
