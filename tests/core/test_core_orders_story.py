"""Orders as a story: fills, stops, partial exits, closing and cancelling."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from core_builders import (
    ALICE,
    BTC,
    ETH,
    T0,
    Desk,
    codes,
    instrument,
    report,
    sent,
    told,
    written,
)
from order_story import bought, cancels

from engine.core.instrument import E8
from engine.core.records import Refused, Reported
from engine.core.types import (
    BookUpdate,
    OrderState,
    Side,
)
from engine.wire import events
from engine.wire.commands import CancelOrder, Close, GetOrders, Halt
from engine.wire.replies import OrdersView

X = OrderState


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
    assert sent(desk.price(1960.02)) == []
    order = sent(desk.price(1960.01))[0]
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
    actions = desk.price(1950.0)
    assert (sent(actions), codes(actions)) == ([], [])


def test_an_exit_is_sent_once_and_what_it_left_is_sent_again_after_a_second() -> None:
    desk = Desk().ready().holding()
    first = sent(desk.price(1950.0))[0]
    assert sent(desk.price(1950.0)) == []
    part = desk.fill(first, 1949.0, lots=1500)
    assert told(part, events.TradeChanged)[0].what == "exit"
    desk.execute(first, X.EXPIRED, 1500)
    assert sent(desk.price(1949.0)) == []
    assert sent(desk.wait(0.9)) == []
    second = sent(desk.wait(0.2))[0]
    assert (second.qty_lots, second.client_order_id != first.client_order_id) == (3000, True)
    assert told(desk.fill(second, 1948.0), events.TradeChanged)[0].what == "closed"


def test_a_stop_sells_what_a_persons_sale_under_way_leaves() -> None:
    desk = Desk().ready().holding()
    desk.ask(Close(id="c", who=ALICE, symbol="eth", percent=10.0))
    assert [order.qty_lots for order in sent(desk.price(1950.0))] == [4050]


def test_exits_of_the_next_position_do_not_wait_for_those_of_the_last() -> None:
    desk = Desk().ready().holding()
    desk.fill(sent(desk.price(1950.0))[0], 1950.0)
    desk.price(2000.0)
    desk.holding()
    assert len(sent(desk.price(1950.0))) == 1


def test_an_exit_that_the_gate_refuses_is_told_once_and_tried_again() -> None:
    desk = Desk().ready().holding()
    desk.engine.trading.markets[ETH].instrument = instrument(is_trading=False)
    actions = desk.price(1950.0)
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
    first = sent(desk.price(1950.0))[0]
    desk.fill(first, 1950.0, lots=500)
    desk.execute(first, X.EXPIRED, 500)
    again = desk.restarted()
    third = sent(again.price(1950.0))
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
