"""How far each source is believed: what its scores are multiplied with, 0 to 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

UNKNOWN: Final = 0.45
"""The surest words of a stranger score 0.41: counted, never asked about."""
BUILT_IN: Final[Mapping[str, float]] = {
    "story": 1.0,
    "binance-announcements": 1.0,  # an exchange about itself
}


class Trust:
    """The list of sources that are believed; who is not on it by that very name is a stranger."""

    def __init__(self, known: Mapping[str, float] | None = None, unknown: float = UNKNOWN) -> None:
        """``known``: more of them, or others than are built in."""
        self._known = {**BUILT_IN, **(known or {})}
        self._unknown = unknown

    def of(self, source: str) -> float:
        """Return the factor for a source."""
        return self._known.get(source, self._unknown)
