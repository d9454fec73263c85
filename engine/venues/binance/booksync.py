"""The local-book rule: which depth updates to apply, and when a new snapshot is needed.

Source: Binance, WebSocket streams, "How to manage a local order book correctly".

====================  ==================================  ============================================
state                 an update arrives                   a snapshot arrives
====================  ==================================  ============================================
EMPTY                 buffered, snapshot wanted           applied; ANCHORED
BUFFERING             buffered                            older than the buffer: wanted again (F4);
                                                          else applied with the buffered ones: SYNCED
ANCHORED              older: dropped; straddles the       applied anew
(snapshot applied,    snapshot: applied, SYNCED; later:
no update yet)        gap, BUFFERING, snapshot wanted
SYNCED                next id: applied; older: stale      dropped: nobody asked for it
                      (F1); else gap, BUFFERING (F3)
====================  ==================================  ============================================
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import Final, NamedTuple

from engine.core.types import BookUpdate

BUFFER_MAX: Final = 2_000
"""Updates kept while a snapshot is on its way: 200 s of a busy book, so that memory is bounded (F28). What
falls out makes the snapshot too old, and another is asked for."""


class SyncState(Enum):
    """How far a book is."""

    EMPTY = "empty"
    BUFFERING = "buffering"
    ANCHORED = "anchored"
    SYNCED = "synced"


class SyncStep(NamedTuple):
    """What to do now: apply these in order, ask for a snapshot, tell that the book is lost."""

    apply: tuple[BookUpdate, ...] = ()
    wants_snapshot: bool = False
    lost_reason: str = ""


_NOTHING: Final = SyncStep()


class BookSync:
    """One symbol's place in the sequence of its book."""

    def __init__(self) -> None:
        self.state = SyncState.EMPTY
        self.last_update_id = 0
        self.applied = 0
        """Updates applied; snapshots are not counted."""
        self.stale = 0
        """Updates that the book already held when they came."""
        self.gaps = 0
        self.resyncs = 0
        """Snapshots asked for after the first one."""
        self._buffer: deque[BookUpdate] = deque(maxlen=BUFFER_MAX)

    @property
    def is_synced(self) -> bool:
        """True while the book may be traded on."""
        return self.state is SyncState.SYNCED

    def on_depth(self, update: BookUpdate) -> SyncStep:
        """Take the next update of the stream."""
        if self.state is SyncState.SYNCED or self.state is SyncState.ANCHORED:
            return self._on_next(update)
        self._buffer.append(update)
        if self.state is SyncState.BUFFERING:
            return _NOTHING
        self.state = SyncState.BUFFERING
        return SyncStep(wants_snapshot=True)

    def went_on(self, final_update_id: int) -> None:
        """Hear that the next change of a synced book was applied already, and with which update it ended."""
        self.last_update_id = final_update_id
        self.applied += 1

    def on_snapshot(self, snapshot: BookUpdate) -> SyncStep:
        """Take a snapshot; one that can't be joined to the buffered updates is refused and asked for again."""
        if self.state is SyncState.SYNCED:
            return _NOTHING
        newer = [update for update in self._buffer if update.final_update_id > snapshot.final_update_id]
        expected = snapshot.final_update_id + 1
        for index, update in enumerate(newer):
            is_next = update.first_update_id <= expected if index == 0 else update.first_update_id == expected
            if not is_next:
                return self._ask_again(newer[index:])
            expected = update.final_update_id + 1
        self._buffer.clear()
        self.last_update_id = expected - 1
        self.state = SyncState.SYNCED if newer else SyncState.ANCHORED
        self.applied += len(newer)
        return SyncStep(apply=(snapshot, *newer))

    def on_disconnect(self) -> SyncStep:
        """Forget everything: updates were missed, and the next one starts anew."""
        if self.state is SyncState.EMPTY:
            return _NOTHING
        self.resyncs += 1
        self.state = SyncState.EMPTY
        self._buffer.clear()
        return SyncStep(lost_reason="the stream was cut")

    def _on_next(self, update: BookUpdate) -> SyncStep:
        if update.final_update_id <= self.last_update_id:
            self.stale += self.state is SyncState.SYNCED
            return _NOTHING
        expected = self.last_update_id + 1
        is_straddling = self.state is SyncState.ANCHORED and update.first_update_id <= expected
        if update.first_update_id != expected and not is_straddling:
            return self._on_gap(update, expected)
        self.state = SyncState.SYNCED
        self.last_update_id = update.final_update_id
        self.applied += 1
        return SyncStep(apply=(update,))

    def _on_gap(self, update: BookUpdate, expected: int) -> SyncStep:
        self.gaps += 1
        self.resyncs += 1
        self.state = SyncState.BUFFERING
        self._buffer.append(update)
        reason = f"a gap in the depth stream: expected update {expected}, got {update.first_update_id}"
        return SyncStep(wants_snapshot=True, lost_reason=reason)

    def _ask_again(self, kept: list[BookUpdate]) -> SyncStep:
        self.resyncs += 1
        self._buffer.clear()
        self._buffer.extend(kept)
        self.state = SyncState.BUFFERING
        return SyncStep(wants_snapshot=True)
