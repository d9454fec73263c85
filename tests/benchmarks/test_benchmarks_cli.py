"""``trader bench`` knows the benchmarks, passes its options on, and prints one object however many it runs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from engine.cli import bench
from engine.cli.arguments import build_parser
from engine.cli.main import main

ROOT = Path(__file__).resolve().parents[2]


def test_the_benchmarks_are_the_files_of_the_folder() -> None:
    """What they share lies in folders of its own and is none of them."""
    assert bench.benchmarks(ROOT / "benchmarks") == [
        "ingest",
        "latency",
        "news",
        "replay",
        "restart",
        "slack",
        "stages",
    ]


def test_options_are_passed_on_as_a_benchmark_reads_them() -> None:
    """Those that were not given are left to the benchmark."""
    args = build_parser().parse_args(["bench", "latency", "--json", "--quick", "--rounds", "3", "--events", "50"])
    assert bench.options(args) == ["--json", "--quick", "--rounds", "3", "--events", "50"]
    assert bench.options(build_parser().parse_args(["bench"])) == []


def test_all_of_them_give_one_object_and_the_first_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each under its name; one that failed is left out, and its exit code is the command's."""

    def run(argv: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        name = argv[2].partition(".")[2]
        return subprocess.CompletedProcess(argv, 2 if name == "replay" else 0, json.dumps({"it": name}).encode())

    monkeypatch.setattr(bench.subprocess, "run", run)
    assert main(["bench", "--json"]) == 2
    said = json.loads(capsys.readouterr().out)
    assert said == {name: {"it": name} for name in ("ingest", "latency", "news", "restart", "slack", "stages")}
