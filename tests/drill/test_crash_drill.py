"""F13: an engine that trades is killed with SIGKILL at named points and at random, and nothing is lost."""

from __future__ import annotations

import os

import pytest

from engine.drill.crash import crash_drill
from engine.drill.victim import NOWHERE, POINTS

FULL = bool(os.environ.get("TRADER_FULL"))
ROUNDS = 300 if FULL else len(POINTS) + 1


@pytest.mark.timeout(3 * 3600 if FULL else 280)
async def test_f13_kill_9_at_named_points_and_at_random() -> None:
    """After each restart: no order twice, none that the engine does not know, no position naked or another one."""
    counts = await crash_drill(ROUNDS, seed=3)
    assert counts.problems == []
    assert (counts.duplicates, counts.orphans, counts.naked_positions, counts.position_mismatches) == (0, 0, 0, 0)
    assert counts.rounds == ROUNDS
    assert counts.orders > ROUNDS
    assert counts.fills > ROUNDS
    assert NOWHERE not in counts.points
    assert len(counts.points) >= len(POINTS) - 2, "the points that were to be reached were not"
