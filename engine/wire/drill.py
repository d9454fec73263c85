"""A rehearsal of the whole desk: asked for by an admin on paper, and what it found."""

from __future__ import annotations

from typing import Literal

import msgspec

from engine.wire.person import Command


class StartDrill(Command, frozen=True, tag="drill"):
    """Rehearse kill, Slack outage, exchange timeout and restart on a desk of its own; refused on a live account."""


class DrillStep(msgspec.Struct, frozen=True):
    """One thing that was rehearsed."""

    name: str
    state: Literal["passed", "failed", "not rehearsed"]
    seconds: float
    """From the fault until all was well again."""
    detail: str


class DrillReport(msgspec.Struct, frozen=True, tag="drill"):
    """What a drill found."""

    steps: tuple[DrillStep, ...]
    seconds: float
    """The whole drill."""

    @property
    def is_passed(self) -> bool:
        """True where nothing failed."""
        return all(step.state != "failed" for step in self.steps)
