"""Stops and targets that rest at the exchange, as stories: placed, moved, made way for, restored, and watched over."""

from __future__ import annotations

import pytest
from core_builders import ALICE, ETH, LIMITS, S, codes, config, facts, failed, request, sent, told
from protector_story import HELD, a_desk, bought, cancels, close, end, lists, protected, without_target

from engine.core.actions import Replace
from engine.core.protection import LEFT_BEHIND_NS
from engine.core.protector import AGAIN_NS, SIBLING_NS, SOON_NS
from engine.core.records import Intended
from engine.core.risk import Gate
from engine.core.types import (
    OrderListId,
    OrderState,
    OrderType,
    Refusal,
    Side,
    TimeInForce,
)
from engine.wire import events
from engine.wire.commands import CancelOrder

X = OrderState


# ---------------------------------------------------------------- placing


def test_after_the_fill_a_stop_and_a_target_are_sent_as_one_list_over_all_that_is_held() -> None:
    desk = a_desk()
    (buy,) = sent(desk.buy("900")[1])
    actions = desk.fill(buy)
    (protection,) = lists(actions)
    stop, target = protection.stop, protection.target
    assert (stop.order_type, target.order_type) == (OrderType.STOP_LOSS_LIMIT, OrderType.LIMIT_MAKER)
    assert (stop.stop_ticks, target.price_ticks) == (buy.stop_ticks, buy.target_ticks) == (196_000, 208_000)
    assert stop.price_ticks == 196_000 - 3_920, "its limit is a collar below the stop (C4)"
    assert {leg.qty_lots for leg in protection.orders} == {HELD}
    assert all(leg.side is Side.SELL and leg.reduce_only for leg in protection.orders)
    assert all(leg.time_in_force is TimeInForce.GTC for leg in protection.orders)
    assert (stop.origin, target.origin) == ("exit:stop_loss", "exit:take_profit")
    assert {leg.trade_id for leg in protection.orders} == {buy.trade_id}
    assert all(name.startswith("tr-") for name in (*protection.legs, protection.list_id))
    assert [r.order for r in desk.journal if isinstance(r, Intended)] == [buy, target, stop]
    shown = [event.order.client_order_id for event in told(actions, events.OrderChanged)]
    assert set(protection.legs) <= set(shown)


def test_names_follow_from_the_trade_alone() -> None:
    first, second = (bought(a_desk()).legs for _ in range(2))
    assert first == second


def test_while_an_entry_still_fills_the_engine_watches_and_its_end_with_a_part_is_protected() -> None:
    desk = a_desk()
    (buy,) = sent(desk.buy("900")[1])
    assert lists(desk.fill(buy, lots=1000)) == []
    (protection,) = lists(desk.execute(buy, X.EXPIRED, 1000))
    assert protection.stop.qty_lots == 1000


def test_without_a_target_a_stop_rests_alone() -> None:
    desk = a_desk()
    actions = without_target(desk, "command:x", 1000, 196_000)
    assert lists(actions) == []
    (stop,) = sent(actions)
    assert (stop.order_type, stop.qty_lots) == (OrderType.STOP_LOSS_LIMIT, 1000)
    desk.execute(stop, X.WORKING)
    (sale,) = [action for action in close(desk)[1] if isinstance(action, Replace)]
    assert (sale.cancelled, sale.along) == (stop.client_order_id, ())


def test_what_the_exchange_would_not_take_is_held_by_the_engine_which_says_so_once() -> None:
    desk = a_desk(min_notional_e8=500_000_000)
    (buy,) = sent(desk.buy("20")[1])
    actions = desk.fill(buy, lots=20)  # 4 USDT of it, and the least is 5
    actions += desk.execute(buy, X.EXPIRED, 20)
    assert lists(actions) == []
    assert codes(actions) == ["HELD_BY_ENGINE"]
    assert codes(desk.wait(AGAIN_NS / S + 1)) == []


def test_what_the_venue_refuses_is_held_by_the_engine_and_asked_for_again() -> None:
    desk = a_desk()
    protection = bought(desk)
    actions = [a for name in protection.legs for a in desk.keep(desk.engine.on_send_failed(failed(name, code=-2010)))]
    assert codes(actions) == ["HELD_BY_ENGINE"]
    assert [desk.order(leg).state for leg in protection.orders] == [X.REJECTED, X.REJECTED]
    assert lists(actions) == []
    assert [o.origin for o in sent(desk.price(1950.0))] == ["exit:stop_loss"], "the engine's own watch sells at once"
    again = a_desk()
    for name in bought(again).legs:
        again.keep(again.engine.on_send_failed(failed(name, code=-2010)))
    assert lists(again.wait(SOON_NS / S - 0.1)) == []
    (second,) = lists(again.wait(0.2))
    assert second.legs != protection.legs
    for name in second.legs:
        again.keep(again.engine.on_send_failed(failed(name, code=-2010)))
    assert lists(again.wait(AGAIN_NS / S - 0.1)) == []
    assert len(lists(again.wait(0.2))) == 1


@pytest.mark.parametrize(("stop", "target", "last"), [(196_000, 0, 196_000), (196_000, 208_000, 208_000)])
def test_the_gate_lets_nothing_wait_for_what_has_come(stop: int, target: int, last: int) -> None:
    asked = request(Side.SELL, 0, order_type=OrderType.STOP_LOSS_LIMIT, stop_ticks=stop, target_ticks=target)
    verdict = Gate(LIMITS).protect(OrderListId("tr-list"), asked, asked if target else None, facts(last_ticks=last))
    assert isinstance(verdict, Refusal)
    assert verdict.code == "C8_TRIGGERED"


def test_exits_in_the_engine_send_nothing_to_wait_and_withdraw_what_an_earlier_run_left() -> None:
    desk = a_desk()
    protection = protected(desk)
    desk.config = config(exits="engine")
    again = desk.restarted()
    for leg in protection.orders:
        again.execute(leg, X.WORKING)
    assert cancels(again.wait(SIBLING_NS / S + 1)) == [protection.stop.client_order_id]
    again.price(2000.0)
    assert lists(end(again, protection)) == []


# ---------------------------------------------------------------- what the exchange sells


def test_a_stop_that_fills_there_closes_the_round_trip_as_a_stop_loss() -> None:
    desk = a_desk()
    protection = protected(desk)
    actions = desk.price(1955.0)
    actions += desk.fill(protection.stop, price=1955.0)
    actions += desk.execute(protection.target, X.EXPIRED)
    assert sent(actions) == lists(actions) == []
    (trip,) = desk.engine.trading.portfolio.closed
    assert (trip.exit_reason, trip.lots) == ("stop_loss", 0)
    assert desk.engine.trading.orders.unsettled() == []
    later = desk.wait(60.0)
    assert (sent(later), lists(later), cancels(later)) == ([], [], [])


def test_a_target_that_fills_there_closes_it_as_a_take_profit() -> None:
    desk = a_desk()
    protection = protected(desk)
    desk.execute(protection.stop, X.EXPIRED)
    desk.fill(protection.target, price=2080.0)
    assert [trip.exit_reason for trip in desk.engine.trading.portfolio.closed] == ["take_profit"]


def test_the_engine_sells_nothing_that_the_exchange_is_selling_and_steps_in_where_the_stop_was_left_behind() -> None:
    desk = a_desk()
    protection = protected(desk)
    assert sent(desk.price(1900.0)) == [], "below the stop's limit: it has triggered and can't fill"
    desk.execute(protection.target, X.EXPIRED)
    assert sent(desk.wait(LEFT_BEHIND_NS / S - 0.1)) == []
    (sale,) = [action for action in desk.wait(0.2) if isinstance(action, Replace)]
    assert (sale.cancelled, sale.along) == (protection.stop.client_order_id, ())
    assert (sale.order.time_in_force, sale.order.origin) == (TimeInForce.IOC, "exit:stop_loss")
    desk.execute(protection.stop, X.CANCELED)
    desk.fill(sale.order, price=1900.0)
    assert not desk.engine.trading.portfolio.open


def test_a_price_that_comes_back_begins_the_wait_anew() -> None:
    desk = a_desk()
    protected(desk)
    desk.price(1955.0)
    desk.wait(1.5)
    desk.price(1990.0)
    desk.price(1955.0)
    assert sent(desk.wait(1.0)) == []


def test_a_target_that_begins_to_fill_is_left_to_it_for_a_moment_and_the_rest_is_protected_anew() -> None:
    desk = a_desk()
    protection = protected(desk)
    desk.execute(protection.stop, X.EXPIRED)
    assert cancels(desk.fill(protection.target, price=2080.0, lots=500)) == []
    assert cancels(desk.wait(SIBLING_NS / S + 0.1)) == [protection.target.client_order_id]
    desk.price(2060.0)
    (second,) = lists(desk.execute(protection.target, X.CANCELED, 500))
    assert second.stop.qty_lots == HELD - 500


# ---------------------------------------------------------------- making way


def test_a_close_takes_the_place_of_the_protection_in_one_request() -> None:
    desk = a_desk()
    protection = protected(desk)
    reply, actions = close(desk)
    assert reply.ok, reply.text
    (sale,) = [action for action in actions if isinstance(action, Replace)]
    assert (sale.cancelled, sale.along) == (protection.stop.client_order_id, (protection.target.client_order_id,))
    assert sale.order.qty_lots == HELD
    assert desk.engine.trading.sellable_lots(ETH) == 0
    assert not close(desk)[0].ok, "it is being sold already"
    assert lists(end(desk, protection)) == []
    desk.fill(sale.order)
    assert not desk.engine.trading.portfolio.open


def test_the_rest_of_a_partial_close_is_protected_again() -> None:
    desk = a_desk()
    protection = protected(desk)
    (sale,) = sent(close(desk, 50.0)[1])
    end(desk, protection)
    (second,) = lists(desk.fill(sale))
    assert second.stop.qty_lots == HELD - HELD // 2


def test_a_sale_whose_way_was_not_free_is_asked_for_once_more_when_it_is_known_what_is_left() -> None:
    desk = a_desk()
    protection = protected(desk)
    (sale,) = sent(close(desk)[1])
    for leg in protection.orders:  # the cancel was refused: both are doubtful
        desk.keep(desk.engine.on_send_failed(failed(leg.client_order_id, ambiguous=True)))
    assert sent(desk.keep(desk.engine.on_send_failed(failed(sale.client_order_id, code=-2022)))) == []
    desk.execute(protection.target, X.WORKING)
    actions = desk.execute(protection.stop, X.WORKING)
    (again,) = sent(actions)
    assert again.cause_id == f"{sale.cause_id}:again"
    assert codes(actions) == ["SALE_AGAIN"]
    desk.keep(desk.engine.on_send_failed(failed(again.client_order_id, code=-2022)))
    later = [*desk.wait(5.0), *end(desk, protection)]
    assert sent(later) == [], "twice is enough: a person is asked"


def test_a_person_cancels_entries_and_not_what_protects() -> None:
    desk = a_desk()
    protection = protected(desk)
    for name in ("all", protection.stop.client_order_id):
        reply, actions = desk.ask(CancelOrder(id=desk.new_id(), who=ALICE, client_order_id=name))
        assert (reply.ok, cancels(actions)) == (False, [])
        assert "protect" in reply.text
