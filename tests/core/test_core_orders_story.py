"""Orders as a story: fills, stops, partial exits, unknown outcomes, the account, faults, and a restart in between."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from core_builders import (
    ALICE,
    BTC,
    ETH,
    T0,
    Desk,
    S,
    approved,
    codes,
    config,
    instrument,
    report,
    sent,
    told,
    written,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.account import AccountSnapshot, Balance
from engine.core.actions import Action, Cancel, Query, Send
from engine.core.config import TradingConfig
from engine.core.engine import Engine
from engine.core.instrument import E8
from engine.core.orders import Order
from engine.core.queries import Identity
from engine.core.records import Answered, Failed, Intended, Listed, Refused, Reported, Shrunk, Started, Unbalanced
from engine.core.safeguard_records import AlarmRaised
from engine.core.types import (
    ApprovedOrder,
    BookUpdate,
    Candle,
    ClientOrderId,
    Mode,
    OrderState,
    OrderType,
    SendFailed,
    Side,
    Symbol,
    TimeInForce,
)
from engine.core.warm import warm_up
from engine.wire import events
from engine.wire.commands import CancelOrder, Close, GetOrders, GetPositions, Halt, SetMode
from engine.wire.replies import OrdersView

X = OrderState


def bought(desk: Desk, amount: str = "900") -> ApprovedOrder:
    """Buy by hand; return the order on its way."""
    reply, actions = desk.buy(amount)
    assert reply.ok, reply
    return sent(actions)[0]


def queries(actions: list[Action]) -> list[str]:
    return [action.client_order_id for action in actions if isinstance(action, Query)]


def cancels(actions: list[Action]) -> list[str]:
    return [action.client_order_id for action in actions if isinstance(action, Cancel)]


def fails(desk: Desk, order: ApprovedOrder, code: int = 0, *, ambiguous: bool = False) -> list[Action]:
    failure = SendFailed(order.client_order_id, ambiguous, code, "lost", desk.now_ns)
    return desk.keep(desk.engine.on_send_failed(failure))


def drop(desk: Desk, price: float) -> list[Action]:
    """Let the whole market fall to a price; return what came of it all."""
    return desk.price(price)


# ---------------------------------------------------------------- fills


def test_a_fill_opens_the_trade_and_the_next_one_grows_it() -> None:
    """Walk b: each report edits the order's message and replies in the trade's thread."""
    desk = Desk().ready()
    order = bought(desk)
    first = desk.fill(order, lots=1000)
    assert [type(record) for record in written(first)] == [Reported]
    opened = told(first, events.TradeChanged)[0]
    assert (opened.what, opened.text, opened.trade.qty) == ("opened", "bought 0.1000 ETH at 2000.00", "0.1000")
    assert (opened.trade.trade_id, opened.trade.stop_price) == (order.trade_id, "1960.00")
    assert told(first, events.OrderChanged)[0].order.state == "partially_filled"
    second = desk.fill(order)
    assert told(second, events.TradeChanged)[0].what == "filled"
    shown = told(second, events.OrderChanged)[0].order
    assert (shown.state, shown.filled_qty, shown.avg_price, shown.filled_quote) == (
        "filled",
        "0.4500",
        "2000.00",
        "900.00",
    )


def test_the_same_fill_twice_changes_nothing() -> None:
    desk = Desk().ready()
    order = bought(desk)
    one = report(order.client_order_id, X.FILLED, 4500, (77, 4500), ts_recv_ns=desk.now_ns)
    assert desk.engine.on_execution(one) != []
    held = desk.engine.trading.portfolio.open[ETH].base_e8
    assert desk.engine.on_execution(one) == []
    assert desk.engine.trading.portfolio.open[ETH].base_e8 == held


def test_a_report_of_a_stranger_leads_to_nothing() -> None:
    assert Desk().ready().engine.on_execution(report("web-1", X.FILLED, 5, (1, 5))) == []


def test_a_second_buy_under_way_belongs_to_the_same_trade() -> None:
    desk = Desk().ready()
    first, second = bought(desk), bought(desk)
    assert first.trade_id == second.trade_id
    desk.fill(second)
    desk.fill(first)
    assert desk.engine.trading.portfolio.open[ETH].trade_id == first.trade_id
    assert desk.engine.trading.portfolio.position_lots(ETH) == 9000


def test_money_stays_reserved_from_the_send_to_the_last_missing_fill() -> None:
    """The venue says FILLED before it tells the fill: in between nothing may look free that is spent."""
    desk = Desk().ready()
    before = desk.engine.trading.facts(ETH)
    order = bought(desk)
    cost = instrument().notional_e8(order.price_ticks, order.qty_lots)

    def exposed() -> tuple[int, int, int]:
        now = desk.engine.trading.facts(ETH)
        return before.cash_e8 - now.cash_e8, now.symbol_exposure_e8, now.gross_exposure_e8

    assert exposed() == (cost, cost, cost)
    desk.execute(order, X.FILLED, order.qty_lots)
    assert exposed() == (cost, cost, cost)
    desk.execute(order, X.FILLED, 4500, fill_id=9, last_qty_lots=4500, last_price_ticks=200_000)
    assert exposed()[0] == 900 * E8
    assert exposed()[1] == desk.engine.trading.portfolio.open[ETH].value_e8(199_999)


def test_an_order_that_expired_unfilled_frees_what_it_had_reserved() -> None:
    desk = Desk().ready()
    before = desk.engine.trading.facts(ETH)
    desk.execute(bought(desk), X.EXPIRED)
    assert desk.engine.trading.facts(ETH) == msgspec.structs.replace(before, orders_last_s=1)


def test_lots_of_a_sale_whose_fill_is_missing_can_not_be_sold_again() -> None:
    desk = Desk().ready().holding()
    sale = sent(desk.ask(Close(id="c", who=ALICE, symbol="eth"))[1])[0]
    desk.execute(sale, X.FILLED, sale.qty_lots)
    assert desk.engine.trading.facts(ETH).sellable_lots == 0
    assert desk.ask(Close(id="c2", who=ALICE, symbol="eth"))[0].code == "NO_POSITION"


def test_a_position_that_a_fee_left_below_one_lot_is_closed_when_its_order_ends() -> None:
    desk = Desk(min_qty_lots=1, min_notional_e8=0).ready()
    order = bought(desk, "1")
    part = desk.fill(order, lots=1, fee_e8=10, fee_asset="ETH")
    assert told(part, events.TradeChanged)[0].what == "opened"
    ended = desk.execute(order, X.EXPIRED, 1)
    closed = told(ended, events.TradeChanged)[0]
    assert (closed.what, closed.trade.exit_reason, closed.trade.is_open) == ("closed", "dust", False)
    assert desk.engine.trading.portfolio.open == {}
    assert desk.restarted().engine.trading.portfolio.open == {}


def test_dust_waits_for_the_orders_that_may_still_add_to_it() -> None:
    desk = Desk(min_qty_lots=1, min_notional_e8=0).ready()
    order, other = bought(desk, "1"), bought(desk, "1")
    desk.fill(order, lots=1, fee_e8=10, fee_asset="ETH")
    desk.execute(order, X.EXPIRED, 1)
    assert desk.engine.trading.portfolio.open[ETH].is_open
    desk.execute(other, X.EXPIRED)
    assert desk.engine.trading.portfolio.open == {}


def test_a_position_without_a_quote_is_still_exposure() -> None:
    """After a restart before the first price, C3 counts what was paid."""
    again = Desk(symbols=(ETH, BTC)).ready().holding().restarted()
    assert again.engine.trading.facts(BTC).gross_exposure_e8 == 900 * E8


# ---------------------------------------------------------------- exits


def test_a_stop_that_is_hit_sells_all_of_it_as_a_reduce_only_order() -> None:
    desk = Desk().ready().holding()
    assert sent(drop(desk, 1960.02)) == []
    order = sent(drop(desk, 1960.01))[0]
    assert (order.side, order.qty_lots, order.reduce_only, order.origin) == (Side.SELL, 4500, True, "exit:stop_loss")
    assert order.price_ticks == 196_000 - 3_920
    assert order.trade_id == desk.engine.trading.portfolio.open[ETH].trade_id
    closed = told(desk.fill(order, 1960.0), events.TradeChanged)[0]
    assert (closed.what, closed.trade.exit_reason, closed.trade.pnl_quote) == ("closed", "stop_loss", "-18.00")
    assert "closed with -18.00 USDT (stop_loss)" in closed.text


def test_a_target_that_is_reached_takes_the_profit() -> None:
    desk = Desk().ready().holding(target_pct=5.0)
    assert sent(desk.quote(2099.99, 2100.0)) == []
    order = sent(desk.quote(2100.0, 2100.01))[0]
    assert order.origin == "exit:take_profit"
    assert told(desk.fill(order, 2100.0), events.TradeChanged)[0].trade.exit_reason == "take_profit"


def test_exits_leave_while_halted_and_while_the_book_is_lost() -> None:
    desk = Desk().ready().holding()
    desk.ask(Halt(id="h", who=ALICE))
    desk.keep(desk.engine.on_book_lost(ETH, "gap", desk.now_ns))
    desk.quote(1950.0, 1950.01)
    assert [order.origin for order in sent(desk.trade(1950.0))] == ["exit:stop_loss"]


def test_one_frame_at_minus_sixty_percent_and_back_sells_nothing() -> None:
    """F16: a stop needs a second source."""
    desk = Desk().ready().holding()
    assert sent(desk.quote(800.0, 800.01)) == []
    assert sent(desk.wait(0.1)) == []
    assert sent(desk.quote()) == []
    assert sent(desk.trade()) == []


@pytest.mark.parametrize("source", ["trade", "book", "book then timer"])
def test_a_trade_or_the_book_confirms_a_stop(source: str) -> None:
    desk = Desk().ready().holding()
    assert sent(desk.quote(1950.0, 1950.01)) == []
    if source == "trade":
        actions = desk.trade(1950.0)
    elif source == "book":
        actions = desk.snapshot(1950.0, 1950.01)
    else:
        empty = np.zeros((0, 2), np.int64)
        gone = np.array([[199_999, 0], [195_000, 5]], np.int64)
        actions = desk.keep(desk.engine.on_book(BookUpdate(ETH, False, 2, 2, gone, empty, T0, desk.now_ns)))
        actions = actions + desk.wait(0.1)
    assert [order.origin for order in sent(actions)] == ["exit:stop_loss"]


def test_a_bid_of_zero_is_no_price_to_sell_at() -> None:
    desk = Desk().ready().holding()
    assert sent(desk.quote(0.0, 0.0)) == []
    assert desk.ask(Close(id="c", who=ALICE, symbol="eth"))[0].code == "C5_BAD_QUOTE"


@pytest.mark.parametrize("is_traded", [False, True])
def test_an_empty_book_and_a_missing_trade_confirm_nothing(is_traded: bool) -> None:
    again = Desk().ready().holding().restarted()
    nothing = np.zeros((0, 2), np.int64)
    again.engine.on_book(BookUpdate(ETH, True, 1, 1, nothing, nothing, T0, again.now_ns))
    if is_traded:
        again.trade(2000.0)
    assert sent(again.quote(1950.0, 1950.01)) == []


def test_nothing_is_sent_or_told_while_all_of_it_is_being_sold_already() -> None:
    desk = Desk().ready().holding()
    desk.ask(Close(id="c", who=ALICE, symbol="eth"))
    actions = drop(desk, 1950.0)
    assert (sent(actions), codes(actions)) == ([], [])


def test_an_exit_is_sent_once_and_what_it_left_is_sent_again_after_a_second() -> None:
    desk = Desk().ready().holding()
    first = sent(drop(desk, 1950.0))[0]
    assert sent(drop(desk, 1950.0)) == []
    part = desk.fill(first, 1949.0, lots=1500)
    assert told(part, events.TradeChanged)[0].what == "exit"
    desk.execute(first, X.EXPIRED, 1500)
    assert sent(drop(desk, 1949.0)) == []
    assert sent(desk.wait(0.9)) == []
    second = sent(desk.wait(0.2))[0]
    assert (second.qty_lots, second.client_order_id != first.client_order_id) == (3000, True)
    assert told(desk.fill(second, 1948.0), events.TradeChanged)[0].what == "closed"


def test_a_stop_sells_what_a_persons_sale_under_way_leaves() -> None:
    desk = Desk().ready().holding()
    desk.ask(Close(id="c", who=ALICE, symbol="eth", percent=10.0))
    assert [order.qty_lots for order in sent(drop(desk, 1950.0))] == [4050]


def test_exits_of_the_next_position_do_not_wait_for_those_of_the_last() -> None:
    desk = Desk().ready().holding()
    desk.fill(sent(drop(desk, 1950.0))[0], 1950.0)
    drop(desk, 2000.0)
    desk.holding()
    assert len(sent(drop(desk, 1950.0))) == 1


def test_an_exit_that_the_gate_refuses_is_told_once_and_tried_again() -> None:
    desk = Desk().ready().holding()
    desk.engine.trading.markets[ETH].instrument = instrument(is_trading=False)
    actions = drop(desk, 1950.0)
    assert codes(actions) == ["C8_NOT_TRADING"]
    assert told(actions, events.Notice)[0].severity == "critical"
    waited = [desk.wait(1.0) for _ in range(12)]
    assert [codes(actions) for actions in waited] == [[]] * 12
    assert sum(isinstance(record, Refused) for actions in waited for record in written(actions)) == 1
    desk.engine.trading.markets[ETH].instrument = instrument()
    assert [len(sent(desk.wait(1.0))) for _ in range(10)].count(1) == 1


def test_an_exit_after_a_restart_takes_a_number_that_no_order_had() -> None:
    """Two exits were tried before the crash; the third is not mistaken for a repeat."""
    desk = Desk().ready().holding()
    first = sent(drop(desk, 1950.0))[0]
    desk.fill(first, 1950.0, lots=500)
    desk.execute(first, X.EXPIRED, 500)
    again = desk.restarted()
    third = sent(drop(again, 1950.0))
    assert [order.qty_lots for order in third] == [4000]
    assert third[0].client_order_id != first.client_order_id


# ---------------------------------------------------------------- closing and cancelling


def test_close_all_closes_each_and_says_what_it_could_not() -> None:
    desk = Desk(symbols=(ETH, BTC)).ready().holding().holding(symbol=BTC)
    desk.engine.trading.markets[BTC].instrument = instrument(BTC, is_trading=False)
    reply, actions = desk.ask(Close(id="c", who=ALICE, symbol="ALL"))
    assert [order.symbol for order in sent(actions)] == [ETH]
    assert reply.ok
    assert reply.text.startswith("Closing 1 of 2 positions. Not BTCUSDT: C8_NOT_TRADING: ")
    assert reply.text.endswith("suspended trading of this symbol.")
    reply, actions = desk.ask(Close(id="c2", who=ALICE, symbol="all"))
    assert (reply.ok, reply.code, sent(actions)) == (False, "NO_POSITION", [])


def test_close_all_with_nothing_to_close_says_so() -> None:
    assert Desk().ready().ask(Close(id="c", who=ALICE, symbol="all"))[0].code == "NO_POSITION"


@pytest.mark.parametrize(("percent", "lots"), [(100.0, 4500), (50.0, 2250), (33.3, 1498), (0.001, 1)])
def test_a_part_of_a_position_is_closed(percent: float, lots: int) -> None:
    desk = Desk(min_qty_lots=1, min_notional_e8=0).ready().holding()
    _, actions = desk.ask(Close(id="c", who=ALICE, symbol="eth", percent=percent))
    assert [order.qty_lots for order in sent(actions)] == [lots]


@pytest.mark.parametrize("percent", [0.0, -5.0, 100.1, float("nan"), float("inf")])
def test_a_part_that_can_not_be_closed_is_refused(percent: float) -> None:
    desk = Desk().ready().holding()
    assert desk.ask(Close(id="c", who=ALICE, symbol="eth", percent=percent))[0].code == "BAD_AMOUNT"


def test_an_open_order_is_cancelled_by_its_name_or_with_all_others() -> None:
    desk = Desk().ready()
    first, second = bought(desk), bought(desk)
    assert cancels(desk.ask(CancelOrder(id="1", who=ALICE, client_order_id=first.client_order_id))[1]) == [
        first.client_order_id
    ]
    reply, actions = desk.ask(CancelOrder(id="2", who=ALICE, client_order_id="all"))
    assert cancels(actions) == [first.client_order_id, second.client_order_id]
    assert "2 orders" in reply.text
    assert desk.ask(CancelOrder(id="3", who=ALICE, client_order_id="tr-nothing"))[0].code == "NOT_FOUND"


def test_orders_are_shown_open_ones_and_the_last_finished() -> None:
    desk = Desk().ready()
    desk.execute(bought(desk), X.EXPIRED, reason="EXPIRED")
    bought(desk)
    view = desk.ask(GetOrders(id="o", who=ALICE))[0].result
    assert isinstance(view, OrdersView)
    assert [order.state for order in view.open] == ["in_flight"]
    assert [(order.state, order.reason) for order in view.finished] == [("expired", "EXPIRED")]


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


# ---------------------------------------------------------------- faults


def test_a_fault_halts_says_so_once_and_what_was_half_decided_is_not_sent() -> None:
    desk = Desk().ready()
    desk.engine.trading.submit(desk.engine.trading.entry(ETH, "signal:x", "strategy:x", 500, 196_000, 0))
    actions = desk.keep(desk.engine.on_fault("KeyError on a trade", desk.now_ns))
    assert not [action for action in actions if isinstance(action, Send)]
    assert not [record for record in written(actions) if isinstance(record, Intended)]
    assert told(actions, events.TradingHalted)[0].by == "FAULT"
    assert codes(actions) == ["FAULT"]
    assert desk.engine.on_fault("KeyError on a trade", desk.now_ns + S) == []
    assert codes(desk.engine.on_fault("KeyError on a trade", desk.now_ns + 61 * S)) == ["FAULT"]
    assert desk.buy()[0].code == "HALTED"


def test_after_a_fault_positions_can_still_be_closed() -> None:
    desk = Desk().ready().holding()
    desk.engine.on_fault("ValueError on a quote", desk.now_ns)
    assert desk.ask(Close(id="c", who=ALICE, symbol="eth"))[0].ok


def test_a_lost_book_is_told_once_and_no_entry_rests_on_it_until_the_next_snapshot() -> None:
    """F3."""
    desk = Desk().ready()
    assert codes(desk.engine.on_book_lost(ETH, "gap", desk.now_ns)) == ["C5_BOOK_OUT_OF_SYNC"]
    assert desk.engine.on_book_lost(ETH, "gap", desk.now_ns) == []
    assert desk.buy()[0].code == "C5_BOOK_OUT_OF_SYNC"
    desk.snapshot()
    assert desk.buy()[0].ok


def test_new_rules_count_for_the_next_order_and_for_what_is_held() -> None:
    """F25."""
    desk = Desk().ready().holding()
    assert desk.engine.on_instrument(instrument(min_notional_e8=500 * E8)) == []
    assert desk.buy("200")[0].code == "C8_NOTIONAL"
    desk.engine.on_instrument(instrument(is_trading=False))
    assert desk.buy("600")[0].code == "C8_NOT_TRADING"
    desk.engine.on_instrument(instrument())
    assert desk.ask(Close(id="c", who=ALICE, symbol="eth"))[0].ok


@pytest.mark.parametrize("units", [{"tick_e8": 100_000}, {"lot_e8": 100_000}])
def test_new_units_stop_trading_because_what_is_held_is_counted_in_the_old_ones(units: dict[str, int]) -> None:
    desk = Desk().ready().holding()
    actions = desk.engine.on_instrument(instrument(**units))
    assert codes(actions) == ["C8_UNITS"]
    assert told(actions, events.TradingHalted)[0].by == "C8_UNITS"
    assert desk.ask(Close(id="c", who=ALICE, symbol="eth"))[0].code == "C8_NOT_TRADING"
    assert desk.engine.trading.portfolio.position_lots(ETH) == 4500


def test_equity_is_counted_in_one_currency() -> None:
    ethbtc = instrument(Symbol("ETHBTC"), base_asset="ETH", quote_asset="BTC")
    with pytest.raises(ValueError, match="ETHBTC is priced in BTC, but equity is counted in USDT"):
        Engine(config(), {ethbtc.symbol: ethbtc}, "paper", Identity("", "", "", 0))


# ---------------------------------------------------------------- restart


def state_of(desk: Desk) -> dict[str, Any]:
    """Everything that a restart must bring back."""
    trading = desk.engine.trading
    trips = [
        {name: getattr(trip, name) for name in trip.__slots__ if name != "instrument"}
        for trip in trading.portfolio.trips()
    ]
    orders = [
        (o.approved, o.cum_lots, o.filled_lots, o.cum_quote_e8, o.fee_e8, sorted(o.fill_ids), o.is_open)
        for o in trading.orders
    ]
    modes = (trading.modes.everything, dict(trading.modes.own))
    return {"trips": trips, "orders": orders, "modes": modes, "realised": trading.portfolio.realised_e8}


def test_a_restart_knows_positions_stops_modes_orders_and_answers_and_starts_halted() -> None:
    desk = Desk(symbols=(ETH, BTC)).ready().holding(stop_pct=3.0).holding(symbol=BTC)
    desk.fill(sent(desk.ask(Close(id="c", who=ALICE, symbol="btc"))[1])[0], 2050.0)
    desk.ask(SetMode(id="m1", who=ALICE, mode="ask"))
    desk.ask(SetMode(id="m2", who=ALICE, mode="off", strategy="sma_cross"))
    pending = bought(desk, "100")
    reply = desk.ask(Halt(id="h", who=ALICE))[0]
    again = desk.restarted()
    assert state_of(again) == state_of(desk)
    trading = again.engine.trading
    assert trading.portfolio.open[ETH].stop_ticks == 194_000
    assert (trading.modes.everything, trading.modes.own["sma_cross"]) == (Mode.ASK, Mode.OFF)
    assert (trading.is_armed, trading.halt_reason) == (False, "the engine has just started")
    assert again.order(pending).state is X.UNKNOWN
    assert again.ask(Halt(id="h", who=ALICE)) == (reply, [])
    assert queries(again.wait(0.6)) == [pending.client_order_id]
    (start,) = [number for number, record in enumerate(again.journal) if isinstance(record, Started)]
    units = again.journal[start + 1 : start + 3]
    assert [(it.symbol, it.tick_e8, it.lot_e8) for it in units if isinstance(it, Listed)] == [
        (ETH, E8 // 100, E8 // 10_000),
        (BTC, E8 // 100, E8 // 10_000),
    ]


def test_a_restored_stop_sells_as_soon_as_prices_come_armed_or_not() -> None:
    again = Desk().ready().holding().restarted()
    assert [order.origin for order in sent(drop(again, 1950.0))] == ["exit:stop_loss"]


def test_records_of_symbols_that_are_not_followed_any_more_are_passed_over() -> None:
    desk = Desk(symbols=(ETH, BTC)).ready().holding(symbol=BTC)
    desk.instruments = {ETH: desk.instruments[ETH]}
    again = desk.restarted()
    assert (list(again.engine.trading.orders), again.engine.trading.portfolio.open) == ([], {})


def left_to_fill(order: Order, held_lots: int) -> int:
    """Return how much of an order may still fill: no venue sells what the account doesn't hold."""
    left = order.approved.qty_lots - order.cum_lots
    return left if order.approved.side is Side.BUY else min(left, held_lots)


STEPS = st.lists(st.tuples(st.sampled_from("bbsfffpexuca"), st.integers(0, 5), st.integers(1, 3000)), max_size=25)


@given(STEPS)
@settings(max_examples=60)
def test_whatever_happened_a_restart_knows_it(steps: list[tuple[str, int, int]]) -> None:
    """Buys, closes, fills, ends, unknown outcomes, copies and cancels in any order: nothing lost, nothing twice."""
    desk = Desk().ready()
    bought_lots = sold_lots = 0
    for kind, which, lots in steps:
        desk.now_ns += S // 10
        desk.quote()
        known = [order.approved for order in desk.engine.trading.orders]
        order = known[which % len(known)] if known else None
        if kind == "b":
            desk.buy("150")
        elif kind == "c":
            desk.ask(Close(id=desk.new_id(), who=ALICE, symbol="eth"))
        elif kind == "a":
            desk.account()
        elif order is None:
            continue
        elif kind == "x":
            desk.execute(order, X.EXPIRED, desk.order(order).cum_lots)
        elif kind == "u":
            fails(desk, order, ambiguous=True)
        elif kind == "e":
            desk.execute(order, X.WORKING)
        elif left := left_to_fill(desk.order(order), bought_lots - sold_lots):
            part = min(lots, left) if kind == "p" else left
            desk.fill(order, lots=part)
            bought_lots, sold_lots = (
                bought_lots + part * (order.side is Side.BUY),
                sold_lots + part * (order.side is Side.SELL),
            )
    assert desk.engine.trading.portfolio.position_lots(ETH) == bought_lots - sold_lots
    assert desk.engine.trading.portfolio.cash_e8 == desk.balances["USDT"]
    again = desk.restarted()
    expected = state_of(desk)
    assert state_of(again) == expected
    assert all(order.state is X.UNKNOWN for order in again.engine.trading.orders.working())
    assert state_of(again.restarted()) == expected


def test_the_records_of_a_whole_story_are_written_and_read_back() -> None:
    from engine.core.record_codec import decode_record, encode_record

    desk = Desk().ready().holding()
    desk.fill(sent(drop(desk, 1950.0))[0], 1950.0)
    desk.ask(SetMode(id="m", who=ALICE, mode="ask"))
    kinds = {type(record) for record in desk.journal}
    assert {Intended, Reported, Answered} <= kinds
    assert [decode_record(encode_record(record)) for record in desk.journal] == desk.journal


# ---------------------------------------------------------------- the rest of the page


def test_prices_are_told_about_once_a_second() -> None:
    desk = Desk().ready()
    told_at = [len(told(desk.wait(0.1), events.PricesMoved)) for _ in range(25)]
    assert sum(told_at) == 3
    desk.trade(2100.0)
    price = told(desk.wait(1.1), events.PricesMoved)[0].prices[0]
    assert (price.symbol, price.bid, price.last, price.is_fresh) == ("ETHUSDT", "1999.99", "2100.00", True)
    assert price.change_pct == pytest.approx(5.0)
    assert told(desk.wait(3.0), events.PricesMoved)[0].prices[0].is_fresh is False


def test_candles_of_history_bring_the_cross_to_its_first_signal_sooner() -> None:
    desk = Desk(TradingConfig(mode="auto"))
    cross, flow = (desk.engine.technical[name] for name in ("sma_cross", "order_flow"))
    minds = desk.engine.trading.markets[ETH].minds
    fresh = minds[flow.state].tolist()
    minute_ns = 60 * S
    for i in range(30):
        desk.engine.on_candle(
            Candle(ETH, T0 // minute_ns * minute_ns + i * minute_ns, 60 * S, 100, 100, 100, 100 + i, 5)
        )
    assert minds[cross.state][2] == 29.0
    assert minds[flow.state].tolist() == fresh


def test_positions_show_what_is_held_and_what_it_is_worth() -> None:
    desk = Desk().ready().holding()
    drop(desk, 2020.01)
    view: Any = desk.ask(GetPositions(id="p", who=ALICE))[0].result
    assert (view.equity_quote, view.unrealised_quote, view.realised_quote) == ("100009.00", "9.00", "0.00")
    trade = view.positions[0]
    assert (trade.qty, trade.entry_price, trade.pnl_quote, trade.is_open) == ("0.4500", "2000.00", "9.00", True)
    assert trade.pnl_pct == pytest.approx(1.0)
    assert [(row.asset, row.free) for row in view.balances] == [("USDT", "99100.00000000")]


def test_warming_up_sends_hundreds_of_orders_on_state_of_its_own() -> None:
    assert warm_up() > 500


def test_outside_health_is_shown() -> None:
    from engine.wire.views import HealthView

    desk = Desk().ready()
    desk.engine.on_outside_health((HealthView("feed", False, "silent for 3 s"),))
    assert desk.engine.people.status().health[-1].detail == "silent for 3 s"
    assert ClientOrderId("tr-1") not in [o.approved.client_order_id for o in desk.engine.trading.orders]
