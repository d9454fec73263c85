"""The words and options of learning from headlines and of measuring what a confidence is worth."""

from __future__ import annotations

import argparse

from engine.cli.option_types import json_argument


def calibrate_arguments(parser: argparse.ArgumentParser) -> None:
    """Take what there is to look back at."""
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="recordings of raw frames, candles (ts_ms,open,close,high,low,volume), journals; plain or gzip "
        "(default: the journal in TRADER_HOME)",
    )
    json_argument(parser)


def learn_arguments(parser: argparse.ArgumentParser) -> None:
    """Take headlines and candles, and what to learn for."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="headlines (CSV with ts_ms and title, JSON announcements or dated events) and candles "
        "(ts_ms,open,close,high,low,volume; the symbol is in the file's name), plain or gzip",
    )
    parser.add_argument("--out", default="rules.new.toml", metavar="FILE", help="where a new table goes, if any")
    parser.add_argument(
        "--model", metavar="FILE", help="train the second opinion as well, and write it here if it is any good"
    )
    parser.add_argument("--horizon", type=int, default=15, metavar="MIN", help="1, 5, 15, 60 or 1440 (default: 15)")
    parser.add_argument("--cost-pct", type=float, default=0.2, metavar="PCT", help="in and out again (default: 0.2)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of what is left to chance (default: 0)")
    json_argument(parser)
