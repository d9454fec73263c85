"""Runs the benchmarks of the source tree, each in a process of its own."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from engine.cli.refused import Refused

ROOT: Final = Path(__file__).resolve().parents[2]


def main(args: argparse.Namespace) -> int:
    """Run one benchmark, or all of them one after the other; return the first exit code that isn't 0.

    With ``--json`` exactly one object is printed: a benchmark's own, or that of each under its name.
    """
    names = benchmarks(ROOT / "benchmarks")
    if not names:
        raise Refused("NOT_FOUND", "The benchmarks are part of the source tree: run this where it was cloned.")
    if args.name and args.name not in names:
        raise Refused("NOT_FOUND", f"There is no benchmark {args.name!r}: use one of {', '.join(names)}.")
    if args.name:
        return _run(args.name, options(args)).returncode
    runs = {name: _run(name, options(args), captured=args.json) for name in names}
    if args.json:
        print(json.dumps({name: json.loads(run.stdout) for name, run in runs.items() if not run.returncode}))
    return next((run.returncode for run in runs.values() if run.returncode), 0)


def benchmarks(folder: Path) -> list[str]:
    """Return the names of the benchmarks in a folder."""
    return sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))


def options(args: argparse.Namespace) -> list[str]:
    """Write the options as a benchmark reads them."""
    flags = [f"--{name}" for name in ("json", "quick") if getattr(args, name)]
    numbers = [(name, getattr(args, name)) for name in ("rounds", "events")]
    return [*flags, *(word for name, number in numbers if number for word in (f"--{name}", str(number)))]


def _run(name: str, words: list[str], *, captured: bool = False) -> subprocess.CompletedProcess[bytes]:
    argv = [sys.executable, "-m", f"benchmarks.{name}", *words]
    return subprocess.run(argv, cwd=ROOT, check=False, stdout=subprocess.PIPE if captured else None)
