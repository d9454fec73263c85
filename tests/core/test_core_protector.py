"""Stops and targets that rest at the exchange, as stories: placed, moved, made way for, restored, and watched over."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from core_builders import ALICE, ETH, LIMITS, Desk, S, codes, config, facts, failed, report, request, sent, told

from engine.core.account import AccountSnapshot, Balance
from engine.core.actions import Action, Cancel, Protect, Replace, Send
from engine.core.config import ExitsName
from engine.core.naked import NAKED_AFTER_NS
from engine.core.protection import EXIT_AGAIN_NS, LEFT_BEHIND_NS
from engine.core.protector import AGAIN_NS, MOVE_EVERY_NS, SIBLING_NS, SOON_NS, WITHDRAWN_NS
from engine.core.reconcile import SETTLE_NS
from engine.core.records import Intended
from engine.core.risk import Gate
from engine.core.types import (
    ApprovedOrder,
    ApprovedProtection,
    OrderListId,
    OrderState,
    OrderType,
    Refusal,
    Side,
    TimeInForce,
)
from engine.wire import events
from engine.wire.commands import CancelOrder, Close
from engine.wire.replies import Reply

X = OrderState
HELD = 4500
"""Lots that 900 USDT buy at 2000.00."""


def a_desk(exits: ExitsName = "exchange", **changed: object) -> Desk:
    return Desk(config(exits=exits), **changed).ready()  # type: ignore[arg-type]


def lists(actions: Iterable[Action]) -> list[ApprovedProtection]:
    return [action.protection for action in actions if isinstance(action, Protect)]


def cancels(actions: Iterable[Action]) -> list[str]:
    return [action.client_order_id for action in actions if isinstance(action, Cancel)]


def bought(desk: Desk, amount: str = "900") -> ApprovedProtection:
    """Buy by hand, and return the protection that follows the fill."""
    (protection,) = lists(desk.fill(sent(desk.buy(amount)[1])[0]))
    return protection


def protected(desk: Desk, amount: str = "900") -> ApprovedProtection:
    """Do the same, and let both orders rest."""
    protection = bought(desk, amount)
    for leg in protection.orders:
        desk.execute(leg, X.WORKING)
    return protection


def close(desk: Desk, percent: float = 100.0) -> tuple[Reply, list[Action]]:
    return desk.ask(Close(id=desk.new_id(), who=ALICE, symbol="eth", percent=percent))


def end(desk: Desk, protection: ApprovedProtection, state: OrderState = X.CANCELED) -> list[Action]:
    """Let both orders of a list end; return all that follows."""
    return [action for leg in protection.orders for action in desk.execute(leg, state)]


def account_lists(desk: Desk, *legs: ApprovedOrder) -> list[Action]:
    """Send the account with these open at the exchange."""
    desk.now_ns += SETTLE_NS + 1
    open_orders = tuple(
        report(leg.client_order_id, X.WORKING, side=Side.SELL, qty_lots=leg.qty_lots, ts_recv_ns=desk.now_ns)
        for leg in legs
    )
    rows = tuple(Balance(asset, value, 0) for asset, value in desk.balances.items())
    return desk.keep(desk.engine.on_account(AccountSnapshot(rows, open_orders, desk.now_ns)))


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


def without_target(desk: Desk, cause: str, lots: int, stop: int) -> list[Action]:
    """Buy with a stop and no target; return what follows from the fill."""
    trading = desk.engine.trading
    trading.last_hop.cause_in(cause)
    entry = trading.submit(trading.entry(ETH, cause, "cli:ann", lots, stop, 0))
    assert isinstance(entry, ApprovedOrder)
    desk.keep(trading.take())
    return desk.fill(entry)


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


# ---------------------------------------------------------------- moving


def test_a_later_entry_moves_the_protection_to_all_that_is_held_and_to_its_stop() -> None:
    desk = a_desk()
    first = protected(desk)
    desk.price(2010.0)
    (more,) = sent(desk.buy("500")[1])
    actions = desk.fill(more)
    assert cancels(actions) == [], "others may follow at once, and the engine watches what is new"
    actions = desk.wait(MOVE_EVERY_NS / S)
    assert cancels(actions) == [first.stop.client_order_id]
    assert lists(actions) == [], "the venue takes no second list over the same balance"
    (second,) = lists(end(desk, first))
    assert second.stop.qty_lots == HELD + more.qty_lots
    assert second.stop.stop_ticks == more.stop_ticks


def test_between_the_two_the_engine_sells_at_once() -> None:
    desk = a_desk()
    first = protected(desk)
    desk.fill(sent(desk.buy("50")[1])[0])
    assert cancels(desk.wait(MOVE_EVERY_NS / S))
    assert sent(desk.price(1955.0)) == [], "the cancel may not have arrived yet: then the exchange sells"
    assert lists(end(desk, first)) == [], "there is nothing left to wait for"
    (sale,) = sent(desk.price(1955.0))
    assert (sale.time_in_force, sale.origin) == (TimeInForce.IOC, "exit:stop_loss")


def test_an_exit_waits_for_a_protection_that_is_on_its_way_but_not_for_ever() -> None:
    desk = a_desk()
    protection = bought(desk)
    assert sent(desk.price(1955.0)) == []
    (sale,) = [action for action in desk.wait(LEFT_BEHIND_NS / S) if isinstance(action, Replace)]
    assert sale.cancelled == protection.stop.client_order_id


def test_a_cancel_without_effect_is_sent_again() -> None:
    desk = a_desk()
    first = protected(desk)
    desk.fill(sent(desk.buy("50")[1])[0])
    assert cancels(desk.wait(MOVE_EVERY_NS / S)) == [first.stop.client_order_id]
    assert cancels(desk.wait(WITHDRAWN_NS / S - 0.1)) == []
    assert cancels(desk.wait(0.2)) == [first.stop.client_order_id]


def test_a_stop_that_rests_alone_is_moved_in_one_request() -> None:
    desk = a_desk()
    (first,) = sent(without_target(desk, "command:x", 1000, 196_000))
    desk.execute(first, X.WORKING)
    without_target(desk, "command:y", 500, 197_000)
    (move,) = [action for action in desk.wait(MOVE_EVERY_NS / S) if isinstance(action, Replace)]
    assert (move.cancelled, move.along) == (first.client_order_id, ())
    assert (move.order.qty_lots, move.order.stop_ticks) == (1500, 197_000)
    desk.execute(move.order, X.WORKING)
    later = [*desk.execute(first, X.CANCELED), *desk.wait(5.0)]
    assert (sent(later), cancels(later)) == ([], [])


def test_a_move_that_was_not_placed_because_the_old_stop_was_filling_is_no_refusal() -> None:
    desk = a_desk()
    (first,) = sent(without_target(desk, "command:x", 1000, 196_000))
    desk.execute(first, X.WORKING)
    without_target(desk, "command:y", 500, 197_000)
    (move,) = [action for action in desk.wait(MOVE_EVERY_NS / S) if isinstance(action, Replace)]
    for name, code in ((move.order.client_order_id, -2022), (first.client_order_id, -2011)):
        assert "HELD_BY_ENGINE" not in codes(desk.keep(desk.engine.on_send_failed(failed(name, code=code))))
    (exit_,) = sent(desk.price(1965.0))
    desk.keep(desk.engine.on_send_failed(failed(exit_.client_order_id, code=-2022)))
    assert sent(desk.fill(first, price=1960.0)) == []
    (rest,) = sent(desk.wait(EXIT_AGAIN_NS / S))
    assert (rest.qty_lots, rest.origin) == (500, "exit:stop_loss")


def test_a_stop_that_a_later_entry_raised_is_the_engines_until_it_has_moved() -> None:
    desk = a_desk()
    protected(desk)
    (more,) = sent(desk.buy("50", stop_pct=0.5)[1])
    desk.fill(more)
    (sale,) = [action for action in desk.price(1985.0) if isinstance(action, Replace)]
    assert sale.order.origin == "exit:stop_loss"


# ---------------------------------------------------------------- the account, a restart, the unknown


def test_an_account_whose_protection_just_rests_is_reconciled() -> None:
    desk = a_desk()
    protection = protected(desk)
    desk.engine.trading.is_reconciled = False
    account_lists(desk, *protection.orders)
    assert desk.engine.trading.is_reconciled
    desk.engine.trading.is_reconciled = False
    account_lists(desk)
    assert not desk.engine.trading.is_reconciled, "one that the venue does not list is in doubt"


def test_after_a_restart_the_protection_belongs_to_its_trade_again() -> None:
    desk = a_desk()
    protection = protected(desk)
    again = desk.restarted()
    assert again.engine.trading.sellable_lots(ETH) == HELD
    again.price(2000.0)
    for leg in protection.orders:
        again.execute(leg, X.WORKING)
    actions = account_lists(again, *protection.orders)
    assert (lists(actions), cancels(actions)) == ([], [])
    assert again.engine.trading.is_reconciled
    again.fill(protection.stop, price=1955.0)
    assert [trip.exit_reason for trip in again.engine.trading.portfolio.closed] == ["stop_loss"]


def test_after_a_restart_a_position_whose_protection_is_gone_gets_one_before_it_can_be_armed() -> None:
    desk = a_desk()
    first = protected(desk)
    again = desk.restarted()
    again.price(2000.0)
    end(again, first)
    assert not again.engine.trading.is_reconciled
    again.now_ns += SETTLE_NS + 1
    (second,) = lists(again.account())
    assert second.stop.qty_lots == HELD
    assert set(second.legs).isdisjoint(first.legs)


def test_a_list_without_an_answer_is_unknown_and_asked_about_and_then_exactly_one() -> None:
    desk = a_desk()
    protection = bought(desk)
    for name in protection.legs:
        desk.keep(desk.engine.on_send_failed(failed(name, ambiguous=True)))
    assert lists(desk.wait(1.0)) == [], "nobody knows yet"
    for leg in protection.orders:
        assert lists(desk.execute(leg, X.WORKING)) == []
    assert lists(desk.wait(1.0)) == []


def test_a_list_that_never_arrived_is_sent_anew() -> None:
    desk = a_desk()
    protection = bought(desk)
    for name in protection.legs:
        desk.keep(desk.engine.on_send_failed(failed(name, ambiguous=True)))
    desk.now_ns += 7 * S
    desk.price(2000.0)
    actions = [
        action
        for name in protection.legs
        for action in desk.keep(desk.engine.on_send_failed(failed(name, code=-2013, after_s=7.0, asked_s=6.9)))
    ]
    (second,) = lists(actions)
    assert set(second.legs).isdisjoint(protection.legs)


def test_a_position_that_neither_the_exchange_nor_the_engine_watches_is_an_alert_until_one_does() -> None:
    desk = a_desk("engine").holding()
    assert "NAKED_POSITION" not in codes(desk.wait(5.0))  # the data is stale, which a quiet market is too
    assert "NAKED_POSITION" in codes(desk.wait(NAKED_AFTER_NS / S))
    assert "NAKED_POSITION" not in codes(desk.wait(30.0))
    assert "NAKED_POSITION" in codes(desk.wait(31.0))
    desk.price(2000.0)
    assert codes(desk.wait(0.1)) == ["NAKED_POSITION"]
    assert codes(desk.wait(0.1)) == []


def test_what_rests_at_the_exchange_needs_no_fresh_data() -> None:
    desk = a_desk()
    protected(desk)
    assert "NAKED_POSITION" not in codes(desk.wait(60.0))


def test_a_fault_while_deciding_lets_no_protection_leave() -> None:
    desk = a_desk()
    desk.engine.trading.do(Protect(bought(a_desk())))
    actions = desk.engine.on_fault("a bug", desk.now_ns)
    assert not [action for action in actions if isinstance(action, Protect | Send | Replace)]
