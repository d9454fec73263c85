"""From an event to its order, our engine and others against a bare echo, all in one interleaved run.

``python -m benchmarks.latency [--json] [--quick] [--rounds N] [--events N] [--variants NAME,…]``; what is measured and
how is told in ``benchmarks/README.md``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import uvloop

from benchmarks.lab import figures, machine, options
from benchmarks.lab.figures import Round
from benchmarks.lab.machine import Cores
from benchmarks.lab.pace import Run
from benchmarks.lab.server import LoadServer, load_server
from benchmarks.lab.subject import Subject, running
from benchmarks.lab.variants import FLOOR, PACES, Variant, variants

_PART: Final = {"gap_200us": 1.0, "gap_5ms": 0.02, "gap_20ms": 0.01}
"""Of the events at the first pace: slow ones take their time."""
_WARM_UP: Final = {"gap_200us": 1_000, "gap_5ms": 20, "gap_20ms": 10}
_STRAYS_S: Final = 0.05
"""How long a run waits for orders that nobody asked for."""
_LATE_S: Final = 1.0
"""How long it waits where an order is missing: one that came later would count as a second one of the next run."""


class Plan(NamedTuple):
    """How much is measured."""

    rounds: int
    events: int
    """Of one round, at the first pace."""


def main() -> int:
    """Measure and print; return 2 for a variant that there isn't, 1 where a client failed."""
    args = arguments()
    chosen = variants()
    if args.variants:
        names = {FLOOR, *args.variants.split(",")}
        if unknown := names - {one.name for one in chosen}:
            print(f"There is no variant {', '.join(sorted(unknown))} here.", file=sys.stderr)
            return 2
        chosen = tuple(one for one in chosen if one.name in names)
    plan = Plan(args.rounds or (2 if args.quick else 5), args.events or (1_000 if args.quick else 20_000))
    try:
        result = measure(chosen, plan)
    except (RuntimeError, TimeoutError) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(result) if args.json else figures.table(result, tuple(PACES)))
    return 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = options.parser(
        __doc__, rounds="default: 5, quick 2", events="of a round at the first pace: 20000, quick 1000"
    )
    parser.add_argument("--variants", default="", help="only these, and the floor")
    return parser.parse_args()


def measure(chosen: Sequence[Variant], plan: Plan) -> dict[str, Any]:
    """Run every variant in every round, and compare each with the floor."""
    described, cores = machine.describe(), machine.two_cores()
    with machine.on_core(cores.server):
        rounds = uvloop.run(_run_all(chosen, plan, cores))
    result: dict[str, Any] = {"benchmark": "latency", "rounds": plan.rounds, "machine": described}
    for pace in PACES:
        result[pace] = {
            one.name: figures.against(rounds[one.name, pace], rounds[FLOOR, pace])
            for one in chosen
            if pace in one.paces
        }
    return result


async def _run_all(chosen: Sequence[Variant], plan: Plan, cores: Cores) -> dict[tuple[str, str], list[Round]]:
    """Let the variants take turns; every other round goes backwards, so that a drift of the machine favours nobody."""
    rounds: dict[tuple[str, str], list[Round]] = {(one.name, pace): [] for one in chosen for pace in one.paces}
    async with load_server() as (server, port):
        for number in range(plan.rounds):
            for variant in chosen[:: -1 if number % 2 else 1]:
                async with running(variant, server, port, cores) as subject:
                    for pace in variant.paces:
                        rounds[variant.name, pace].append(await one_run(subject, server, pace, plan))
    return rounds


async def one_run(subject: Subject, server: LoadServer, pace: str, plan: Plan) -> Round:
    """Measure one variant at one pace once."""
    variant = subject.variant
    await subject.get_ready()
    run = Run(server, subject.peer, PACES[pace], variant.price_of)
    await run.events_and_orders(_WARM_UP[pace])
    run.forget()
    events, cpu_ns = run.events, subject.cpu_ns()
    await run.events_and_orders(max(round(plan.events * variant.share * _PART[pace]), 10))
    spent_ns = subject.cpu_ns() - cpu_ns
    await asyncio.sleep(_LATE_S if run.missing else _STRAYS_S)
    await subject.recover()
    if not run.latencies_ns:
        raise RuntimeError(f"{variant.name} has answered none of {run.events} events: see its words on standard error")
    return Round(run.latencies_ns, run.events - events, run.missing, run.duplicates, spent_ns)


if __name__ == "__main__":
    sys.exit(main())
