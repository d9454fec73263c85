"""Where the time goes between a frame and its order: each stage's own median, stopwatches around the real engine.

``python -m benchmarks.stages [--json] [--quick] [--rounds N] [--events N]``. Warm and cold: in a loop of its own
(``lab/loop.py``), one event after the other, and each after 32 MB of other memory. Busy: engine and load server in
this one process, over loopback, an event every 0.2 ms. Each once with a stopwatch around the whole path and once with
one around every stage; a row holds its stage's own time: what it calls and has a row of its own is left out. Beside
them the engine as ``latency`` measures it, in a process of its own against the bare echo.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import uvloop

import engine.venues.binance.express
from benchmarks import latency
from benchmarks.lab import busy, machine
from benchmarks.lab.loop import turn
from benchmarks.lab.stopwatch import Medians, Stage, Stopwatch
from benchmarks.lab.variants import FLOOR, variants
from engine.core.engine import Engine
from engine.core.strategies.technical.crew import Placed
from engine.live import Live
from engine.venues.binance.express import ExpressReader
from engine.venues.binance.line import OrderLine
from engine.venues.binance.websocket import Connection

_PACE: Final = "gap_200us"
_COLD_EVENTS: Final = 300
"""Each takes some 10 ms, for the memory that is read in between."""
_WHOLE: Final = "the frame is taken"

_PATH: Final = (
    Stage(_WHOLE, Connection, "on_ws_frame"),
    Stage(busy.SEND, Connection, "send"),
    Stage(busy.ANSWER, OrderLine, "_on_frame"),
)
_STAGES: Final = (
    Stage(_WHOLE, Connection, "on_ws_frame"),
    Stage("feed: by the express lane", ExpressReader, "on_frame"),
    Stage("feed: scan, market, tape, strategies", engine.venues.binance.express, "take_flat"),
    Stage("live: take what was stirred", Live, "on_stirred"),
    Stage("engine: ask who spoke", Engine, "on_stirred"),
    Stage("strategy: word the signal", Placed, "signal"),
    *busy.TO_THE_ORDER,
)


def main() -> int:
    """Measure and print."""
    return busy.main(__doc__, measure, table)


def measure(events: int) -> dict[str, Any]:
    """Run the path whole and in stages, warm, busy and cold, and the engine against the echo; medians in ns and µs."""
    described = machine.describe()
    against = _against_the_echo(events)
    with machine.on_core(machine.two_cores().client):
        warm = _twice(lambda stages: _looped(stages, events, is_cold=False))
        traded = _twice(lambda stages: busy.watched(stages, events, "market"))
        cold = _twice(lambda stages: _looped(stages, min(events, _COLD_EVENTS), is_cold=True))
    return {
        "benchmark": "stages",
        "events": events,
        "machine": described,
        "against_the_echo": against,
        "path_ns": {
            "warm": warm.path_ns,
            "to_the_written_order": traded.path_ns,
            "cold": cold.path_ns,
            "in_all": traded.in_all_ns,
            "two_answers": traded.two_answers_ns,
        },
        "stages_ns": {
            row: {
                "warm": round(warm.stages[row].before) if row in warm.stages else 0,
                "before": round(ns.before),
                "cold": round(cold.stages[row].before) if row in cold.stages else 0,
                "after": round(ns.total - ns.before),
            }
            for row, ns in traded.stages.items()
        },
    }


class _Watched(NamedTuple):
    """What two runs gave: with a stopwatch around the whole, and with one around each stage."""

    path_ns: int
    in_all_ns: int
    two_answers_ns: int
    stages: dict[str, Medians]


def _twice(watched: Callable[[tuple[Stage, ...]], Stopwatch]) -> _Watched:
    """Watch a run with a stopwatch around the whole, and one with one around every stage."""
    whole, staged = watched(_PATH), watched(_STAGES)
    order, answer = whole.medians(busy.SEND), whole.medians(busy.ANSWER)
    return _Watched(
        round(sum(row.before for row in order.values())),
        round(sum(row.total for row in order.values())),
        round(2 * sum(row.total for row in answer.values())),
        staged.medians(busy.SEND),
    )


def _against_the_echo(events: int) -> dict[str, Any]:
    """Measure frame to order from outside: the bare echo, the engine at rest and spinning, at the first pace."""
    chosen = [one._replace(paces=(_PACE,)) for one in variants() if one.name in (FLOOR, "ws", "ws_spin")]
    found: dict[str, Any] = latency.measure(chosen, latency.Plan(1, events))[_PACE]
    return {name: {"p50_us": row["p50_us"], "ratio_p50": row["ratio_p50"]} for name, row in found.items()}


def _looped(stages: tuple[Stage, ...], events: int, *, is_cold: bool) -> Stopwatch:
    """Return a stopwatch that was around these stages in the loop."""
    watch = Stopwatch(stages, busy.SEND)
    with watch:
        uvloop.run(_loop(events, watch, is_cold=is_cold))
    return watch


async def _loop(events: int, watch: Stopwatch, *, is_cold: bool) -> None:
    """Play the loop: once to warm up what is compiled and cached, and then to be measured."""
    await turn(min(events, _COLD_EVENTS), is_cold=False)
    watch.forget()
    await turn(events, is_cold=is_cold)


def table(result: dict[str, Any]) -> str:
    """Write each stage with its part of the sum, the sums beside the path as a whole, and that beside the echo."""
    path, stages = result["path_ns"], result["stages_ns"]
    sums = {part: sum(row[part] for row in stages.values()) for part in ("warm", "before", "cold", "after")}
    lines = [
        busy.head(result),
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
