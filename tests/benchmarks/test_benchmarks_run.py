"""Each benchmark runs through, with few events: every event has its order, and the JSON has what it promises."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

from benchmarks.lab.variants import PACES

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.usefixtures("kernels"), pytest.mark.timeout(300)]


def run(name: str, *words: str) -> dict[str, Any]:
    """Run a benchmark in processes of its own; return the one object that it prints."""
    argv = [sys.executable, "-m", f"benchmarks.{name}", "--json", *words]
    with subprocess.Popen(argv, cwd=ROOT, stdout=PIPE, stderr=PIPE, text=True, start_new_session=True) as process:
        try:
            printed, complaints = process.communicate(timeout=200)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # what it has started holds our pipes
            raise
    assert process.returncode == 0, complaints
    found: dict[str, Any] = json.loads(printed)
    return found | {"stalls": complaints.count("the engine stood still for")}


def assert_each_has_its_order(figures: dict[str, Any], stalls: int) -> None:
    """No order twice, and none missing but where the machine held the engine for a second: it bars entries then."""
    assert figures["events"] == figures["orders"] + figures["missing"] >= 10
    assert figures["missing"] <= stalls
    assert figures["duplicates"] == 0


def test_latency_gives_every_event_and_every_headline_one_order() -> None:
    """Of our engine, over the WebSocket API and over REST, at every pace, with 500 rules loaded; none twice."""
    found = run("latency", "--rounds", "1", "--events", "200", "--variants", "ws,rest,news,news_rehearsed")
    for pace in PACES:
        assert list(found[pace]) == ["floor", "ws", "rest", "news", "news_rehearsed"]
        assert found[pace]["floor"]["ratio_p50"] == 1.0
        for name, figures in found[pace].items():
            assert_each_has_its_order(figures, found["stalls"])
            assert 0.0 < figures["p50_us"] <= figures["p99_us"], name


def test_latency_gives_every_event_of_a_strangers_client_one_order() -> None:
    """ccxt.pro answers each event over WebSocket at the first pace, over REST at all paces, also on a busy machine."""
    pytest.importorskip("ccxt")
    found = run("latency", "--rounds", "1", "--events", "100", "--variants", "aiohttp_session,ccxt_ws,ccxt_rest")
    assert list(found["gap_200us"]) == ["floor", "aiohttp_session", "ccxt_ws", "ccxt_rest"]
    assert list(found["gap_20ms"]) == ["floor", "aiohttp_session", "ccxt_rest"]
    for pace in PACES:
        for figures in found[pace].values():
            assert_each_has_its_order(figures, stalls=0)


def test_stages_find_every_function_of_the_path() -> None:
    """A stage that was renamed fails here and not in the middle of a measurement; each is seen warm, busy and cold."""
    found = run("stages", "--events", "100")
    stages = found["stages_ns"]
    assert {"feed: by the express lane", "gate: check", "journal: append", "orders: sign", "socket: write"} <= set(
        stages
    )
    assert 0 < stages["gate: check"]["before"] < found["path_ns"]["to_the_written_order"] < found["path_ns"]["in_all"]
    on_the_way = {row for row, ns in stages.items() if ns["before"]}
    assert all(min(stages[row][part] for part in ("warm", "cold")) > 0 for row in on_the_way)
    assert 0 < found["path_ns"]["warm"] < found["path_ns"]["cold"]
    assert list(found["against_the_echo"]) == ["floor", "ws", "ws_spin"]


def test_a_headlines_stages_are_found_beside_a_frames() -> None:
    """With what it takes to judge a title by few rules and by many."""
    found = run("news", "--events", "100")
    assert {"news: one like it?", "news: find the rules", "strategy: its story", "gate: check"} <= set(
        found["stages_ns"]
    )
    assert min(found["path_ns"].values()) > 0
    assert set(found["judging_ns"]) == {"10", "500"}


def test_ingest_follows_every_frame() -> None:
    """The engine keeps every book in sequence, for one symbol and for a thousand."""
    found = run("ingest", "--rounds", "1", "--events", "20000")
    for symbols in (1, 100, 1000):
        assert found[f"symbols_{symbols}"]["engine"]["ratio"] > 0
        assert found[f"symbols_{symbols}"]["engine"]["rss_mb"] > 0


def test_slack_may_come_and_go_and_commands_are_answered() -> None:
    """Every event has its order with Slack and without, and no answer takes the three seconds that Slack waits."""
    found = run("slack", "--rounds", "1", "--events", "500")
    for pace in ("gap_5ms", "gap_20ms"):
        for figures in found[pace].values():
            assert_each_has_its_order(figures, found["stalls"])
    assert found["command_ms"]["bot"]["commands"] == found["command_ms"]["empty"]["commands"] == 5
    assert 0.0 < found["command_ms"]["bot"]["median"] <= found["command_ms"]["bot"]["most"] < 3_000.0


def test_a_variant_that_there_is_not_is_refused() -> None:
    """Exit code 2 and a sentence."""
    argv = [sys.executable, "-m", "benchmarks.latency", "--variants", "teleport"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "teleport" in done.stderr
