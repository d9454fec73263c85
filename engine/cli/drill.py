"""``trader drill``: does to real processes what must not hurt, and counts what it did."""

from __future__ import annotations

import argparse
import json

import msgspec
import uvloop

from engine.cli.refused import Refused
from engine.drill.crash import Counts, crash_drill


def main(args: argparse.Namespace) -> int:
    """Run a drill; return 0 when nothing was lost, 1 when something was."""
    if args.name != "crash":
        raise Refused("NOT_FOUND", f"There is no drill {args.name!r}: use crash.")
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
