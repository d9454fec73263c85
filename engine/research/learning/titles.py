"""Reads headlines from files: CSV with a head line, exchanges' announcements in JSON, dated events in JSON."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from engine.news.source import LATEST_MS

HEADS: Final = ("ts_ms_assumed_utc", "ts_ms")
"""What the first column of a CSV file of headlines may be called."""


class UnreadableError(ValueError):
    """A file that can't be meant; the message says what to give instead."""


class Told(NamedTuple):
    """One headline."""

    ts_ms: int
    title: str
    base: str = ""
    """The asset that it is about, where the file says so; empty where its words do."""
    is_day: bool = False
    """Only the day is known: ``ts_ms`` is its beginning, UTC."""


def read_text(path: Path) -> str:
    """Return a text, packed or not; raises UnreadableError."""
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig", "replace")
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", "") or error
        raise UnreadableError(f"{path} can't be read ({why}): name a file of headlines.") from None


def is_headlines(path: Path) -> bool:
    """Say whether a file holds headlines rather than candles, by its name and its first line."""
    if path.name.removesuffix(".gz").endswith(".json"):
        return True
    head = read_text(path).partition("\n")[0]
    return head.startswith(HEADS) and "title" in head


def read_titles(path: Path) -> list[Told]:
    """Return the headlines of a file, oldest first; raises UnreadableError with one sentence."""
    text = read_text(path)
    try:
        found = _of_json(json.loads(text)) if path.name.removesuffix(".gz").endswith(".json") else _of_csv(text)
        told = sorted(found)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, csv.Error) as error:
        words = "a CSV file with ts_ms and title, a JSON list of {title, releaseDate}, or {events: [{date, title}]}"
        raise UnreadableError(f"{path} is no file of headlines ({error}): give {words}.") from None
    if not told:
        raise UnreadableError(f"{path} has no headlines in it.")
    return told


def _of_csv(text: str) -> Iterator[Told]:
    rows = csv.DictReader(io.StringIO(text, newline=""))
    for row in rows:
        stamp = next((row[name] for name in HEADS if name in row), None)
        yield _told(stamp, row["title"], f"line {rows.line_num}")


def _of_json(tree: Any) -> Iterator[Told]:
    for number, entry in enumerate(tree["events"] if isinstance(tree, dict) else tree, 1):
        where = f"entry {number}"
        yield _dated(entry, where) if "date" in entry else _told(entry["releaseDate"], entry["title"], where)


def _told(stamp: Any, title: Any, where: str) -> Told:
    """Take a headline whose moment is known; raises ValueError where it can't be meant."""
    if not isinstance(title, str):
        raise ValueError(f"{where} has no title")
    try:
        ts_ms = int(stamp)
    except (ValueError, TypeError, OverflowError):
        ts_ms = -1
    if not 0 <= ts_ms <= LATEST_MS:
        raise ValueError(f"{where}: {stamp!r} is no time in milliseconds since 1970")
    return Told(ts_ms, title)


def _dated(entry: Mapping[str, Any], where: str) -> Told:
    """Take an event of which only the day is known."""
    day = datetime.strptime(entry["date"], "%Y-%m-%d").replace(tzinfo=UTC)
    told = _told(int(day.timestamp()) * 1000, entry["title"], where)
    return told._replace(base=str(entry.get("symbol", "")), is_day=True)
