"""The short panel of ``trader run``: what runs, where to look, what to type first."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_WIDTH: Final = 78


def panel(*, version: str, money: str, runs: list[str], look: str, logs: Path, notes: list[str]) -> str:
    """Return the panel as plain text that fits 80 columns; ``look`` is empty where the desk is in this terminal."""
    slash = "/" if look else ""
    first = f"{slash}resume   then   {slash}buy IOTA 250   and   {slash}status"
    rows = [
        ("runs", ", ".join(runs)),
        *([("look", look)] if look else []),
        ("type", first if look else f"here: {first}"),
        ("or", "in another terminal: trader status"),
        ("logs", _short(logs)),
        *(("note", note) for note in notes),
        ("stop", "Ctrl-C"),
    ]
    head = f"  slack-trader {version}"
    rule = "  " + "-" * (_WIDTH - 2)
    return "\n".join(
        [f"{head}{money:>{_WIDTH - len(head)}}", rule, *(f"  {name:<6}{text}" for name, text in rows), rule]
    )


def _short(path: Path) -> str:
    """Write a path from the working directory, where it lies below it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
