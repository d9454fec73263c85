"""The ledger for people: times as dates, amounts in decimals; in views of the database, and exactly in Python.

The rule is in the names: ``price_ticks`` is shown as ``price``, ``cost_e8`` as ``cost``, ``opened_ns`` as ``opened``.
In SQLite the views' numbers are floats, good for 15 digits; PostgreSQL's are exact, and so is ``readable``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Column, Connection, Double, Label, Select, Table, case, cast, literal_column, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement

from engine.core.instrument import E8, decimals_of, scaled_text
from engine.store.ledger import tables
from engine.store.ledger.rows import Row

VIEWED: Final = (
    tables.orders,
    tables.fills,
    tables.round_trips,
    tables.decisions,
    tables.stories,
    tables.headlines,
    tables.opinions,
    tables.refusals,
    tables.equity,
    tables.days,
    tables.limits,
    tables.commands,
    tables.audit,
)
_UNITS: Final = ("_ns", "_ticks", "_lots", "_e8")


def readable(row: Row) -> dict[str, Any]:
    """Return a row for people; ``tick_e8`` and ``lot_e8`` in it are its units, None where they are not known."""
    shown = {_shown(name): _text(name, row) for name in row if name not in ("tick_e8", "lot_e8", "instrument")}
    if "risk_e8" in row:
        shown["r_multiple"] = _ratio(row["profit_e8"], row["risk_e8"])
    return shown


def create_views(connection: Connection) -> None:
    """Make the views, ``readable_orders`` and so on."""
    for table in VIEWED:
        query = view_of(table).compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        connection.exec_driver_sql(f"CREATE VIEW readable_{table.name} AS {query}")


def drop_views(connection: Connection) -> None:
    """Drop the views where they are."""
    for table in VIEWED:
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS readable_{table.name}")


def with_units(table: Table) -> Select[Any]:
    """Return a query of a table's columns, with the units of each row where it has an instrument."""
    if "instrument" not in table.c:
        return select(table)
    units = tables.instruments
    return select(table, units.c.tick_e8, units.c.lot_e8).outerjoin(units, table.c.instrument == units.c.record)


def view_of(table: Table) -> Select[Any]:
    """Return the query behind a table's view."""
    columns = [_column(column) for column in table.c if column.name != "instrument"]
    if "risk_e8" in table.c:
        columns.append((cast(table.c.profit_e8, Double) / cast(table.c.risk_e8, Double)).label("r_multiple"))
    return with_units(table).with_only_columns(*columns, maintain_column_froms=True)


class _Utc(FunctionElement[Any]):
    """A date and time from nanoseconds since the epoch."""

    inherit_cache = True


@compiles(_Utc, "sqlite")
def _utc_in_sqlite(element: Any, compiler: Any, **how: Any) -> str:
    return f"strftime('%Y-%m-%d %H:%M:%f', {compiler.process(element.clauses, **how)} / 1e9, 'unixepoch')"


@compiles(_Utc, "postgresql")
def _utc_in_postgresql(element: Any, compiler: Any, **how: Any) -> str:
    return f"to_timestamp({compiler.process(element.clauses, **how)} / 1e9)"


def _column(column: Column[Any]) -> Label[Any]:
    name = column.name
    step: ColumnElement[Any] = literal_column(f"{E8}.0")
    shown: ColumnElement[Any] = column
    if name.endswith("_ns"):
        shown = _Utc(column)
    elif name.endswith("_ticks"):
        # A price of 0 is none.
        shown = case((column == 0, None), else_=column * tables.instruments.c.tick_e8 / step)
    elif name.endswith("_lots"):
        shown = column * tables.instruments.c.lot_e8 / step
    elif name.endswith("_e8"):
        shown = column / step
    return shown.label(_shown(name))


def _shown(name: str) -> str:
    return next((name.removesuffix(unit) for unit in _UNITS if name.endswith(unit)), name)


def _text(name: str, row: Row) -> Any:
    """Return a value as people write it; None stays None, and so does an amount whose units are not known."""
    value = row[name]
    if value is None or not name.endswith(_UNITS):
        return value
    if name.endswith("_ns"):
        return utc_text(value)
    if name.endswith("_e8"):
        return _amount(value)
    step_e8 = row["tick_e8" if name.endswith("_ticks") else "lot_e8"]
    if step_e8 is None or (name.endswith("_ticks") and value == 0):
        return None
    return scaled_text(value * step_e8, decimals_of(step_e8))


def utc_text(ts_ns: int) -> str:
    """Write a time as ``2026-11-22T10:00:00.123Z``."""
    seconds, rest_ns = divmod(ts_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest_ns // 1_000_000:03d}Z"


def _amount(value_e8: int) -> str:
    """Write an amount with as many decimals as it needs, but no fewer than two."""
    whole, _, part = scaled_text(value_e8, decimals_of(1)).partition(".")
    return f"{whole}.{part.rstrip('0'):0<2}"


def _ratio(profit_e8: int | None, risk_e8: int | None) -> float | None:
    return None if profit_e8 is None or not risk_e8 else round(profit_e8 / risk_e8, 4)
