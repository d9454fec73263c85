"""What the options of several commands share: numbers within limits, counts, ports, and --json."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def json_argument(parser: argparse._ActionsContainer) -> None:
    """Take ``--json``."""
    parser.add_argument("--json", action="store_true", help="print exactly one JSON object")


def number(low: float, high: float, unit: str) -> Callable[[str], float]:
    """Make a reader of numbers within limits; NaN lies within none."""

    def read(text: str) -> float:
        """Read one; raises ArgumentTypeError for what is none, or outside the limits."""
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no number of {unit} from {low:g} to {high:g}")
        return value

    return read


def count(text: str) -> int:
    """Read a whole number from 0 on; raises ArgumentTypeError for anything else."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 on")
    return int(text)


def port(text: str) -> int:
    """Read a port, 0 for any free one; raises ArgumentTypeError for anything else."""
    if not text.isascii() or not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: write one from 1 to 65535, or 0 for any free one")
    return int(text)
