"""Sales that rest at a limit: through the gate, never more than is held, and what becomes of the stop meanwhile."""

from __future__ import annotations

import pytest
from core_builders import ALICE, ETH, Desk, codes, config, failed, quote_amount, report, sent, told

from engine.core.account import AccountSnapshot, Balance
from engine.core.actions import Action, Cancel, Protect, Replace, Send
from engine.core.reconcile import SETTLE_NS
from engine.core.types import ApprovedOrder, ApprovedProtection, OrderState, OrderType, TimeInForce
from engine.wire.commands import Amount, CancelOrder, Close, Confirm, Halt, Kill, Preview, Sell, Shown
from engine.wire.events import Notice
from engine.wire.hand_views import PreviewView
from engine.wire.replies import Reply

X = OrderState
ALL = Amount("all", "")
HALF = Amount("percent", "50")
HELD = 4500
"""Lots that 900 USDT buy at 2000.00."""


def lists(actions: list[Action]) -> list[ApprovedProtection]:
    return [action.protection for action in actions if isinstance(action, Protect)]


def cancelled(actions: list[Action]) -> list[str]:
    return [action.client_order_id for action in actions if isinstance(action, Cancel)]


def replaced(actions: list[Action]) -> list[str]:
    return [action.cancelled for action in actions if isinstance(action, Replace)]


def holding() -> tuple[Desk, ApprovedProtection]:
    """Return a desk that holds 0.45 ETH, with its stop at 1960 and its target at 2080 resting at the exchange."""
    at = Desk(config(exits="exchange")).ready()
    (protection,) = lists(at.fill(sent(at.buy("900")[1])[0]))
    for leg in protection.orders:
        at.execute(leg, X.WORKING)
    return at, protection


def offer(at: Desk, amount: Amount = ALL, limit: str = "2100") -> tuple[Reply, list[Action]]:
    return at.ask(Sell(id=at.new_id(), who=ALICE, symbol="eth", amount=amount, limit_price=limit))


def gone(at: Desk, protection: ApprovedProtection) -> list[Action]:
    """Let a list end at the exchange."""
    return [action for leg in protection.orders for action in at.execute(leg, X.CANCELED)]


def offered(amount: Amount = ALL, limit: str = "2100") -> tuple[Desk, ApprovedOrder, list[Action]]:
    """Return a desk with a sale that rests at its limit, and what followed once the list had made way for it."""
    at, protection = holding()
    reply, actions = offer(at, amount, limit)
    assert reply.ok, reply.text
    (sale,) = sent(actions)
    after = gone(at, protection) + at.execute(sale, X.WORKING) + at.wait(1.1)
    return at, sale, after


def test_it_leaves_as_a_limit_order_in_the_place_of_what_protects() -> None:
    at, protection = holding()
    reply, actions = offer(at)
    (order,) = sent(actions)
    assert (order.order_type, order.time_in_force, order.reduce_only) == (OrderType.LIMIT, TimeInForce.GTC, True)
    assert (order.price_ticks, order.qty_lots) == (210_000, HELD)
    assert replaced(actions) == [protection.stop.client_order_id]
    assert "at 2100.00 USDT or more: it rests" in reply.text
    assert codes(actions) == ["HELD_BY_ENGINE"], "its stop rests nowhere meanwhile, and everybody is told"


@pytest.mark.parametrize(
    ("amount", "lots"),
    [(HALF, 2250), (Amount("base", "0.1"), 1000), (quote_amount("210"), 1000), (ALL, HELD)],
    ids=["percent", "base", "quote at the limit", "all"],
)
def test_every_way_to_say_how_much(amount: Amount, lots: int) -> None:
    at, _ = holding()
    assert sent(offer(at, amount)[1])[0].qty_lots == lots


def test_a_limit_between_two_ticks_is_never_sold_below() -> None:
    at, _ = holding()
    assert sent(offer(at, limit="2100.001")[1])[0].price_ticks == 210_001


def test_what_is_left_is_protected_again_and_only_that() -> None:
    at, _, after = offered(HALF)
    (rest,) = lists(after)
    assert {leg.qty_lots for leg in rest.orders} == {HELD - 2250}
    for leg in rest.orders:
        at.execute(leg, X.WORKING)
    assert not [a for a in at.wait(2) if isinstance(a, Send | Protect | Replace | Cancel)], "all is as it should be"


def test_a_second_offer_takes_what_is_left_and_a_third_is_refused() -> None:
    at, first, after = offered(HALF)
    (rest,) = lists(after)
    for leg in rest.orders:
        at.execute(leg, X.WORKING)
    _, actions = offer(at, limit="2150")
    (second,) = sent(actions)
    assert second.qty_lots == HELD - 2250
    assert replaced(actions) == [rest.stop.client_order_id], "the first sale stays where it is"
    gone(at, rest)
    at.execute(second, X.WORKING)
    refused, actions = offer(at, Amount("base", "0.01"), "2200")
    assert (refused.code, sent(actions)) == ("NO_POSITION", [])
    assert "on sale at a limit already" in refused.text
    assert at.order(first).is_open


def test_more_than_is_left_besides_the_first_is_refused() -> None:
    at, _, after = offered(HALF)
    for leg in lists(after)[0].orders:
        at.execute(leg, X.WORKING)
    refused, actions = offer(at, Amount("percent", "60"), "2200")
    assert (refused.code, sent(actions)) == ("REDUCE_ONLY", [])
    assert "on_sale=0.2250" in refused.text


@pytest.mark.parametrize(
    ("limit", "code"),
    [("1900", "C4_PRICE_COLLAR"), ("0", "BAD_AMOUNT"), ("moon", "BAD_AMOUNT"), ("100000000", "C8_PRICE")],
)
def test_the_gate_and_good_sense_apply(limit: str, code: str) -> None:
    at, _ = holding()
    reply, actions = offer(at, limit=limit)
    assert (reply.code, sent(actions)) == (code, [])


def test_nothing_held_is_nothing_to_offer_and_halted_still_sells() -> None:
    empty = Desk(config(exits="exchange")).ready()
    assert offer(empty)[0].code == "NO_POSITION"
    at, _ = holding()
    at.ask(Halt(id="h", who=ALICE))
    assert offer(at)[0].ok
    assert not cancelled(at.wait(5)), "a halt takes back entries, and no sale"


def test_the_preview_says_that_the_stop_is_left_to_the_engine() -> None:
    at, _ = holding()
    order = Sell(id=at.new_id(), who=ALICE, symbol="eth", amount=HALF, limit_price="2100")
    view = at.ask(Preview(id="p", who=ALICE, order=order))[0].result
    assert isinstance(view, PreviewView)
    assert (view.code, view.is_resting, view.limit_price, view.notional_quote) == ("OK", True, "2100.00", "472.50")
    assert view.note == (
        "While it rests, the stop at 1960.00 of this part can't rest at the exchange: the engine watches it, and takes"
        " this sale back to sell at the market when it comes. Its target no longer counts."
    )
    shown = Shown(view.qty, view.price, view.ts_ns)
    reply, actions = at.ask(Confirm(id="c", who=ALICE, order=order, shown=shown, fingerprint=view.fingerprint))
    assert reply.ok, reply.text
    assert sent(actions)[0].price_ticks == 210_000


def test_a_limit_that_is_bid_already_sells_at_once_and_is_not_called_resting() -> None:
    at, _ = holding()
    order = Sell(id=at.new_id(), who=ALICE, symbol="eth", amount=HALF, limit_price="1990")
    view = at.ask(Preview(id="p", who=ALICE, order=order))[0].result
    assert isinstance(view, PreviewView)
    assert (view.code, view.is_resting) == ("OK", False)


def test_the_stop_takes_it_back_and_sells_at_the_market() -> None:
    """Nothing rests below, so the engine's own watch must not wait for the exchange."""
    at, sale, _ = offered()
    actions = at.price(1950.0)
    assert replaced(actions) == [sale.client_order_id]
    (stop,) = sent(actions)
    assert (stop.origin, stop.qty_lots, stop.time_in_force) == ("exit:stop_loss", HELD, TimeInForce.IOC)
    (told_,) = [notice for notice in told(actions, Notice) if notice.code == "OFFER_WITHDRAWN"]
    assert sale.client_order_id in told_.text
    at.execute(sale, X.CANCELED)
    at.fill(stop, 1949.0)
    assert ETH not in at.engine.trading.portfolio.open


def test_the_stop_of_a_half_that_is_offered_does_not_wait_for_the_other_halfs() -> None:
    at, sale, after = offered(HALF)
    (rest,) = lists(after)
    for leg in rest.orders:
        at.execute(leg, X.WORKING)
    actions = at.price(1950.0)
    assert set(replaced(actions)) == {sale.client_order_id, rest.stop.client_order_id}
    assert sum(order.qty_lots for order in sent(actions)) == HELD


def test_its_target_does_not_take_it_back() -> None:
    at, _, _ = offered()
    assert sent(at.price(2085.0)) == []


def test_a_close_takes_it_back() -> None:
    at, sale, _ = offered()
    reply, actions = at.ask(Close(id="x", who=ALICE, symbol="eth"))
    assert reply.ok, reply.text
    assert replaced(actions) == [sale.client_order_id]
    assert [order.qty_lots for order in sent(actions)] == [HELD]


def test_a_part_that_is_closed_comes_from_what_is_not_offered() -> None:
    at, sale, after = offered(HALF)
    (rest,) = lists(after)
    for leg in rest.orders:
        at.execute(leg, X.WORKING)
    _, actions = at.ask(Close(id="x", who=ALICE, symbol="eth", percent=50.0))
    assert replaced(actions) == [rest.stop.client_order_id]
    assert at.order(sale).is_open


def test_as_it_fills_the_position_shrinks_and_nothing_is_sold_twice() -> None:
    at, sale, _ = offered()
    at.fill(sale, 2100.0, lots=1500)
    assert at.engine.trading.portfolio.position_lots(ETH) == HELD - 1500
    assert not [a for a in at.wait(2) if isinstance(a, Send | Protect | Replace | Cancel)]
    at.fill(sale, 2100.0)
    assert ETH not in at.engine.trading.portfolio.open


def test_taken_back_by_hand_the_stop_and_target_rest_again() -> None:
    at, sale, _ = offered()
    reply, actions = at.ask(CancelOrder(id="x", who=ALICE, client_order_id=sale.client_order_id))
    assert reply.ok
    assert cancelled(actions) == [sale.client_order_id]
    (again,) = lists(at.execute(sale, X.CANCELED) + at.wait(1.1))
    assert {leg.qty_lots for leg in again.orders} == {HELD}


def test_it_outlives_a_restart_and_is_watched_there_too() -> None:
    at, sale, _ = offered()
    again = at.restarted()
    again.execute(sale, X.WORKING)
    again.price(2000.0)
    assert not [a for a in again.wait(2) if isinstance(a, Send | Protect | Replace | Cancel)]
    again.now_ns += SETTLE_NS + 1
    open_ = report(sale.client_order_id, X.WORKING, side=sale.side, qty_lots=HELD, ts_recv_ns=again.now_ns)
    rows = tuple(Balance(asset, value, 0) for asset, value in again.balances.items())
    again.keep(again.engine.on_account(AccountSnapshot(rows, (open_,), again.now_ns)))
    assert again.engine.trading.is_reconciled, "a sale that just waits is no order under way"
    assert replaced(again.price(1950.0)) == [sale.client_order_id]


def test_a_kill_that_flattens_takes_it_back_and_one_that_does_not_leaves_it() -> None:
    at, sale, _ = offered()
    at.ask(Kill(id="k1", who=ALICE))
    assert cancelled(at.wait(1.0)) == []
    _, actions = at.ask(Kill(id="k2", who=ALICE, flatten=True))
    assert (cancelled(actions), sent(actions)) == ([sale.client_order_id], [])
    (sold,) = sent(at.execute(sale, X.CANCELED) + at.wait(0.1))
    assert (sold.origin, sold.qty_lots) == ("exit:kill", HELD)


def test_what_offers_more_than_is_held_is_cancelled() -> None:
    at, sale, _ = offered()
    trading = at.engine.trading
    trading.portfolio.shrink_to(trading.portfolio.open[ETH], 1000, at.now_ns)
    actions = at.wait(0.1)
    assert cancelled(actions) == [sale.client_order_id]
    assert "OFFER_WITHDRAWN" in codes(actions)
    assert cancelled(at.wait(0.5)) == []
    assert cancelled(at.wait(0.6)) == [sale.client_order_id]


def test_where_the_stop_could_not_make_way_it_is_tried_once_more_at_its_limit_and_never_at_the_market() -> None:
    at, _ = holding()
    (sale,) = sent(offer(at, HALF)[1])
    actions = at.keep(at.engine.on_send_failed(failed(sale.client_order_id, code=-2022)))
    (again,) = sent(actions)
    assert (again.order_type, again.time_in_force, again.price_ticks) == (OrderType.LIMIT, TimeInForce.GTC, 210_000)
    assert "SALE_AGAIN" in codes(actions)
    assert sent(at.keep(at.engine.on_send_failed(failed(again.client_order_id, code=-2022)))) == []
