"""Where the time goes between a headline and its order, beside a frame's in the same run; 500 rules are loaded.

``python -m benchmarks.news [--json] [--quick] [--rounds N] [--events N]``. Busy, as in ``stages``: engine and load
server in this one process, over loopback, an event every 0.2 ms. At the end, what it takes to judge a title in a loop,
by 10 rules and by 500.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any, Final

import engine.news.classify
import engine.news.hear
import engine.news.stream
from benchmarks.lab import busy, machine
from benchmarks.lab.headlines import RULES, RULES_FILE, write_config
from benchmarks.lab.stopwatch import Stage, Stopwatch
from engine.core.newsdesk import NewsDesk
from engine.core.strategies.event.headlines import HeadlineStrategy
from engine.core.strategies.event.stories import Stories
from engine.live import Live
from engine.news.classify import judge
from engine.news.hear import NewsRoom
from engine.news.near import NearTitles
from engine.news.rules import Rules
from engine.news.rules_file import built_in_rules, read_rules
from engine.news.seen import Seen
from engine.news.stream import FeedListener
from engine.news.symbols import SymbolIndex
from engine.venues.binance.websocket import Connection

_FEW: Final = 10
_JUDGED: Final = 4_000
_FRAME: Final = (Stage("whole", Connection, "on_ws_frame"), Stage(busy.SEND, Connection, "send"))
_HEADLINE: Final = (Stage("whole", FeedListener, "on_ws_frame"), Stage(busy.SEND, Connection, "send"))
_STAGES: Final = (
    Stage("the frame is taken", FeedListener, "on_ws_frame"),
    Stage("news: read the item", engine.news.stream, "read_item"),
    Stage("news: stamp and pass on", NewsRoom, "_hear"),
    Stage("news: heard before?", Seen, "look"),
    Stage("news: one like it?", NearTitles, "find"),
    Stage("news: word the headline", engine.news.hear, "classify"),
    Stage("news: judge", engine.news.classify, "judge"),
    Stage("news: find the rules", Rules, "hear"),
    Stage("news: find the symbols", SymbolIndex, "find"),
    Stage("live: take the headline", Live, "on_headline"),
    Stage("news desk", NewsDesk, "on_headline"),
    Stage("strategy: fresh, not too many", HeadlineStrategy, "on_headline"),
    Stage("strategy: its story", Stories, "take"),
    Stage("strategy: word the signal", HeadlineStrategy, "_signal"),
    *busy.TO_THE_ORDER,
)


def main() -> int:
    """Measure and print."""
    return busy.main(__doc__, measure, table)


def measure(events: int) -> dict[str, Any]:
    """Run both paths whole, and a headline's in stages; return medians in ns."""
    described = machine.describe()
    with machine.on_core(machine.two_cores().client), tempfile.TemporaryDirectory(prefix="bench-") as folder:
        frame_ns = _path_ns(busy.watched(_FRAME, events, "market"))
        headline_ns = _path_ns(busy.watched(_HEADLINE, events, "news"))
        staged = busy.watched(_STAGES, events, "news")
        write_config(Path(folder))
        judging = _judging_ns(read_rules(Path(folder) / RULES_FILE))
    return {
        "benchmark": "news",
        "events": events,
        "machine": described,
        "path_ns": {"frame": round(frame_ns), "headline": round(headline_ns)},
        "ratio": round(headline_ns / frame_ns, 2),
        "stages_ns": {
            row: {"before": round(ns.before), "after": round(ns.total - ns.before)}
            for row, ns in staged.medians(busy.SEND).items()
        },
        "judging_ns": judging,
    }


def _path_ns(watch: Stopwatch) -> float:
    return sum(row.before for row in watch.medians(busy.SEND).values())


def _judging_ns(many: Rules) -> dict[int, int]:
    """Return what it takes to judge a title by a few rules and by many: medians of both in turns, by their number."""
    rules = {_FEW: Rules(built_in_rules().table[:_FEW], built_in_rules().words), RULES: many}
    taken: dict[int, list[int]] = {count: [] for count in rules}
    for number in range(_JUDGED):
        for count, each in rules.items():
            title = f"IOTA launches data marketplace number {number} with {count} others"
            began_ns = time.perf_counter_ns()
            judged = judge(title, each)
            _ = judged.label, judged.score, judged.reasons
            taken[count].append(time.perf_counter_ns() - began_ns)
    return {count: round(median(all_ns)) for count, all_ns in taken.items()}


def table(result: dict[str, Any]) -> str:
    """Write both paths first, then each stage with its part of the sum."""
    path, stages = result["path_ns"], result["stages_ns"]
    before, after = (sum(row[part] for row in stages.values()) for part in ("before", "after"))
    lines = [
        busy.head(result),
        f"to the written order from a headline {path['headline'] / 1e3:.1f} µs,"
        f" from a frame {path['frame'] / 1e3:.1f} µs: {result['ratio']:.2f} times as long",
        "",
        f"{'stage, its own time':<40}{'µs before':>10}{'part':>8}{'µs after the send':>19}",
    ]
    lines += [
        f"{name:<40}{row['before'] / 1e3:>10.2f}{row['before'] / before:>8.1%}{row['after'] / 1e3:>19.2f}"
        for name, row in stages.items()
    ]
    judging = ", ".join(f"{ns / 1e3:.1f} µs by {count} rules" for count, ns in result["judging_ns"].items())
    lines += [
        f"{'sum':<40}{before / 1e3:>10.2f}{'':>8}{after / 1e3:>19.2f}",
        "",
        f"to judge a title in a loop: {judging}",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
