"""Plays a recording: the recorded bytes, unchanged, at their recorded pace.

With ``?laps=N`` it is played N times (0: without end); from the second lap on, times and ids are moved on, so
that nothing runs backwards; the book jumps there, which a client sees as one gap and heals with one snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any

import msgspec

from engine.venues.paper.rules import SymbolRules
from engine.venues.paper.tape.events import BookSnapshot, Frame, Kline, TapeEvent
from engine.venues.paper.tape.pace import pace
from engine.venues.paper.tape.raw import decode_combined
from engine.venues.paper.tape.recording import read_recording
from engine.venues.paper.tape.survey import rules_of, survey_recording

_LAP_GAP_NS = 1_000_000_000


class RecordingTape:
    """A recording of raw combined-stream frames."""

    has_news = False

    def __init__(self, path: Path, speed: float, *, laps: int = 1, allow_gaps: bool = False) -> None:
        """Survey the file; raises TapeError where it is missing, wrong or broken."""
        self.spec = f"recording:{path}"
        self.speed = speed
        self._path = path
        self._laps = laps
        self._lap = 0
        self._survey = survey_recording(path, allow_gaps=allow_gaps)

    async def prepare(self) -> None:
        """Do nothing: the survey has told all."""

    @property
    def rules(self) -> Sequence[SymbolRules]:
        """Return the rules of the symbols that were recorded."""
        return [rules_of(seen) for seen in self._survey.symbols.values()]

    @property
    def lap(self) -> int:
        """How often it has begun anew."""
        return self._lap

    def snapshots(self) -> Sequence[BookSnapshot]:
        """Return the recorded snapshots, so that books can be fetched from the first moment."""
        return [seen.snapshot for seen in self._survey.symbols.values() if seen.snapshot is not None]

    def history(self, symbol: str) -> Sequence[Kline]:
        """Return nothing: a recording has no past."""
        return ()

    async def play(self, listener: Callable[[TapeEvent], None]) -> None:
        """Play all laps."""
        await pace(self.events(), self.speed, listener)

    def events(self) -> Iterator[TapeEvent]:
        """Go through all frames of all laps."""
        for lap in islice(count(), self._laps or None):
            self._lap = lap
            yield from self._play_lap(lap)

    def _play_lap(self, lap: int) -> Iterator[TapeEvent]:
        shift_ns = lap * (self._survey.last_ns - self._survey.first_ns + _LAP_GAP_NS)
        if lap:
            yield from (self._moved_snapshot(snapshot, lap, shift_ns) for snapshot in self.snapshots())
        for recorded in read_recording(self._path):
            stream, data = _unwrap(recorded.data)
            if not stream:
                continue  # the snapshot: known since the survey
            at_ns, ts_ms = recorded.ts_recv_ns - self._survey.first_ns, recorded.ts_recv_ns // 1_000_000
            if lap:
                data = _moved(data, lap * self._id_span(stream), shift_ns // 1_000_000)
            yield Frame(at_ns + shift_ns, ts_ms + shift_ns // 1_000_000, stream, data)

    def _id_span(self, stream: str) -> int:
        """Return how far ids move with each lap: past everything that the recording holds."""
        seen = self._survey.symbols[stream.partition("@")[0].upper()]
        first = seen.snapshot.last_update_id if seen.snapshot else 0
        return seen.last_update_id - first + 1_000_000

    def _moved_snapshot(self, snapshot: BookSnapshot, lap: int, shift_ns: int) -> BookSnapshot:
        span = self._id_span(f"{snapshot.symbol.lower()}@depth")
        return msgspec.structs.replace(
            snapshot,
            at_ns=shift_ns,
            ts_ms=snapshot.ts_ms + shift_ns // 1_000_000,
            last_update_id=snapshot.last_update_id + lap * span,
        )


def _unwrap(data: bytes) -> tuple[str, bytes]:
    """Split a combined message into the stream's name and the payload's own bytes; no name for a snapshot."""
    message = decode_combined(data)
    return message.stream, bytes(message.data)


def _moved(data: bytes, ids: int, ms: int) -> bytes:
    """Move a payload's ids and times on, for a later lap."""
    payload: dict[str, Any] = msgspec.json.decode(data)
    for name in ("U", "u", "t"):
        if name in payload:
            payload[name] += ids
    for name in ("E", "T"):
        if name in payload:
            payload[name] += ms
    return msgspec.json.encode(payload)
