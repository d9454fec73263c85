"""Orders whose outcome is not known, and the account that says what became of them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from core_builders import (
    ALICE,
    ETH,
    Desk,
    S,
    approved,
    codes,
    report,
    sent,
    told,
    written,
)
from order_story import bought, cancels, fails, queries

from engine.core.account import AccountSnapshot, Balance
from engine.core.actions import Action
from engine.core.instrument import E8
from engine.core.records import Failed, Reported, Shrunk, Unbalanced
from engine.core.safeguard_records import AlarmRaised
from engine.core.types import (
    OrderState,
    OrderType,
    TimeInForce,
)
from engine.wire import events
from engine.wire.commands import Close

X = OrderState


# ---------------------------------------------------------------- unknown outcomes


def test_an_ambiguous_send_is_told_and_asked_about_and_its_exposure_stays_reserved() -> None:
    desk = Desk().ready()
    order = bought(desk)
    reserved = desk.engine.trading.facts(ETH)
    actions = fails(desk, order, -1007, ambiguous=True)
    assert codes(actions) == ["ORDER_UNKNOWN"]
    assert [type(record) for record in written(actions)] == [Failed]
    assert told(actions, events.OrderChanged)[0].order.state == "unknown"
    assert desk.engine.trading.facts(ETH) == reserved
    assert queries(desk.wait(0.4)) == []
    assert queries(desk.wait(0.2)) == [order.client_order_id]
    desk.fill(order)
    assert desk.engine.trading.portfolio.position_lots(ETH) == order.qty_lots
    assert queries(desk.wait(5.0)) == []


def test_a_refused_send_is_over_and_told() -> None:
    desk = Desk().ready()
    order = bought(desk)
    actions = fails(desk, order, -2010)
    shown = told(actions, events.OrderChanged)[0].order
    assert (shown.state, shown.reason) == ("rejected", "lost")
    assert desk.engine.trading.orders.working() == []
    assert fails(desk, order, -2010) == []


def test_no_such_order_is_believed_after_the_window_only() -> None:
    desk = Desk().ready()
    order = bought(desk)
    desk.now_ns += S
    assert codes(fails(desk, order, -2013)) == ["ORDER_UNKNOWN"]
    desk.now_ns += 5 * S
    assert told(fails(desk, order, -2013), events.OrderChanged)[0].order.state == "rejected"


def test_silence_becomes_an_unknown_outcome_that_people_hear_of() -> None:
    desk = Desk().ready()
    order = bought(desk)
    actions = desk.wait(2.1)
    assert codes(actions) == ["ORDER_UNKNOWN"]
    assert queries(desk.wait(0.6)) == [order.client_order_id]


def test_fills_that_are_missing_are_asked_for() -> None:
    desk = Desk().ready()
    order = bought(desk)
    desk.execute(order, X.FILLED, order.qty_lots)
    assert queries(desk.wait(0.6)) == [order.client_order_id]


def test_a_lost_line_makes_every_open_order_unknown() -> None:
    desk = Desk().ready()
    order = bought(desk)
    actions = desk.keep(desk.engine.on_connection_lost("reset by peer", desk.now_ns))
    assert codes(actions) == ["ORDER_LINE_LOST"]
    assert desk.order(order).state is X.UNKNOWN
    assert desk.order(order).reason == "reset by peer"


def test_a_cancel_that_crosses_a_fill_leaves_the_sum_of_the_fills() -> None:
    """F12."""
    desk = Desk().ready()
    order = bought(desk)
    desk.fill(order, lots=1000)
    desk.execute(order, X.CANCELED, 1000)
    late = desk.execute(order, X.FILLED, 4500, fill_id=99, last_qty_lots=3500, last_price_ticks=200_000)
    assert told(late, events.TradeChanged)[0].what == "filled"
    assert desk.engine.trading.portfolio.position_lots(ETH) == 4500
    assert desk.order(order).state is X.CANCELED


# ---------------------------------------------------------------- the account


def snapshot(desk: Desk, *orders: Any, **balances: int) -> list[Action]:
    rows = tuple(Balance(asset, value, 0) for asset, value in (desk.balances | balances).items())
    return desk.keep(desk.engine.on_account(AccountSnapshot(rows, orders, desk.now_ns)))


def test_an_order_of_ours_that_is_not_in_the_journal_is_cancelled_and_a_strangers_is_left_alone() -> None:
    desk = Desk().ready()
    orphan, foreign = report("tr-orphan", X.WORKING), report("web-1", X.WORKING)
    actions = snapshot(desk, orphan, foreign)
    assert cancels(actions) == ["tr-orphan"]
    assert codes(actions) == ["ORPHAN_ORDER"]
    assert [event.order.client_order_id for event in told(actions, events.ForeignOrderChanged)] == ["web-1"]
    assert snapshot(desk, foreign) == []


def test_an_open_order_on_the_venues_list_is_taken_as_a_report() -> None:
    desk = Desk().ready()
    order = bought(desk)
    actions = snapshot(desk, report(order.client_order_id, X.WORKING, ts_recv_ns=desk.now_ns))
    assert [type(record) for record in written(actions)] == [Reported]
    assert desk.order(order).state is X.WORKING


def test_an_order_that_ended_for_us_but_rests_at_the_venue_is_cancelled() -> None:
    desk = Desk().ready()
    order = bought(desk)
    fails(desk, order, -2010)
    listed = report(order.client_order_id, X.WORKING, ts_recv_ns=desk.now_ns)
    assert cancels(snapshot(desk, listed)) == []
    desk.now_ns += 3 * S
    actions = snapshot(desk, msgspec.structs.replace(listed, ts_recv_ns=desk.now_ns))
    assert (cancels(actions), codes(actions)) == ([order.client_order_id], ["C14_STILL_OPEN"])


def test_a_resting_order_that_the_venue_does_not_list_is_asked_about() -> None:
    desk = Desk().ready()
    order = approved("tr-rest", order_type=OrderType.LIMIT, time_in_force=TimeInForce.GTC)
    desk.engine.trading.orders.open(order)
    desk.execute(order, X.WORKING)
    desk.now_ns += 30 * S
    assert codes(snapshot(desk)) == ["ORDER_UNKNOWN"]
    assert not desk.engine.trading.is_reconciled


def test_a_position_follows_the_venue_down_and_the_thread_hears_of_it() -> None:
    desk = Desk().ready().holding()
    desk.now_ns += 3 * S
    actions = snapshot(desk, ETH=2_000 * 10_000)
    assert codes(actions) == ["C14_BALANCE"]
    assert [type(record) for record in written(actions)] == [Shrunk, AlarmRaised, Unbalanced]
    changed = told(actions, events.TradeChanged)[0]
    assert (changed.what, changed.trade.qty) == ("exit", "0.2000")
    assert told(snapshot(desk, ETH=0), events.TradeChanged)[0].trade.exit_reason == "reconciled"
    assert desk.engine.trading.portfolio.open == {}
    assert desk.restarted().engine.trading.portfolio.open == {}


def test_a_balance_that_agrees_changes_nothing_locked_or_free() -> None:
    desk = Desk().ready().holding()
    desk.now_ns += 3 * S
    rows = (Balance("USDT", desk.balances["USDT"], 0), Balance("ETH", 0, desk.balances["ETH"]))
    assert desk.engine.on_account(AccountSnapshot(rows, (), desk.now_ns)) == []
    assert desk.engine.trading.portfolio.position_lots(ETH) == 4500


def test_coins_that_were_there_from_the_beginning_are_nobodys_business() -> None:
    desk = Desk()
    desk.balances["ETH"] = 50 * E8
    desk.ready()
    desk.balances["ETH"] = 0
    desk.holding()
    desk.now_ns += 3 * S
    assert snapshot(desk, ETH=desk.balances["ETH"] + 50 * E8) == []
    assert desk.engine.trading.portfolio.position_lots(ETH) == 4500


@pytest.mark.parametrize("moment", ["young fill", "order open", "fill missing"])
def test_balances_are_not_compared_while_something_moves(moment: str) -> None:
    """Balances and fills travel separately: comparing them now would invent a loss, or count the money twice."""
    desk = Desk().ready().holding()
    desk.now_ns += 3 * S if moment != "young fill" else S
    desk.quote()
    if moment == "order open":
        bought(desk, "100")
    elif moment == "fill missing":
        order = bought(desk, "100")
        desk.execute(order, X.FILLED, order.qty_lots)
    cash = desk.engine.trading.portfolio.cash_e8
    assert codes(snapshot(desk, ETH=0, USDT=5)) == []
    assert (desk.engine.trading.portfolio.cash_e8, desk.engine.trading.portfolio.position_lots(ETH)) == (cash, 4500)


def test_a_slow_snapshot_is_as_old_as_its_question() -> None:
    """Asked for before the fill and answered four seconds later, it must not take the position away."""
    desk = Desk().ready()
    rows, asked_ns = tuple(Balance(asset, value, 0) for asset, value in desk.balances.items()), desk.now_ns
    desk.holding()
    desk.now_ns += 4 * S
    assert desk.engine.on_account(AccountSnapshot(rows, (), desk.now_ns, asked_ns)) == []
    assert desk.engine.trading.portfolio.position_lots(ETH) == 4500


def test_a_sale_that_filled_while_the_engine_was_down_is_counted_once() -> None:
    """The balances of the first snapshot hold it already: they count only when its report has come."""
    desk = Desk().ready().holding()
    sale = sent(desk.ask(Close(id="c", who=ALICE, symbol="eth"))[1])[0]
    again = desk.restarted()
    again.balances |= {"ETH": 0, "USDT": 100_100 * E8}
    again.now_ns += 9 * S
    snapshot(again)
    assert not again.engine.trading.is_reconciled
    assert again.engine.trading.portfolio.position_lots(ETH) == 4500
    closed = again.execute(
        sale, X.FILLED, 4500, fill_id=5, last_qty_lots=4500, last_price_ticks=222_222, cum_quote_e8=1000 * E8
    )
    assert told(closed, events.TradeChanged)[0].trade.pnl_quote == "100.00"
    again.now_ns += 3 * S
    snapshot(again)
    assert again.engine.trading.is_reconciled
    assert again.engine.trading.equity_e8() == 100_100 * E8
