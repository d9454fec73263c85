"""The options that every benchmark takes; ``trader bench`` passes them on."""

from __future__ import annotations

import argparse


def parser(text: str | None, *, rounds: str, events: str) -> argparse.ArgumentParser:
    """Return a parser of the common options, with words for what they mean here."""
    made = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--json", action="store_true", help="print exactly one JSON object")
    made.add_argument("--quick", action="store_true", help="about a minute or less, for a first look")
    made.add_argument("--rounds", type=_positive, metavar="N", help=rounds)
    made.add_argument("--events", type=_positive, metavar="N", help=events)
    return made


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError("at least 1 is needed")
    return number
