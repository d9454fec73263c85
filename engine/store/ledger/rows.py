"""Rows that wait to be written: the newest of each key, put whole or changed in part."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from sqlalchemy import Table

Key: TypeAlias = tuple[Any, ...]
Row: TypeAlias = dict[str, Any]
_NO_TEXT: Final = "\x00"
"""PostgreSQL keeps no text with this character, and a headline may bring anything."""


class Rows:
    """What a run of records does to the tables. Writing it twice has the same result as writing it once."""

    def __init__(self) -> None:
        self.whole: dict[Table, dict[Key, Row]] = {}
        self.parts: dict[Table, dict[Key, Row]] = {}
        """Changes of rows that are in the database already; of none where there is no such row."""

    def put(self, table: Table, **values: Any) -> None:
        """Write a row with all its columns, in place of one with the same key."""
        row = cleaned(values)
        key = tuple(row[column.name] for column in table.primary_key)
        self.whole.setdefault(table, {})[key] = row
        self.parts.get(table, {}).pop(key, None)

    def change(self, table: Table, *key: Any, **values: Any) -> None:
        """Change some columns of the row with this key, if there is one."""
        waiting = self.whole.get(table, {}).get(key)
        row = waiting if waiting is not None else self.parts.setdefault(table, {}).setdefault(key, {})
        row.update(cleaned(values))

    def __len__(self) -> int:
        return sum(map(len, (*self.whole.values(), *self.parts.values())))


def cleaned(values: Row) -> Row:
    """Return a row whose texts every database can keep."""
    return {
        name: value.replace(_NO_TEXT, "\ufffd") if isinstance(value, str) and _NO_TEXT in value else value
        for name, value in values.items()
    }
