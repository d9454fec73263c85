"""Makers of the journal's records, random runs of them, and what a ledger holds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec
from hypothesis import strategies as st
from sqlalchemy import select

from engine.core.orders import CIRCLE, CROSS
from engine.core.record_codec import AnyRecord, encode_record
from engine.core.records import (
    Adopted,
    Answered,
    ArmedSet,
    Asked,
    Audited,
    Balanced,
    CircleEnded,
    Decided,
    Declined,
    Failed,
    Ignored,
    Intended,
    Listed,
    ModeSet,
    Proposed,
    Refused,
    Reported,
    Shrunk,
    Started,
    Unbalanced,
)
from engine.core.safeguard_records import (
    BreakersReset,
    DayOpened,
    EquityMarked,
    Killed,
    KillReset,
    LimitSet,
    Locked,
    Tripped,
)
from engine.core.types import (
    ApprovedOrder,
    ClientOrderId,
    ExecutionReport,
    OrderState,
    OrderType,
    Refusal,
    SendFailed,
    Side,
    Signal,
    SignalId,
    Symbol,
    TimeInForce,
    TradeId,
    VenueOrderId,
)
from engine.store import frames
from engine.store.ledger import tables
from engine.store.ledger.database import Ledger
from engine.store.ledger.projector import Projector

S: Final = 1_000_000_000
T0: Final = 1_700_000_000 * S
E8: Final = 100_000_000
ETH: Final = Symbol("ETHUSDT")
BTC: Final = Symbol("BTCUSDT")
STARTED: Final = Started("1.0", "abc", T0)


def listed(symbol: Symbol = ETH, tick_e8: int = E8 // 100, lot_e8: int = E8 // 10_000) -> Listed:
    """Name a symbol's units: ticks of 0.01, lots of 0.0001."""
    return Listed(symbol, symbol.removesuffix("USDT"), "USDT", tick_e8, lot_e8, T0)


def approved(name: str = "tr-1", side: Side = Side.BUY, lots: int = 100, **changed: Any) -> ApprovedOrder:
    """Make an order around 2000.00, a buy with a stop at 1960.00."""
    made = ApprovedOrder(
        client_order_id=ClientOrderId(name),
        symbol=ETH,
        side=side,
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.IOC,
        qty_lots=lots,
        price_ticks=204_000 if side is Side.BUY else 196_000,
        reduce_only=side is Side.SELL,
        stop_ticks=196_000 if side is Side.BUY else 0,
        target_ticks=208_000 if side is Side.BUY else 0,
        cause_id=f"signal:{name}",
        origin="strategy:sma_cross" if side is Side.BUY else "exit:take_profit",
        trade_id=TradeId("t-1"),
        ref_ticks=200_000,
        ts_ns=T0,
    )
    return msgspec.structs.replace(made, **changed)


def filled(name: str, fill_id: int, lots: int, price_ticks: int = 200_000, **changed: Any) -> Reported:
    """Make the report of an order's only fill, with a fee of 0.1 USDT."""
    made = ExecutionReport(
        symbol=ETH,
        client_order_id=ClientOrderId(name),
        venue_order_id=VenueOrderId(7),
        side=Side.BUY,
        state=OrderState.FILLED,
        qty_lots=lots,
        cum_qty_lots=lots,
        cum_quote_e8=lots * price_ticks * 100,
        fill_id=fill_id,
        last_qty_lots=lots,
        last_price_ticks=price_ticks,
        fee_e8=E8 // 10,
        fee_asset="USDT",
        is_maker=False,
        reason="",
        ts_exchange_ns=T0,
        ts_recv_ns=T0 + S,
    )
    return Reported(msgspec.structs.replace(made, **changed))


def signal(**changed: Any) -> Signal:
    """Make a signal to buy at 2000.00."""
    made = Signal(
        signal_id=SignalId("s-1"),
        strategy="sma_cross",
        symbol=ETH,
        side=Side.BUY,
        confidence=0.75,
        price_ticks=200_000,
        stop_ticks=196_000,
        target_ticks=208_000,
        horizon_ns=0,
        reasons=("fast above slow", "volume"),
        ts_ns=T0,
    )
    return msgspec.structs.replace(made, **changed)


def proposed(proposal_id: str = "p-1", **changed: Any) -> Proposed:
    """Make a proposal of 0.01 ETH."""
    return Proposed(proposal_id, "technical", signal(**changed), 100, "", "", T0 + 60 * S, T0)


A_TRADE: Final[tuple[AnyRecord, ...]] = (
    STARTED,
    listed(),
    Intended(approved("tr-1")),
    filled("tr-1", 1, 100, 200_000),
    Intended(approved("tr-2", Side.SELL)),
    filled("tr-2", 2, 100, 208_000, side=Side.SELL),
)
"""0.01 ETH bought at 2000.00 and sold at 2080.00, each for a fee of 0.1 USDT: a profit of 0.6 USDT."""

_NAMES: Final = st.sampled_from([f"tr-{number}" for number in range(6)])
_SYMBOLS: Final = st.sampled_from([ETH, BTC, Symbol("NEWUSDT")])
_LOTS: Final = st.integers(1, 500)
_TIMES: Final = st.integers(T0, T0 + 1_000 * S)
_WORDS: Final = st.text(max_size=12)
_SIDES: Final = st.sampled_from(Side)
_BY: Final = st.sampled_from(["slack:U01ALICE", "cli:ann", "C6_REPEATS", "auto", ""])
_IDS: Final = st.sampled_from(["c-1", "c-2", "c-3"])
_PROPOSALS: Final = st.sampled_from(["p-1", "p-2", "p-3"])

_INTENDED: Final = st.builds(
    lambda name, symbol, side, lots, stop, cause, ts_ns: Intended(
        approved(name, side, lots, symbol=symbol, stop_ticks=stop, cause_id=cause, ts_ns=ts_ns)
    ),
    *(_NAMES, _SYMBOLS, _SIDES, _LOTS, st.sampled_from([0, 190_000, 300_000])),
    *(st.sampled_from(["signal:s-1", *(f"{CIRCLE}ETHUSDT-1:{leg}" for leg in ("first", CROSS, "out0"))]), _TIMES),
)
_REPORTED: Final = st.builds(
    lambda name, symbol, side, state, fill_id, lots, price, fee, asset, ts_ns: filled(
        *(name, fill_id, lots, price),
        symbol=symbol,
        side=side,
        state=state,
        fee_e8=fee,
        fee_asset=asset,
        ts_recv_ns=ts_ns,
    ),
    *(_NAMES, _SYMBOLS, _SIDES, st.sampled_from(OrderState), st.integers(0, 8), st.integers(0, 500)),
    *(st.integers(150_000, 250_000), st.integers(0, 5_000_000), st.sampled_from(["USDT", "ETH", "BTC", "BNB"]), _TIMES),
)
_FAILED: Final = st.builds(
    lambda name, ambiguous, code, ts_ns: Failed(SendFailed(ClientOrderId(name), ambiguous, code, "no luck", ts_ns)),
    *(_NAMES, st.booleans(), st.sampled_from([0, -2010, -2011, -2013]), _TIMES),
)
RECORDS: Final = st.lists(
    st.one_of(
        st.builds(lambda symbol, tick: listed(symbol, tick), _SYMBOLS, st.sampled_from([E8 // 100, E8 // 10])),
        *(_INTENDED, _REPORTED, _INTENDED, _REPORTED, _FAILED),
        st.builds(Shrunk, _SYMBOLS, st.integers(0, E8), _TIMES),
        st.builds(CircleEnded, st.just("ETHUSDT-1"), _TIMES),
        st.builds(Started, _WORDS, _WORDS, _TIMES),
        st.builds(Refused, _WORDS, _WORDS, st.builds(Refusal, _WORDS, _WORDS, _WORDS), _TIMES, _SYMBOLS),
        st.builds(ModeSet, st.sampled_from(["", "sma_cross"]), st.sampled_from(["off", "ask", "auto"]), _BY, _TIMES),
        st.builds(ArmedSet, st.booleans(), _BY, _WORDS, _TIMES),
        st.builds(Killed, _BY, _WORDS, _SYMBOLS, st.booleans(), _TIMES),
        st.builds(KillReset, _BY, _WORDS, _TIMES),
        st.builds(Tripped, _WORDS, _WORDS, _TIMES),
        st.builds(BreakersReset, _BY, _WORDS, st.integers(0, 10**15), _TIMES),
        st.builds(Locked, _SYMBOLS, _TIMES, _BY, _WORDS, _TIMES),
        st.builds(Asked, _IDS, _WORDS, _WORDS, st.sampled_from(["slack", "cli"]), _WORDS, _TIMES),
        st.builds(Answered, _IDS, st.booleans(), _WORDS, _WORDS, _TIMES),
        st.builds(Declined, _IDS, _WORDS, _WORDS, _TIMES),
        st.builds(lambda name, symbol: proposed(name, symbol=symbol), _PROPOSALS, _SYMBOLS),
        st.builds(Decided, _PROPOSALS, st.sampled_from(["bought", "expired"]), _BY, _WORDS, _NAMES, _TIMES),
        st.builds(EquityMarked, st.integers(0, 10**15), st.integers(0, 10**15), st.integers(0, 10**15), _TIMES),
        st.builds(lambda name, symbol: Adopted(approved(name, symbol=symbol), "cli:ann", T0), _NAMES, _SYMBOLS),
        st.builds(Ignored, _SYMBOLS, _NAMES, _BY, _TIMES),
        st.builds(Unbalanced, _SYMBOLS, st.integers(0, E8), st.integers(0, E8), st.booleans(), _TIMES),
        st.builds(Balanced, _SYMBOLS, st.integers(0, E8), _BY, _TIMES),
        st.builds(DayOpened, st.integers(0, 40_000), st.integers(0, 10**15), _TIMES),
        st.builds(Audited, _WORDS, _WORDS, _WORDS, _WORDS, _WORDS, _TIMES, _WORDS),
        st.builds(LimitSet, _WORDS, _SYMBOLS, _WORDS, st.none() | st.floats(0, 1), st.booleans(), _BY, _WORDS, _TIMES),
    ),
    max_size=40,
)
"""Runs of records that no engine would write, too: reports of unknown orders, sales of nothing, the same fill twice."""


def framed(records: Iterable[AnyRecord]) -> bytes:
    """Return the records as they stand in a journal, without its header."""
    return b"".join(frames.frame(encode_record(record)) for record in records)


def journal_of(path: Path, records: Iterable[AnyRecord]) -> Path:
    """Write a journal and return its path."""
    path.write_bytes(frames.HEADER + framed(records))
    return path


def sqlite_url(path: Path) -> str:
    """Return the address of a SQLite file."""
    return f"sqlite:///{path}"


def project(journal: Path, ledger: Ledger) -> None:
    """Project everything that the journal has now."""
    projector = Projector(journal, ledger)
    while projector.step():
        pass


def contents(ledger: Ledger) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, the progress among them."""
    with ledger.connected() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in tables.metadata.sorted_tables
        }


def rows(ledger: Ledger, table: str) -> list[dict[str, Any]]:
    """Return the rows of one table."""
    with ledger.connected() as connection:
        found = tables.metadata.tables[table]
        return [dict(row) for row in connection.execute(select(found).order_by(*found.primary_key)).mappings()]
