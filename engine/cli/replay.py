"""Runs the engine over recorded frames, or over a recorded session, as fast as it can, and prints what it did."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from engine.cli.refused import Refused
from engine.research.replay import run_replay
from engine.research.session import replay_session
from engine.research.tape_replay import is_tape, replay_tape
from engine.settings import Settings, read_settings
from engine.store.recorder import SessionDamaged, is_session
from engine.venue_link import keys_of
from engine.venues.binance.errors import VenueError
from engine.venues.binance.sign import make_signer
from engine.venues.paper.tape.events import TapeError


def main(args: argparse.Namespace) -> int:
    """Replay the file; the same file and settings print the same bytes. 1 where a session's orders are others now."""
    path = Path(args.file)
    if not path.is_file() and not is_tape(args.file):
        raise Refused("NOT_FOUND", f"There is no file {path}: name a recording of raw frames, candles:PATH or story.")
    settings = read_settings()
    try:
        if not path.is_file():
            result = replay_tape(args.file, chosen(settings, args.mode, args.symbol))
        elif is_session(path):
            result = heard_again(path, settings)
        else:
            result = run_replay(path, chosen(settings, args.mode, args.symbol))
    except (TapeError, SessionDamaged, VenueError, ValueError) as error:
        raise Refused("BAD_RECORDING", str(error)) from None
    print(json.dumps(result, sort_keys=True) if args.json else table(result))
    return 0 if result.get("is_same", True) else 1


def heard_again(path: Path, settings: Settings) -> dict[str, Any]:
    """Let a new engine hear a session (``ENGINE_RECORD``), and compare the bytes of every order.

    The settings are the session's own; only the keys, which are part of an order's bytes, are today's.
    """
    keys = keys_of(settings)
    signer = make_signer(keys)
    second = None if settings.of_second is None else keys_of(settings.of_second)
    parity = replay_session(path, keys, signer, is_logged_on=signer.can_logon, second=second)
    return {
        "events": parity.events,
        "is_same": parity.is_equal,
        "orders_in_session": len(parity.live),
        "orders_now": len(parity.replayed),
        "orders_same": sum(map(bytes.__eq__, parity.live, parity.replayed)),
    }


def chosen(settings: Settings, mode: str | None, symbol: str | None) -> Settings:
    """Return the settings with the mode and symbol that the command line chose, where it did."""
    if mode:
        settings = msgspec.structs.replace(settings, trading=msgspec.structs.replace(settings.trading, mode=mode))
    return msgspec.structs.replace(settings, symbols=(symbol.upper(),)) if symbol else settings


def table(result: Mapping[str, Any]) -> str:
    """Write the result with one name a line; of counts all on its line, without those that are none."""
    lines = [line for name, value in sorted(result.items()) for line in _lines(name, value)]
    width = max((len(name) for name, _ in lines), default=0)
    return "\n".join(f"{name:<{width}}  {text}".rstrip() for name, text in lines)


def _lines(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, Mapping) and any(isinstance(each, Mapping) for each in value.values()):
        said = [(f"{name} {key}", _counts(each)) for key, each in value.items() if any(each.values())]
        return said or [(name, "none")]
    if isinstance(value, Mapping):
        return [(name, _counts(value))]
    return [(name, ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value))]


def _counts(counts: Mapping[str, Any]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count) or "none"
