"""Compares the ledger with the journal, record by record and row by row, to find what was changed in either."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Table, select

from engine.core.record_codec import UnknownRecord
from engine.store.ledger import tables
from engine.store.ledger.database import Ledger
from engine.store.ledger.errors import NO_LEDGER, LedgerForeign
from engine.store.ledger.fold import Fold, Progress
from engine.store.ledger.rows import Key, Row, Rows
from engine.store.ledger.tail import Tail
from engine.store.ledger.trail import broken_links

_MOST_TOLD: Final = 20


class Verdict(NamedTuple):
    """What was found; nothing in ``problems`` where all is as it was written."""

    problems: tuple[str, ...]
    records: int
    entries: int
    head: str
    """Hash of the last entry of the audit trail: note it elsewhere, and it stands for everything until now."""


def verify(journal: Path, ledger: Ledger, noted: str = "") -> Verdict:
    """Look for changes in the journal and the database; ``noted`` is a head that was noted before, or empty.

    It folds the whole journal into memory. Raises LedgerDown, LedgerForeign where there is nothing to look at, and
    UnknownRecord.
    """
    stored = ledger.progress()
    if stored is None:
        raise LedgerForeign(NO_LEDGER)
    with ledger.connected() as connection:
        entries = _rows_of(connection, tables.audit)
        problems = [f"audit trail: {words}" for words in broken_links(entries)]
        if stored.entries != len(entries) or stored.audit_hash != (entries[-1]["hash"] if entries else ""):
            problems.append("audit trail: its end is not the one that was written last")
        if noted and noted not in {row["hash"] for row in entries}:
            problems.append(f"audit trail: no entry has the hash {noted} that was noted")
        problems += _against_journal(journal, connection, stored, entries)
    return Verdict(tuple(problems[:_MOST_TOLD]), stored.records, stored.entries, stored.audit_hash)


def _against_journal(journal: Path, connection: Connection, stored: Progress, entries: list[Row]) -> list[str]:
    rows, fold, tail = Rows(), Fold(), Tail(journal)
    digests = {row["record"]: row["journal_digest"] for row in entries} | {stored.records: stored.journal_digest}
    sound_until = 0
    while fold.progress.records < stored.records and (payloads := tail.read(fold.progress.byte_offset)):
        for payload in payloads[: stored.records - fold.progress.records]:
            try:
                fold.take(payload, rows)
            except UnknownRecord as error:
                return [f"journal: record {fold.progress.records + 1}: {error}"]
            number, digest = fold.progress.records, fold.progress.journal_digest
            if digests.get(number, digest) != digest:
                return [f"journal: it was changed within the records {sound_until + 1} to {number}"]
            sound_until = number if number in digests else sound_until
    if fold.progress.records < stored.records:
        return [f"journal: it ends after record {fold.progress.records}, and the ledger has seen {stored.records}"]
    kept = (table for table in tables.metadata.sorted_tables if table is not tables.progress)
    return [words for table in kept for words in _changed(table, rows.whole.get(table, {}), connection)]


def _changed(table: Table, wanted: dict[Key, Row], connection: Connection) -> Iterator[str]:
    found = {tuple(row[column.name] for column in table.primary_key): row for row in _rows_of(connection, table)}
    for key in sorted(wanted.keys() | found.keys()):
        name = f"{table.name} {', '.join(map(str, key))}"
        if key not in found:
            yield f"{name}: the row is missing"
        elif key not in wanted:
            yield f"{name}: the journal knows of no such row"
        elif found[key] != wanted[key]:
            columns = [column for column in wanted[key] if found[key][column] != wanted[key][column]]
            yield f"{name}: {', '.join(columns)} is not what the journal says"


def _rows_of(connection: Connection, table: Table) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
