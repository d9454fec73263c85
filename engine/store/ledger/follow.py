"""Keeps the ledger up with the journal for as long as the process runs, whatever becomes of the database."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Final

from engine.core.record_codec import UnknownRecord
from engine.store.ledger.errors import LedgerError
from engine.store.ledger.projector import Projector

POLL_S: Final = 0.2
"""How often the journal is looked at: a person sees a fill in the ledger when they look."""
CHECK_S: Final = 10.0
"""How often it is looked whether journal and ledger are still the same ones, and the database is still there."""
TELL_S: Final = 60.0
"""How often the health is told while nothing changes."""
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
_log = logging.getLogger(__name__)


class _Health:
    """Tells in the log how the ledger is: when that changes, and every now and then."""

    def __init__(self, projector: Projector) -> None:
        self._projector = projector
        self._told = ""
        self._told_s = 0.0

    def tell(self, now_s: float, trouble: str = "") -> None:
        """Tell that all is well, or what the trouble is."""
        words = trouble or "the ledger follows the journal"
        if words == self._told and now_s - self._told_s < TELL_S:
            return
        self._told, self._told_s = words, now_s
        _log.log(logging.WARNING if trouble else logging.INFO, "%s", words, extra=self._figures(not trouble))

    def _figures(self, is_ok: bool) -> dict[str, Any]:
        figures: dict[str, Any] = {"ok": is_ok, "behind_bytes": self._projector.behind_bytes}
        if (progress := self._projector.progress) is not None:
            figures |= {"records": progress.records, "audit_head": progress.audit_hash}
        return figures


def follow(
    projector: Projector, pause: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.monotonic
) -> None:
    """Project without end; ``pause`` waits so many seconds, and ends it by raising."""
    health, checked_s, pause_s = _Health(projector), clock(), FIRST_PAUSE_S
    while True:
        try:
            has_moved = projector.step()
            if not has_moved and clock() - checked_s >= CHECK_S:
                checked_s = clock()
                projector.check()
        except (LedgerError, UnknownRecord, OSError) as error:
            health.tell(clock(), str(error))
            pause(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
        else:
            health.tell(clock())
            pause_s = FIRST_PAUSE_S
            if not has_moved:
                pause(POLL_S)
