"""The ledger's database, SQLite or PostgreSQL: its tables, and one transaction for rows and progress together."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, insert, inspect, make_url, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from engine.store.ledger import tables
from engine.store.ledger.errors import LedgerDown, LedgerForeign, LedgerOvertaken
from engine.store.ledger.fold import BEGINNING, Progress
from engine.store.ledger.readable import create_views, drop_views
from engine.store.ledger.rows import Key, Row, Rows

PG_SCHEMA: Final = "trader_ledger"
"""In PostgreSQL the tables have a schema of their own: the database may be shared, and ``rebuild`` drops tables."""
TIMEOUT_S: Final = 10.0
"""So long PostgreSQL may be silent before it counts as down."""
_TLS: Final[dict[str, Any]] = {"disable": False, "prefer": None, "require": True}
"""libpq's words for what pg8000 calls ``ssl_context``; ``verify-full`` checks the server's name and certificate."""
_REBUILD: Final = "Run `trader ledger rebuild`."


class Ledger:
    """The database behind a URL. It need not be there yet: each method asks anew."""

    def __init__(self, url: str) -> None:
        """Take ``sqlite:////path`` or ``postgresql://user:password@host/name``; raises LedgerForeign for another."""
        self._engine = _engine(url)

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()

    def progress(self) -> Progress | None:
        """Return how far the journal was projected; None where there is no ledger yet.

        Raises LedgerDown, LedgerForeign.
        """
        with self.connected() as connection:
            return _progress(connection)

    def reset(self) -> Progress:
        """Make the tables anew, empty; the old ones are dropped. Raises LedgerDown."""
        with self.connected() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {PG_SCHEMA}")
            # Only what has our mark beside it is ours: another program may have a table `orders`, too.
            if inspect(connection).has_table(tables.progress.name):
                drop_views(connection)
                tables.metadata.drop_all(connection)
            tables.metadata.create_all(connection, checkfirst=False)
            create_views(connection)
            row = {"id": 1, "schema_version": tables.SCHEMA_VERSION, **BEGINNING._asdict()}
            connection.execute(insert(tables.progress), row)
        return BEGINNING

    def write(self, rows: Rows, before: Progress, after: Progress) -> None:
        """Write rows and the progress that they stand for, all or nothing.

        Raises LedgerOvertaken where the progress in the database is not ``before``, LedgerDown.
        """
        with self.connected() as connection:
            was_there = (tables.progress.c.records == before.records) & (
                tables.progress.c.journal_digest == before.journal_digest
            )
            moved = connection.execute(update(tables.progress).where(was_there).values(**after._asdict()))
            if moved.rowcount != 1:
                raise LedgerOvertaken("Somebody else writes to the ledger: looking at it anew.")
            for table in tables.metadata.sorted_tables:
                _put(connection, table, list(rows.whole.get(table, {}).values()))
                _change(connection, table, rows.parts.get(table, {}))

    @contextlib.contextmanager
    def connected(self) -> Iterator[Connection]:
        """Yield a connection within a transaction that is committed at the end; raises LedgerDown."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError, OverflowError) as error:  # the last for what has no place in 64 bits
            where = self._engine.url.render_as_string(hide_password=True)
            raise LedgerDown(f"The ledger's database {where} can't be used: {_said(error)}.") from error


def _progress(connection: Connection) -> Progress | None:
    if not inspect(connection).has_table(tables.progress.name):
        return None
    version = connection.execute(select(tables.progress.c.schema_version)).scalar_one_or_none()
    if version != tables.SCHEMA_VERSION:
        raise LedgerForeign(f"The ledger's tables are of another version ({version}). {_REBUILD}")
    columns = [tables.progress.c[name] for name in Progress._fields]
    return Progress(*connection.execute(select(*columns)).one())


def _put(connection: Connection, table: Table, rows: list[Row]) -> None:
    if not rows:
        return
    made = (sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert)(table)
    values = {column.name: made.excluded[column.name] for column in table.columns if not column.primary_key}
    keys = list(table.primary_key)
    # Asking for the keys back lets SQLAlchemy send a thousand rows with one statement instead of one each.
    connection.execute(made.on_conflict_do_update(index_elements=keys, set_=values).returning(*keys), rows)


def _change(connection: Connection, table: Table, parts: dict[Key, Row]) -> None:
    for key, values in parts.items():
        statement = update(table)
        for column, value in zip(table.primary_key, key, strict=True):
            statement = statement.where(column == value)
        connection.execute(statement.values(**values))


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise LedgerForeign(
            "LEDGER_URL is no address of a database: write sqlite:////path or postgresql://user:password@host/name."
        ) from None
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed)
    if parsed.get_backend_name() == "postgresql":
        return _postgresql_engine(parsed)
    raise LedgerForeign(f"The ledger is kept in SQLite or PostgreSQL, not in {parsed.get_backend_name()}.")


def _sqlite_engine(url: URL) -> Engine:
    path = Path(url.database or "ledger.sqlite")
    engine = create_engine(url.set(drivername="sqlite", database=str(path)), connect_args={"timeout": TIMEOUT_S})

    @event.listens_for(engine, "do_connect")
    def _make_file(_dialect: Any, _record: ConnectionPoolEntry, _args: Any, _named: Any) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # as the journal: what it says is nobody else's business

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # Python's module would begin no transaction for CREATE and DROP
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")  # who reads does not wait for who writes
        connection.execute("PRAGMA synchronous = NORMAL")  # what a power cut takes is projected again

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def _postgresql_engine(url: URL) -> Engine:
    mode = str(url.query.get("sslmode", "prefer"))
    if mode not in {*_TLS, "verify-full"}:
        raise LedgerForeign(f"LEDGER_URL has sslmode={mode}: write disable, prefer, require or verify-full.")
    return create_engine(
        url.set(drivername="postgresql+pg8000").difference_update_query(["sslmode"]),
        connect_args={
            "timeout": TIMEOUT_S,
            "application_name": "trader ledger",
            "ssl_context": ssl.create_default_context() if mode == "verify-full" else _TLS[mode],
            "startup_params": {"search_path": PG_SCHEMA, "client_encoding": "utf8"},
        },
    )


def _said(error: Exception) -> str:
    """Return the driver's own words, without the statement and what was in it."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    first = cause.args[0] if cause is not None and cause.args else cause
    text = first.get("M", "") if isinstance(first, dict) else str(first)
    return text.rstrip(".") or type(error).__name__
