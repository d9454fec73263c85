"""Runs the benchmarks of the source tree, each in a process of its own."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

from engine.cli.refused import Refused

ROOT: Final = Path(__file__).resolve().parents[2]


def main(args: argparse.Namespace) -> int:
    """Run one benchmark, or all of them one after the other; return the first exit code that isn't 0."""
    names = benchmarks(ROOT / "benchmarks")
    if not names:
        raise Refused("NOT_FOUND", "The benchmarks are part of the source tree: run this where it was cloned.")
    if args.name and args.name not in names:
        raise Refused("NOT_FOUND", f"There is no benchmark {args.name!r}: use one of {', '.join(names)}.")
    flags = ["--json"] if args.json else []
    for name in [args.name] if args.name else names:
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *flags], cwd=ROOT, check=False)
        if done.returncode:
            return done.returncode
    return 0


def benchmarks(folder: Path) -> list[str]:
    """Return the names of the benchmarks in a folder."""
    return sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))
