"""Keeps the ledger up with the journal for as long as the process runs, whatever becomes of the database."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Final

from engine.core.record_codec import UnknownRecord
from engine.store.ledger.errors import LedgerError
from engine.store.ledger.projector import Projector
from engine.wire.views import HealthView

POLL_S: Final = 0.2
"""How often the journal is looked at: a person sees a fill in the ledger when they look."""
CHECK_S: Final = 10.0
"""How often it is looked whether journal and ledger are still the same ones, and the database is still there."""
TELL_S: Final = 60.0
"""How often the health is told while nothing changes."""
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
SILENT_S: Final = 60.0
"""So long without a look at the journal is more than any pause: it hangs."""
_log = logging.getLogger(__name__)


class Following:
    """Tells how the ledger is: in the log when that changes and every now and then, and to whoever asks."""

    def __init__(self, projector: Projector) -> None:
        self._projector = projector
        self._told = ""
        self._told_s = 0.0
        self._trouble = ""
        self._looked_s = time.monotonic()

    def view(self) -> HealthView:
        """Say how far it is; one that has not looked at the journal for long waits for its database."""
        silent_s, progress = time.monotonic() - self._looked_s, self._projector.progress
        if self._trouble or silent_s > SILENT_S:
            return HealthView("process", False, self._trouble or f"its database hasn't answered for {silent_s:.0f} s")
        records = progress.records if progress is not None else 0
        return HealthView("process", True, f"follows the journal: {records} records so far")

    def tell(self, now_s: float, trouble: str = "") -> None:
        """Tell that all is well, or what the trouble is."""
        self._trouble, self._looked_s = trouble, time.monotonic()
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
    projector: Projector,
    pause: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    health: Following | None = None,
) -> None:
    """Project without end; ``pause`` waits so many seconds, and ends it by raising. ``health`` is told how it goes."""
    health, checked_s, pause_s = health or Following(projector), clock(), FIRST_PAUSE_S
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
