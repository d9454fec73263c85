"""What can be asked of the ledger: its tables by time, symbol and person, the newest last."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sqlalchemy import Column, Select, Table

from engine.store.ledger import tables
from engine.store.ledger.database import Ledger
from engine.store.ledger.errors import NO_LEDGER, LedgerForeign
from engine.store.ledger.readable import readable, with_units


class _Listing(NamedTuple):
    """A table, and the time by which it is asked and ordered."""

    table: Table
    time: Column[Any]


LISTINGS: Final = {
    "orders": _Listing(tables.orders, tables.orders.c.decided_ns),
    "fills": _Listing(tables.fills, tables.fills.c.ts_ns),
    "trades": _Listing(tables.round_trips, tables.round_trips.c.opened_ns),
    "decisions": _Listing(tables.decisions, tables.decisions.c.opened_ns),
    "stories": _Listing(tables.stories, tables.stories.c.ts_ns),
    "headlines": _Listing(tables.headlines, tables.headlines.c.ts_ns),
    "refusals": _Listing(tables.refusals, tables.refusals.c.ts_ns),
    "equity": _Listing(tables.equity, tables.equity.c.ts_ns),
    "audit": _Listing(tables.audit, tables.audit.c.number),
}
"""By the word that a person says."""


class Wanted(NamedTuple):
    """What a person wants to see; empty texts and zeros want everything."""

    since_ns: int = 0
    symbol: str = ""
    who: str = ""
    what: str = ""
    """A part of the audit trail's words, in either case."""
    last: int = 0
    """Only so many of the newest."""


def ask(ledger: Ledger, name: str, wanted: Wanted) -> list[dict[str, Any]]:
    """Return the rows of a listing for people, the newest last; raises LedgerDown, LedgerForeign."""
    listing = LISTINGS[name]
    if ledger.progress() is None:
        raise LedgerForeign(NO_LEDGER)
    query = _narrowed(with_units(listing.table), listing, wanted)
    query = query.order_by(listing.time.desc(), *(column.desc() for column in listing.table.primary_key))
    if wanted.last:
        query = query.limit(wanted.last)
    with ledger.connected() as connection:
        rows = connection.execute(query).mappings().all()
    return [readable(dict(row)) for row in reversed(rows)]


def _narrowed(query: Select[Any], listing: _Listing, wanted: Wanted) -> Select[Any]:
    columns = listing.table.c
    if wanted.since_ns:
        query = query.where((columns.ts_ns if listing.table is tables.audit else listing.time) >= wanted.since_ns)
    if wanted.symbol:
        query = query.where(columns.symbol == wanted.symbol)
    if wanted.who:
        query = query.where(columns.who == wanted.who)
    if wanted.what:
        query = query.where(columns.what.icontains(wanted.what, autoescape=True))
    return query
