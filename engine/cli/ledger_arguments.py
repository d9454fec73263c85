"""The options of what one asks ledger, journal and audit trail."""

from __future__ import annotations

import argparse
from typing import Final

from engine.cli.option_types import count, json_argument

_LISTINGS: Final = {
    "orders": "every order as it is now",
    "fills": "every fill",
    "trades": "every position from its first fill to flat, with its profit",
    "decisions": "every proposal, and what became of it",
    "stories": "every turn of a story, with the headline that brought it",
    "headlines": "every headline that came, and what the engine did then",
    "refusals": "what the gate refused, and the numbers that decided",
    "equity": "what the account was worth",
}
"""What ``trader ledger`` shows."""


def ledger_arguments(parser: argparse.ArgumentParser) -> None:
    """Take what of the ledger to show, or how to keep it."""
    kinds = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    kinds.add_parser("follow", help="keep the ledger up with the journal (`trader run` starts this)")
    rebuild = kinds.add_parser("rebuild", help="make the ledger anew from the journal")
    rebuild.add_argument("--force", action="store_true", help="also where it says that the journal was another")
    json_argument(rebuild)
    for name, shows in _LISTINGS.items():
        listing = kinds.add_parser(name, help=shows)
        _sheet_arguments(listing)
        if name not in ("equity", "headlines"):
            listing.add_argument("--symbol", default="", help="only of this symbol")


def _sheet_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", metavar="TIME", help="2026-11-22, 2026-11-22T10:00 (UTC), 90m, 24h or 7d")
    parser.add_argument("--last", type=count, default=0, metavar="N", help="only the newest N (default: all)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="print CSV, for a spreadsheet")
    json_argument(form)


def journal_arguments(parser: argparse.ArgumentParser) -> None:
    """Take what to do with the journal."""
    kinds = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    json_argument(kinds.add_parser("check", help="look it over from end to end (exit code 1: damaged)"))
    json_argument(
        kinds.add_parser("cut", help="take damaged parts out, keep the rest and a copy; the engine must be stopped")
    )


def audit_arguments(parser: argparse.ArgumentParser) -> None:
    """Take whose doings to show, and since when."""
    parser.add_argument("--who", default="", metavar="ID", help="only what this one did: U01ALICE, ann, engine")
    parser.add_argument("--what", default="", metavar="WORDS", help="only entries with these words in them")
    _sheet_arguments(parser)
    parser.add_argument("--verify", action="store_true", help="look for changes in journal and ledger (exit code 1)")
    parser.add_argument("--noted", default="", metavar="HEAD", help="with --verify: a head that was noted before")
