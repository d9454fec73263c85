"""Runs the engine over a recording, as fast as it can, and prints what it saw and did."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from engine.cli.refused import Refused
from engine.research.replay import run_replay
from engine.settings import Settings, read_settings
from engine.venues.paper.tape.events import TapeError


def main(args: argparse.Namespace) -> int:
    """Replay the file; the same file and settings print the same bytes."""
    path = Path(args.file)
    if not path.is_file():
        raise Refused("NOT_FOUND", f"There is no file {path}: name a recording of raw frames, plain or gzip.")
    settings = chosen(read_settings(), args.mode, args.symbol)
    try:
        result = run_replay(path, settings)
    except (TapeError, ValueError) as error:
        raise Refused("BAD_RECORDING", str(error)) from None
    print(json.dumps(result, sort_keys=True) if args.json else table(result))
    return 0


def chosen(settings: Settings, mode: str | None, symbol: str | None) -> Settings:
    """Return the settings with the mode and symbol that the command line chose, where it did."""
    if mode:
        settings = msgspec.structs.replace(settings, trading=msgspec.structs.replace(settings.trading, mode=mode))
    return msgspec.structs.replace(settings, symbols=(symbol.upper(),)) if symbol else settings


def table(result: Mapping[str, Any]) -> str:
    """Write the result with one name a line."""
    width = max(map(len, result), default=0)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in sorted(result.items()))
