"""What the engine counts while it trades is what the ledger counts from its journal."""

from __future__ import annotations

from typing import Any

from core_builders import ALICE, E8, Desk, S, sent
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.record_codec import encode_record
from engine.core.records import Listed, Reported
from engine.core.types import OrderState
from engine.store.ledger import tables
from engine.store.ledger.fold import Fold
from engine.store.ledger.rows import Rows
from engine.wire.commands import Close

KINDS = st.sampled_from(["buy", "close", "fill", "part", "expire", "twice", "drop", "account"])
MOVES = st.lists(st.tuples(KINDS, st.integers(1, 900)), max_size=25)


def test_a_story_has_the_same_round_trips_in_engine_and_ledger() -> None:
    """Bought, added to, stopped out, bought again; fees in quote and base."""
    desk = Desk().ready().holding(stop_pct=1.0)
    desk.now_ns += 5 * S
    desk.price(2000.0)
    desk.holding("400")
    desk.fill(sent(desk.price(1900.0))[0], 1899.0, fee_e8=E8, fee_asset="USDT")
    desk.now_ns += 5 * S
    desk.price(1900.0)
    (bought,) = sent(desk.buy("500")[1])
    desk.fill(bought, fee_e8=E8 // 10_000, fee_asset="ETH")
    assert len(list(desk.engine.trading.portfolio.trips())) == 2
    assert ledger_trips(desk) == engine_trips(desk)


@settings(max_examples=60)
@given(moves=MOVES)
def test_any_story_has_the_same_round_trips_in_engine_and_ledger(moves: list[tuple[str, int]]) -> None:
    """Whatever is bought, filled in parts, told twice, expired and sold."""
    desk = Desk().ready()
    for move, number in moves:
        desk.now_ns += S
        play(desk, move, number)
    assert ledger_trips(desk) == engine_trips(desk)
    rows = folded(desk).whole.get(tables.orders, {})
    assert {name: (row["filled_lots"], row["quote_e8"]) for (name,), row in rows.items()} == {
        order.approved.client_order_id: (order.filled_lots, order.cum_quote_e8) for order in desk.engine.trading.orders
    }


def play(desk: Desk, move: str, number: int) -> None:
    """Do one thing."""
    open_orders = [order.approved for order in desk.engine.trading.orders.working()]
    reports = [record.report for record in desk.journal if isinstance(record, Reported)]
    if move == "buy":
        desk.price(2000.0)
        desk.buy(str(100 + number))
    elif move == "close":
        desk.ask(Close(id=desk.new_id(), who=ALICE, symbol="eth"))
    elif move == "drop":
        desk.price(1900.0)
    elif move == "account":
        desk.account()
    elif move == "twice" and reports:
        desk.keep(desk.engine.on_execution(reports[number % len(reports)]))
    elif open_orders:
        order = open_orders[number % len(open_orders)]
        if move == "expire":
            desk.execute(order, OrderState.EXPIRED, desk.order(order).cum_lots)
        elif left := order.qty_lots - desk.order(order).cum_lots:
            desk.fill(order, lots=min(number, left) if move == "part" else left)


def folded(desk: Desk) -> Rows:
    """Fold the desk's journal, units first, as the ledger does."""
    fold, rows = Fold(), Rows()
    for symbol, it in desk.instruments.items():
        units = Listed(symbol, it.base_asset, it.quote_asset, it.tick_e8, it.lot_e8, desk.now_ns)
        fold.take(encode_record(units), rows)
    for record in desk.journal:
        fold.take(encode_record(record), rows)
    return rows


def ledger_trips(desk: Desk) -> list[tuple[Any, ...]]:
    """Return what the ledger says of the round trips, in the order in which they were opened."""
    names = ("trade_id", "opened_ns", "closed_ns", "fills", "cost_e8", "proceeds_e8", "held_e8", "exit_reason")
    rows = folded(desk).whole.get(tables.round_trips, {})
    return [tuple(rows[key][name] for name in names) for key in sorted(rows)]


def engine_trips(desk: Desk) -> list[tuple[Any, ...]]:
    """Return what the engine says of them."""
    trips = sorted(desk.engine.trading.portfolio.trips(), key=lambda trip: trip.opened_ns)
    return [
        (t.trade_id, t.opened_ns, t.closed_ns or None, t.fills, t.cost_e8, t.proceeds_e8, t.base_e8, t.exit_reason)
        for t in trips
    ]
