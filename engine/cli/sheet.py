"""Prints rows of the ledger: as a table for a terminal, as CSV for a spreadsheet, or as one JSON object."""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from engine.cli.refused import Refused

_SPANS_S: Final = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_FIGURE: Final = re.compile(r"[+−-]?\d[\d,]*(\.\d+)?(e[+-]\d+)?( ([A-Za-zµ%]{1,6}|\d+|\([^()]*\)))*")
"""With units, as ``+12.50 USDT (+1.2 R)``, ``3 h 5 min`` and ``0.31 %``; no time and no id."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_WIDEST: Final = 60
"""Of a column in a terminal; CSV and JSON cut nothing."""
_PROOFS: Final = frozenset({"journal_digest", "previous_hash", "hash"})
"""What chains the rows of the audit trail: for programs, which read CSV or JSON."""


def print_rows(name: str, rows: Sequence[dict[str, Any]], args: argparse.Namespace) -> None:
    """Print rows as the arguments say."""
    if args.json:
        print(json.dumps({"ok": True, name: rows}, ensure_ascii=False))
    elif args.csv:
        _print_csv(rows)
    else:
        print(table_text(rows) if rows else f"No {name}.")


def since_ns(text: str, now_ns: int) -> int:
    """Read ``2026-11-22``, ``2026-11-22T10:00+01:00`` (UTC where it says nothing else) or ``90m``, ``24h``, ``7d``.

    Raises Refused for anything else.
    """
    number, unit = text[:-1], text[-1:]
    if unit in _SPANS_S and number.isascii() and number.isdigit():
        return now_ns - int(number) * _SPANS_S[unit] * 1_000_000_000
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        words = f"--since {text} is no time: write 2026-11-22, 2026-11-22T10:00, 90m, 24h or 7d."
        raise Refused("BAD_REQUEST", words) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1_000_000) * 1_000


def table_text(rows: Sequence[dict[str, Any]]) -> str:
    """Write rows with aligned columns, figures below each other; what is empty in all, or for programs, is left out."""
    shown = [name for name in rows[0] if name not in _PROOFS]
    names = [name for name in shown if any(row[name] not in (None, "") for row in rows)]
    cells = [[name.replace("_", " ") for name in names], *([_cell(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    aligns = [">" if _are_figures(column[1:]) else "<" for column in zip(*cells, strict=True)]
    lines = ("  ".join(map(_aligned, line, aligns, widths)) for line in cells)
    return "\n".join(line.rstrip() for line in lines)


def _aligned(text: str, align: str, width: int) -> str:
    return f"{text:{align}{width}}"


def _are_figures(texts: Sequence[str]) -> bool:
    """Say whether a column has figures and, beside them, nothing with a digit, as the exit of a trade that is open."""
    return any(map(_FIGURE.fullmatch, texts)) and all(
        _FIGURE.fullmatch(text) or not any(map(str.isdigit, text)) for text in texts
    )


def _cell(value: Any) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else " ".join(_plain(value).split())
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def _print_csv(rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        sheet = csv.writer(sys.stdout, lineterminator="\n")
        sheet.writerow(rows[0])
        sheet.writerows([_harmless(_plain(value)) for value in row.values()] for row in rows)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _harmless(text: str) -> str:
    """Keep a spreadsheet from taking a text, which may be anybody's, for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    return text.lstrip("+-").replace(".", "", 1).isdecimal()
