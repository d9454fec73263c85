"""Compares orders out with causes in, at the last hop before the wire (C15): each cause lets one order pass, once.

Whoever hears of a cause (a signal, a command, an exit that is due) says so here, and whoever sends asks here. Nothing
of what lies between is trusted: an order that no cause stands behind, or a second one for the same, does not leave.
"""

from __future__ import annotations

from typing import Final

from engine.core.types import ApprovedOrder

_KEPT: Final = 20_000
"""Causes that led to no order are forgotten in the end."""


class LastHop:
    """Counts what came in and what may go out."""

    def __init__(self) -> None:
        self.causes_in = 0
        self.orders_out = 0
        self._waiting: dict[str, None] = {}

    def cause_in(self, cause_id: str) -> None:
        """Hear of a cause: one order may leave for it."""
        self.causes_in += 1
        self._waiting[cause_id] = None
        if len(self._waiting) > _KEPT:
            del self._waiting[next(iter(self._waiting))]

    def passes(self, order: ApprovedOrder) -> bool:
        """Say whether an order may leave, which it then does; False where no cause waits for one."""
        if order.cause_id not in self._waiting:
            return False
        del self._waiting[order.cause_id]
        self.orders_out += 1
        return True
