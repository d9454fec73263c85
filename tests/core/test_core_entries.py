"""Entries that rest at a limit: through the gate, counted while they rest, protected as they fill, and taken back."""

from __future__ import annotations

import pytest
from core_builders import ALICE, ETH, Desk, config, quote_amount, report, sent, told

from engine.core.account import AccountSnapshot, Balance
from engine.core.actions import Action, Cancel, Protect
from engine.core.config import Limits
from engine.core.types import ApprovedOrder, OrderState, OrderType, TimeInForce
from engine.wire.commands import Buy, GetOrders, Halt
from engine.wire.events import Notice
from engine.wire.questions import GetBalance
from engine.wire.replies import OrdersView, Reply


def desk(**changed: object) -> Desk:
    return Desk(config(exits="exchange", **changed)).ready()  # type: ignore[arg-type]


def buy(at: Desk, limit: str = "1950", amount: str = "195", **changed: object) -> tuple[Reply, list[Action]]:
    command = Buy(
        id=at.new_id(),
        who=ALICE,
        symbol="eth",
        amount=quote_amount(amount),
        limit_price=limit,
        **changed,  # type: ignore[arg-type]
    )
    return at.ask(command)


def rests(at: Desk, **changed: object) -> ApprovedOrder:
    """Return an entry for 0.1 ETH at 1950 that the venue has taken."""
    reply, actions = buy(at, **changed)  # type: ignore[arg-type]
    assert reply.ok, reply.text
    (order,) = sent(actions)
    at.execute(order, OrderState.WORKING)
    return order


def cancelled(actions: list[Action]) -> list[str]:
    return [action.client_order_id for action in actions if isinstance(action, Cancel)]


def test_it_leaves_as_a_limit_order_with_its_stop_and_target_measured_from_the_limit() -> None:
    at = desk()
    reply, actions = buy(at, stop_pct=2.0, target_pct=4.0)
    (order,) = sent(actions)
    assert (order.order_type, order.time_in_force) == (OrderType.LIMIT, TimeInForce.GTC)
    assert (order.price_ticks, order.qty_lots) == (195_000, 1_000)
    assert (order.stop_ticks, order.target_ticks) == (191_100, 202_800)
    assert "at 1950.00 USDT or less: it rests" in reply.text


def test_while_it_rests_it_counts_as_exposure_and_its_money_is_not_free() -> None:
    at = desk(limits=Limits(max_position_pct=0.3))
    order = rests(at)
    facts = at.engine.trading.facts(ETH)
    assert facts.symbol_exposure_e8 == 195 * 10**8
    balance = at.ask(GetBalance(id="b", who=ALICE))[0].result
    assert balance.free_quote == "99805.00"  # type: ignore[union-attr]
    refused, _ = buy(at)
    assert refused.code == "C3_POSITION"
    (shown,) = at.engine.trading.orders.working()
    assert shown.approved.client_order_id == order.client_order_id


def test_each_part_that_fills_is_protected_at_once_and_the_rest_goes_on() -> None:
    """The stop and target rest over what is held, while the entry still waits for the rest."""
    at = desk()
    order = rests(at)
    actions = at.fill(order, 1950.0, lots=400)
    (protect,) = [action for action in actions if isinstance(action, Protect)]
    assert [leg.qty_lots for leg in protect.protection.orders] == [400, 400]
    assert at.order(order).state is OrderState.PARTIALLY_FILLED
    assert not cancelled(at.wait(0.2))


def test_the_account_is_still_compared_while_it_rests() -> None:
    at = desk()
    order = rests(at)
    at.wait(10)
    at.price(2000.0)
    listed = at.engine.trading.orders.of(order)
    before = at.engine.trading.portfolio.cash_e8
    open_ = report(order.client_order_id, OrderState.WORKING, symbol=ETH, qty_lots=1_000, ts_recv_ns=at.now_ns)
    rows = (Balance("USDT", before - 195 * 10**8 - 7, 195 * 10**8),)
    at.keep(at.engine.on_account(AccountSnapshot(rows, (open_,), at.now_ns)))
    assert at.engine.trading.portfolio.cash_e8 == before - 7
    assert listed.state is OrderState.WORKING


def test_a_halt_takes_it_back_and_says_so_once() -> None:
    at = desk()
    order = rests(at)
    assert not cancelled(at.wait(1))
    at.ask(Halt(id="h", who=ALICE, reason="lunch"))
    actions = at.wait(0.1)
    assert cancelled(actions) == [order.client_order_id]
    (notice,) = told(actions, Notice)
    assert notice.text.endswith("is cancelled: trading is halted (lunch).")
    assert not cancelled(at.wait(0.5))
    again = at.wait(0.6)
    assert cancelled(again) == [order.client_order_id]
    assert not told(again, Notice)


def test_its_time_is_over_when_it_was_said_and_after_a_day_where_nothing_was() -> None:
    at = desk()
    short, long = rests(at, good_s=60.0), rests(at)
    assert not cancelled(at.wait(59))
    assert cancelled(at.wait(2)) == [short.client_order_id]
    at.execute(short, OrderState.CANCELED)
    assert not cancelled(at.wait(86_000))
    assert cancelled(at.wait(400)) == [long.client_order_id]


def test_what_was_sold_again_is_not_bought_once_more() -> None:
    at = desk()
    order = rests(at)
    at.fill(order, 1950.0, lots=400)
    at.engine.trading.portfolio.shrink_to(at.engine.trading.portfolio.open[ETH], 0, at.now_ns)
    assert order.client_order_id in cancelled(at.wait(0.1))


def test_after_a_restart_it_is_taken_back_because_trading_is_halted_then() -> None:
    at = desk()
    order = rests(at)
    again = at.restarted()
    again.execute(order, OrderState.WORKING)
    assert order.client_order_id in cancelled(again.wait(0.1))


@pytest.mark.parametrize(
    ("limit", "changed", "code"),
    [
        ("2100", {}, "C4_PRICE_COLLAR"),
        ("0", {}, "BAD_AMOUNT"),
        ("moon", {}, "BAD_AMOUNT"),
        ("0.001", {}, "BAD_AMOUNT"),
        ("1950", {"good_s": -1.0}, "BAD_AMOUNT"),
        ("1950", {"good_s": float("nan")}, "BAD_AMOUNT"),
        ("1950", {"amount": "100000"}, "C2_ORDER_SIZE"),
    ],
)
def test_the_gate_and_good_sense_apply(limit: str, changed: dict[str, object], code: str) -> None:
    at = desk()
    reply, actions = buy(at, limit, **changed)  # type: ignore[arg-type]
    assert (reply.code, sent(actions)) == (code, [])


def test_it_is_shown_as_a_limit_order() -> None:
    at = desk()
    rests(at)
    view = at.ask(GetOrders(id="o", who=ALICE))[0].result
    assert isinstance(view, OrdersView)
    assert (view.open[0].order_type, view.open[0].limit_price, view.open[0].state) == ("LIMIT", "1950.00", "working")
