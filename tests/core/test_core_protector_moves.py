"""Protection that moves, and that is found again: later entries, raised stops, the account, restarts, no answer."""

from __future__ import annotations

from core_builders import ETH, S, codes, failed, sent
from protector_story import HELD, a_desk, account_lists, bought, cancels, end, lists, protected, without_target

from engine.core.actions import Protect, Replace, Send
from engine.core.naked import NAKED_AFTER_NS
from engine.core.protection import EXIT_AGAIN_NS, LEFT_BEHIND_NS
from engine.core.protector import MOVE_EVERY_NS, WITHDRAWN_NS
from engine.core.reconcile import SETTLE_NS
from engine.core.types import (
    OrderState,
    TimeInForce,
)

X = OrderState


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
