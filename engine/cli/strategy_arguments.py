"""The words and options of what one does with strategies: list them, begin one, replay them over a recording."""

from __future__ import annotations

import argparse

from engine.cli.option_types import json_argument


def strategy_arguments(parser: argparse.ArgumentParser) -> None:
    """Take ``list`` or ``new NAME``."""
    kinds = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    listing = kinds.add_parser("list", help="every strategy: its kind, its mode and bands in trader.toml, what it does")
    json_argument(listing)
    new = kinds.add_parser("new", help="make a technical strategy, its kernel, its settings and its test")
    new.add_argument("name", metavar="NAME", help="lower case, words joined by _: drift, slow_drift")


def replay_arguments(parser: argparse.ArgumentParser) -> None:
    """Take a recording, and what signals may do."""
    parser.add_argument(
        "file",
        metavar="FILE",
        help="raw combined-stream frames, one a line, or a session that ENGINE_RECORD kept, plain or gzip; or "
        "candles:PATH, or story, which needs no file",
    )
    parser.add_argument(
        "--mode",
        choices=("off", "ask", "auto"),
        default="auto",
        help="of frames: what signals may do (default: auto, because nobody is there to ask); a session has its own",
    )
    parser.add_argument("--symbol", help="the recording's symbol (default: as found in it)")
    json_argument(parser)
