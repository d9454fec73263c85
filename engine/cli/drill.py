"""``trader drill``: does to real processes what must not hurt, and counts what it did."""

from __future__ import annotations

import argparse
import json
import os
from typing import Final

import msgspec
import uvloop

from engine.cli.drill_text import drill_text
from engine.cli.refused import Refused
from engine.drill.compare import Counts
from engine.drill.crash import crash_drill
from engine.drill.desk import desk_drill
from engine.settings import read_home

_NICE: Final = 10


def main(args: argparse.Namespace) -> int:
    """Run a drill; return 0 when nothing was lost or failed, 1 when something was."""
    return _desk(args) if args.name == "desk" else _crash(args)


def _desk(args: argparse.Namespace) -> int:
    """Rehearse the desk's bad days, out of the way of whatever else this machine does."""
    os.nice(_NICE)
    report = uvloop.run(desk_drill(read_home().absolute()))
    print(json.dumps(msgspec.to_builtins(report), ensure_ascii=False) if args.json else drill_text(report))
    return 0 if report.is_passed else 1


def _crash(args: argparse.Namespace) -> int:
    try:
        counts = uvloop.run(crash_drill(args.rounds, args.seed))
    except TimeoutError as error:
        raise Refused("TIMEOUT", f"The drill has failed, {error}.") from None
    print(json.dumps(msgspec.to_builtins(counts)) if args.json else _text(counts))
    return 1 if counts.problems else 0


def _text(counts: Counts) -> str:
    """Write the counts, one a line, and below them what was found."""
    rows = msgspec.to_builtins(counts)
    points, problems = rows.pop("points"), rows.pop("problems")
    lines = [f"{name:<22}{value:>8,}" for name, value in rows.items()]
    lines += [f"  killed {name:<32}{times:>4}" for name, times in points.items()]
    return "\n".join([*lines, *problems])
