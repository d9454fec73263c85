"""``trader journal``: looks the journal over, and takes damaged parts out of it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from engine.cli.ledger import JOURNAL
from engine.cli.refused import Refused
from engine.settings import read_home
from engine.store.journal import JournalError, JournalInUse
from engine.store.repair import Damage, Survey, cut, survey
from engine.store.snapshot import FILE, SnapshotUnusable, program_digest, read_snapshot


def main(args: argparse.Namespace) -> int:
    """Check or cut; return 0 when the journal is sound (after a cut: when it is now), and 1 when it is damaged."""
    path = read_home() / JOURNAL
    if not path.is_file():
        raise Refused("NOT_FOUND", f"There is no journal {path}: the engine writes one, see TRADER_HOME.")
    try:
        found, kept = cut(path) if args.what == "cut" else (survey(path), None)
    except JournalInUse as error:
        raise Refused("IN_USE", str(error)) from None
    except (JournalError, OSError) as error:
        raise Refused("BAD_JOURNAL", str(error)) from None
    if args.json:
        print(json.dumps(_as_json(found, str(kept or "")) | {"snapshot": _snapshot(path)}, ensure_ascii=False))
    else:
        print("\n".join([*_lines(found), _snapshot(path), *(_after_cut(str(kept)) if kept else [])]))
    return 1 if found.damages and not kept else 0


def _as_json(found: Survey, kept: str) -> dict[str, Any]:
    damages = [damage._asdict() for damage in found.damages]
    torn = found.torn._asdict() if found.torn else None
    return {"ok": not damages or bool(kept), **found._asdict(), "damages": damages, "torn": torn, "kept": kept}


def _lines(found: Survey) -> list[str]:
    lines = [f"{found.records} sound records in {found.size} bytes"]
    lines += [f"DAMAGED: {_where(damage)}" for damage in found.damages]
    if found.torn is not None:
        lines.append(f"unfinished end: {_where(found.torn)}; the next start cuts it off")
    if found.damages:
        lines.append("`trader journal cut` takes the damaged parts out and keeps all that is sound.")
    return lines


def _snapshot(journal: Path) -> str:
    """Say whether the snapshot beside the journal is sound; one that isn't costs the next start time, nothing else."""
    try:
        found = read_snapshot(journal.with_name(FILE), journal, program_digest())
    except SnapshotUnusable as unusable:
        return f"snapshot: passed over at the next start, which folds the whole journal: {unusable}"
    if found is None:
        return "snapshot: none"
    return f"snapshot: sound, of the first {found.stand.offset} bytes"


def _where(damage: Damage) -> str:
    between = f"after {damage.before or 'the beginning'}" + (f", before {damage.after}" if damage.after else "")
    return f"{damage.size} bytes at offset {damage.offset}, behind record {damage.record} ({between})"


def _after_cut(kept: str) -> list[str]:
    return [
        f"Cut. The file as it was is kept as {kept}.",
        "What stood in the damaged bytes is lost. The exchange knows the rest. A report: the order is asked about. An "
        "intent: an open order is cancelled as an orphan, and what it bought bars its symbol until that is accepted. "
        "A mode, a lock, a kill switch: set it again.",
        "Now: trader ledger rebuild --force, start the engine (halted), trader reconcile, trader status.",
    ]
