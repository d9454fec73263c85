"""The short panel of ``trader run``: what runs, where to look, what to type first."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_WIDTH: Final = 78
_ROOM: Final = _WIDTH - 8
"""Of a row's text, beside its name."""


def panel(
    *, version: str, money: str, runs: list[str], tape: str, look: str, example: str, logs: Path, notes: list[str]
) -> str:
    """Return the panel as plain text that fits 80 columns.

    ``tape`` is empty where a real market is followed, ``look`` where the desk is in this terminal; ``example`` is a
    symbol that can be bought.
    """
    slash = "/" if look else ""
    first = f"{slash}resume   then   {slash}buy {example} 250   and   {slash}status"
    rows = [
        ("runs", ", ".join(runs)),
        *([("tape", shortened(tape))] if tape else []),
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


def shortened(tape: str) -> str:
    """Write a tape so that it fits: its kind and the end of its path."""
    if len(tape) <= _ROOM:
        return tape
    kind, _, path = tape.partition(":")
    name = f"…/{path.rpartition('/')[2]}"
    room = _ROOM - len(kind) - 1
    return f"{kind}:{name if len(name) <= room else '…' + name[1 - room :]}"


def _short(path: Path) -> str:
    """Write a path from the working directory, where it lies below it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
