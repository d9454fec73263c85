"""Every fault of the specification has a test that is named after it; one that loses its last test is missed here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

TESTS: Final = Path(__file__).parent.parent
_NAME: Final = re.compile(r"test_f(\d\d)_")

FAULTS: Final = (
    (1, "duplicate frames and execution reports"),
    (2, "reports out of order, report before the reply"),
    (3, "depth gap"),
    (4, "snapshot older than the first event"),
    (5, "half-open socket"),
    (6, "24-hour cut, serverShutdown"),
    (7, "429, 418"),
    (8, "5xx, -1006, -1007, 403"),
    (9, "reply lost after the order filled"),
    (10, "request lost"),
    (11, "reply 9 s late"),
    (12, "cancel crosses a fill"),
    (13, "kill -9 at named points and at random"),
    (14, "clock +2 s, -10 s, jumping back"),
    (15, "NaN, inf, 0, negative, 1e308, empty, missing field, unknown enum"),
    (16, "-60 % in one frame and back; crossed book"),
    (17, "disk full, read-only journal"),
    (18, "journal with a torn tail or a flipped bit"),
    (19, "Slack down, slow, rate-limited, reconnecting"),
    (20, "Slack redelivers, a double click, two clickers"),
    (21, "forged or stale Slack signature"),
    (22, "a person without the role, the right person in the wrong channel"),
    (23, "a click after expiry, after the price moved, after the kill"),
    (24, "news duplicated, edited, back-dated, future-dated, strangely written"),
    (25, "tick size, lot size or status changes mid-run"),
    (26, "unexpected balance, foreign order"),
    (27, "event loop blocked 5 s"),
    (28, "ten times the message rate"),
)


@cache
def named() -> tuple[tuple[int, str], ...]:
    """Return what ``_named`` finds, read once."""
    return tuple(_named())


def _named() -> Iterator[tuple[int, str]]:
    """Return the number and the place of each test that is named after a fault and is more than its name."""
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            match = _NAME.match(getattr(node, "name", ""))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and match and _asserts(node):
                yield int(match[1]), f"{path.relative_to(TESTS)}::{node.name}"


def _asserts(test: ast.AST) -> bool:
    """Say whether a test asserts something, or awaits scenes that do."""
    return any(isinstance(node, ast.Assert | ast.Await) for node in ast.walk(test))


@pytest.mark.parametrize(("number", "fault"), FAULTS, ids=[f"F{number}" for number, _ in FAULTS])
def test_each_fault_has_a_test_of_its_name(number: int, fault: str) -> None:
    assert [place for one, place in named() if one == number], f"nothing shows F{number}: {fault}"


def test_no_test_is_named_after_a_fault_that_is_none() -> None:
    assert {number for number, _ in named()} == {number for number, _ in FAULTS} == set(range(1, 29))
