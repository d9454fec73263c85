"""Brings the engine to where earlier runs left it: from the snapshot and the rest of the journal, or from all of it.

Runs once, before anything is followed or armed; that is also when a new snapshot is written, so that nothing that
trades ever waits for it.
"""

from __future__ import annotations

import hashlib
import logging
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from engine.core.actions import Action
from engine.core.engine import Engine
from engine.core.kept import Kept, decode_kept, encode_kept
from engine.core.record_codec import decode_record
from engine.store import snapshot as files
from engine.store.frames import HEADER
from engine.store.journal import Journal
from engine.store.snapshot import Snapshot, SnapshotUnusable, Stand

GROWN_BYTES: Final = 8 << 20
"""A new snapshot is written when the journal has grown by so much since the last: some 30,000 records."""
_log = logging.getLogger(__name__)


def recall(engine: Engine, journal: Journal, ts_ns: int, grown_bytes: int = GROWN_BYTES) -> list[Action]:
    """Fold what the journal has; return what is to be done. Raises UnknownRecord.

    A snapshot that does not fit is passed over with a line in the log, and the whole journal is folded.
    """
    path, units = journal.path.with_name(files.FILE), _units(engine)
    offset, kept = _found(path, journal.path, units)
    keep = partial(_keep, path, journal, units) if journal.end - offset >= grown_bytes else None
    return engine.restore(map(decode_record, journal.records(offset)), ts_ns, kept, keep)


def _found(path: Path, journal: Path, units: str) -> tuple[int, Kept | None]:
    """Return from where on the journal has to be folded, and what the part before came to."""
    try:
        found = files.read_snapshot(path, journal, files.program_digest())
        if found is None:
            return len(HEADER), None
        if found.stand.units != units:
            raise SnapshotUnusable("it was made with other symbols, or with other ticks and lots")
        kept = decode_kept(found.kept)
    except SnapshotUnusable as unusable:
        _log.warning("the snapshot is passed over, and the whole journal folded: %s", unusable)
    except msgspec.MsgspecError as error:
        _log.warning("the snapshot is passed over, and the whole journal folded: it can't be read (%s)", error)
    else:
        _log.info("the journal goes on from a snapshot at offset %d", found.stand.offset)
        return found.stand.offset, kept
    return len(HEADER), None


def _keep(path: Path, journal: Journal, units: str, kept: Kept) -> None:
    """Write a new snapshot; where that can't be done, the next start takes longer and nothing else."""
    try:
        journal.sync()  # or a power cut could leave a snapshot of records that the disk never had
        stand = Stand(files.program_digest(), units, journal.end, files.digest_of(journal.path, journal.end))
        files.write_snapshot(path, Snapshot(stand, encode_kept(kept)))
    except OSError as error:
        _log.warning("no snapshot of the journal could be written: %s", error)


def _units(engine: Engine) -> str:
    known = (market.instrument for market in engine.trading.heard.values())
    units = sorted((it.symbol, it.base_asset, it.quote_asset, it.tick_e8, it.lot_e8) for it in known)
    return hashlib.sha256(msgspec.json.encode(units)).hexdigest()[:16]
