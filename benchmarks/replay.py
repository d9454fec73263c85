"""Frames per second of a whole replay, against a loop that only reads and decodes the same recording.

``python -m benchmarks.replay [--json] [--quick] [--rounds N] [FILE]``; without a file the recording in
``TRADER_DATA`` or ``../shared/data``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks.lab import options
from engine.research.replay import run_replay
from engine.settings import Settings
from engine.venues.paper.tape.recording import read_recording

RECORDING: Final = Path("binance_frames") / "binance_spot_ethusdt_20240808.gz"
FOLDER: Final = Path(__file__).resolve().parents[2] / "shared" / "data"


def main() -> int:
    """Measure and print; return 2 where there is no recording."""
    args = arguments()
    path = args.file or Path(os.environ.get("TRADER_DATA") or FOLDER) / RECORDING
    if not path.is_file():
        print(f"There is no recording at {path}: name one, or its folder in TRADER_DATA.", file=sys.stderr)
        return 2
    result = measure(path, args.rounds or (2 if args.quick else 5))
    print(json.dumps(result) if args.json else table(result))
    return 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = options.parser(__doc__, rounds="default: 5, quick 2", events="not used: a recording is replayed whole")
    parser.add_argument("file", nargs="?", type=Path)
    return parser.parse_args()


def measure(path: Path, rounds: int) -> dict[str, Any]:
    """Run floor and replay in turns, after one round that warms both up, and return rates and their ratio."""
    variants: dict[str, Callable[[Path], int]] = {"floor": decode_only, "replay": replay_all}
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    frames = {name: run(path) for name, run in variants.items()}
    for _ in range(rounds):
        for name, run in variants.items():
            began = time.perf_counter()
            run(path)
            seconds[name].append(time.perf_counter() - began)
    rates = {name: [frames[name] / s for s in spent] for name, spent in seconds.items()}
    ratios = [replay / floor for replay, floor in zip(rates["replay"], rates["floor"], strict=True)]
    return {
        "benchmark": "replay",
        "recording": path.name,
        "rounds": rounds,
        "frames": frames["replay"],
        "ratio": summary(ratios),
        **{f"{name}_frames_per_s": summary(values) for name, values in rates.items()},
    }


def decode_only(path: Path) -> int:
    """Read the recording and decode each frame's JSON without doing anything with it; return the frames."""
    decode = msgspec.json.Decoder().decode
    count = 0
    for frame in read_recording(path):
        decode(frame.data)
        count += 1
    return count


def replay_all(path: Path) -> int:
    """Run the whole engine over the recording; return the frames."""
    return int(run_replay(path, Settings())["frames"])


def summary(values: list[float]) -> dict[str, float]:
    """Return median, least and most."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def table(result: dict[str, Any]) -> str:
    """Write the ratio first, then the rates."""
    lines = [f"replay of {result['recording']}, {result['frames']} frames, {result['rounds']} rounds in turns"]
    names = {"ratio": "replay / floor", "replay_frames_per_s": "replay, frames/s", "floor_frames_per_s": "decode only"}
    for key, name in names.items():
        row, digits = result[key], 2 if key == "ratio" else 0
        lines.append(
            f"  {name:<18}{row['median']:>12,.{digits}f}   ({row['min']:,.{digits}f} to {row['max']:,.{digits}f})"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
