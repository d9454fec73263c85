"""The tables of the ledger.

Amounts are integers as in the journal, with the unit in the name: ``_ticks`` and ``_lots`` in the units of the row's
instrument, ``_e8`` in 1e-8 of the asset, ``_ns`` since the Unix epoch. ``record`` is the number of the record in the
journal, from 1 on. What is not known, or does not apply, is NULL or an empty text, as in the records themselves.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Index, MetaData, Table, Text

SCHEMA_VERSION: Final = 4
"""Tables of another version are made anew with ``trader ledger rebuild``."""

metadata: Final = MetaData()


def _key(name: str) -> Column[int]:
    return Column(name, BigInteger, primary_key=True, autoincrement=False)


def _int(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _maybe_int(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=True)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False)


def _instrument(*, is_known: bool = True) -> Column[Any]:
    return Column("instrument", BigInteger, ForeignKey("instruments.record"), nullable=not is_known)


progress: Final = Table(
    "ledger_progress",
    metadata,
    _key("id"),  # there is one row
    _int("schema_version"),
    _int("records"),
    _int("byte_offset"),
    _text("journal_digest"),
    _int("entries"),
    _text("audit_hash"),
)
"""How far the journal was projected, written in the same transaction as the rows."""

runs: Final = Table("runs", metadata, _key("record"), _text("version"), _text("config_hash"), _int("started_ns"))

instruments: Final = Table(
    "instruments",
    metadata,
    _key("record"),
    _text("symbol"),
    _text("base_asset"),
    _text("quote_asset"),
    _int("tick_e8"),
    _int("lot_e8"),
    _int("listed_ns"),
)
"""One row for each symbol, and one more when its units change."""

orders: Final = Table(
    "orders",
    metadata,
    Column("client_order_id", Text, primary_key=True),
    _int("decided_ns"),
    _text("symbol"),
    _text("side"),
    _int("qty_lots"),
    _int("price_ticks"),
    _text("state"),
    _int("filled_lots"),
    _int("quote_e8"),
    _int("fee_e8"),
    _text("fee_asset"),
    _text("origin"),
    _text("cause_id"),
    _text("trade_id"),
    _text("order_type"),
    _text("time_in_force"),
    _flag("reduce_only"),
    _int("ref_ticks"),
    _int("stop_ticks"),
    _int("target_ticks"),
    _int("venue_order_id"),
    _text("reason"),
    _int("changed_ns"),
    _instrument(),
)
"""Every order as it is now. ``quote_e8``: what was paid or received so far, before fees, as the venue says."""

order_events: Final = Table(
    "order_events",
    metadata,
    _key("record"),
    _int("ts_ns"),
    _text("client_order_id"),
    _text("kind"),
    _text("state"),
    _int("fill_id"),
    _int("code"),
    _text("reason"),
)
"""Every record about an order: ``intended``, ``reported`` or ``failed``, and what state it was in afterwards."""

fills: Final = Table(
    "fills",
    metadata,
    Column("client_order_id", Text, ForeignKey("orders.client_order_id"), primary_key=True),
    _key("fill_id"),
    _int("ts_ns"),
    _text("symbol"),
    _text("side"),
    _int("qty_lots"),
    _int("price_ticks"),
    _int("quote_e8"),
    _int("fee_e8"),
    _text("fee_asset"),
    _flag("is_maker"),
    Column("trade", BigInteger, ForeignKey("round_trips.record"), nullable=False),
    _int("ts_exchange_ns"),
    _int("record"),
    _instrument(),
)
"""Every fill once. ``trade`` is the ``record`` of its round trip."""

round_trips: Final = Table(
    "round_trips",
    metadata,
    _key("record"),
    _text("trade_id"),
    _text("symbol"),
    _text("origin"),
    _int("opened_ns"),
    _maybe_int("closed_ns"),
    _text("exit_reason"),
    _int("fills"),
    _int("bought_lots"),
    _int("sold_lots"),
    _int("held_e8"),
    _int("cost_e8"),
    _int("proceeds_e8"),
    _int("realised_e8"),
    _maybe_int("profit_e8"),
    _maybe_int("risk_e8"),
    _int("stop_ticks"),
    _int("target_ticks"),
    _instrument(),
)
"""Every position from its first fill to flat, and every circle: as one of the coin that it bought first, ``circle``
being the reason of its end. Cost, proceeds and profit are after fees in the quote asset; profit is NULL while it is
open, realised what its sales have made so far over the cost of what they sold. ``risk_e8``: what it would have lost,
before fees, at the stop that it was opened with; NULL where there was none. The R multiple is profit over risk."""

decisions: Final = Table(
    "decisions",
    metadata,
    Column("proposal_id", Text, primary_key=True),
    _int("opened_ns"),
    _text("strategy"),
    _text("kind"),
    _text("symbol"),
    _text("side"),
    Column("confidence", Double, nullable=False),
    _int("price_ticks"),
    _int("stop_ticks"),
    _int("target_ticks"),
    _int("qty_lots"),
    _text("reasons"),
    _text("title"),
    _text("source"),
    _int("expires_ns"),
    _text("state"),
    _text("decided_by"),
    _text("outcome"),
    _text("client_order_id"),
    _maybe_int("decided_ns"),
    _int("record"),
    _instrument(is_known=False),
)
"""Every proposal, and what became of it."""

stories: Final = Table(
    "stories",
    metadata,
    _key("record"),
    _int("ts_ns"),
    _text("story_id"),
    _text("symbol"),
    _text("turn"),
    _text("state"),
    _text("label"),
    _text("source"),
    _text("news_id"),
    _text("title"),
    _text("url"),
    _int("published_ns"),
    _int("received_ns"),
    Column("score", Double, nullable=False),
    Column("trust", Double, nullable=False),
    _text("rules"),
    _text("verdict"),
)
"""Every turn of a story, with the headline that brought it and what the engine did then; ``label``: of the story."""

headlines: Final = Table(
    "headlines",
    metadata,
    _key("record"),
    _int("ts_ns"),
    _text("source"),
    _text("news_id"),
    _text("title"),
    _text("url"),
    _int("published_ns"),
    _int("received_ns"),
    _text("label"),
    Column("score", Double, nullable=False),
    Column("trust", Double, nullable=False),
    _text("symbols"),
    _text("rules"),
    _text("doubts"),
    _text("verdict"),
)
"""Every headline that came, also those that nothing came of; symbols, rules and doubts one a line."""

opinions: Final = Table(
    "opinions",
    metadata,
    _key("record"),
    _int("ts_ns"),
    _text("proposal_id"),
    Column("share", Double, nullable=False),
    Column("usual", Double, nullable=False),
    _text("model"),
    Column("moved", Double, nullable=False),
    _text("words"),
)
"""Every second opinion on a proposal, and by how much it moved the confidence."""

refusals: Final = Table(
    "refusals",
    metadata,
    _key("record"),
    _int("ts_ns"),
    _text("symbol"),
    _text("code"),
    _text("detail"),
    _text("advice"),
    _text("origin"),
    _text("cause_id"),
)

modes: Final = Table(
    "modes", metadata, _key("record"), _int("ts_ns"), _text("strategy"), _text("previous"), _text("mode"), _text("by")
)

armed: Final = Table("armed", metadata, _key("record"), _int("ts_ns"), _flag("is_armed"), _text("by"), _text("reason"))

commands: Final = Table(
    "commands",
    metadata,
    _key("record"),
    _text("command_id"),
    _maybe_int("asked_ns"),
    _text("user_id"),
    _text("name"),
    _text("door"),
    _text("text"),
    Column("ok", Boolean, nullable=True),
    _text("code"),
    _text("answer"),
    _maybe_int("answered_ns"),
)
"""Who asked for what, and what the answer was; without an answer where the engine died over it."""

equity: Final = Table(
    "equity", metadata, _key("record"), _int("ts_ns"), _int("equity_e8"), _int("cash_e8"), _int("peak_e8")
)

days: Final = Table("days", metadata, _key("record"), _int("ts_ns"), _int("day"), _int("equity_e8"))
"""What the account was worth when each day (UTC, counted since the epoch) began: the daily loss is measured from it."""

limits: Final = Table(
    "limits",
    metadata,
    _key("record"),
    _int("ts_ns"),
    _text("name"),
    _text("symbol"),
    _text("strategy"),
    Column("value", Double),
    _flag("is_loose"),
    _text("by"),
    _text("reason"),
)
"""Changes of limits, of the account where neither symbol nor strategy is named; without a value the file's counts."""

audit: Final = Table(
    "audit",
    metadata,
    _key("number"),
    _int("ts_ns"),
    _text("who"),
    _text("source"),
    _text("what"),
    _text("before"),
    _text("after"),
    _int("record"),
    _text("journal_digest"),
    _text("previous_hash"),
    _text("hash"),
)
"""Who changed what, chained; see ``trail``."""

for _column in (
    *(orders.c.decided_ns, orders.c.symbol, order_events.c.client_order_id, fills.c.ts_ns, fills.c.symbol),
    *(fills.c.trade, round_trips.c.opened_ns, round_trips.c.symbol, decisions.c.opened_ns, decisions.c.symbol),
    *(stories.c.ts_ns, stories.c.story_id, headlines.c.ts_ns, opinions.c.proposal_id),
    *(refusals.c.ts_ns, refusals.c.symbol, equity.c.ts_ns, commands.c.command_id, audit.c.ts_ns, audit.c.who),
):
    Index(f"ix_{_column.table.name}_{_column.name}", _column)
