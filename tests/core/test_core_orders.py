"""The life of an order: the table of states, and reports that come twice, late, early or not at all."""

from __future__ import annotations

import msgspec
import pytest
from core_builders import T0, S, approved, failed, report
from hypothesis import given
from hypothesis import strategies as st

from engine.core.orders import Order, Orders
from engine.core.types import OrderState, TimeInForce

X = OrderState
ENDS = (X.FILLED, X.CANCELED, X.REJECTED, X.EXPIRED)
MAY = {
    X.IN_FLIGHT: {X.WORKING, X.PARTIALLY_FILLED, X.UNKNOWN, *ENDS},
    X.UNKNOWN: {X.WORKING, X.PARTIALLY_FILLED, *ENDS},
    X.WORKING: {X.PARTIALLY_FILLED, X.UNKNOWN, *ENDS},
    X.PARTIALLY_FILLED: {X.FILLED, X.CANCELED, X.EXPIRED, X.UNKNOWN},
    **{end: set() for end in ENDS},
}
REPORTED = tuple(state for state in X if state is not X.IN_FLIGHT)


def opened(name: str = "tr-1", **changed: object) -> tuple[Orders, Order]:
    orders = Orders()
    return orders, orders.open(approved(name, **changed))


def brought_to(state: OrderState) -> tuple[Orders, Order]:
    """An order in a state that it can reach by itself, with nothing filled."""
    orders, order = opened()
    if state is not X.IN_FLIGHT:
        orders.on_report(report("tr-1", state))
    assert order.state is state
    return orders, order


@pytest.mark.parametrize("before", X)
@pytest.mark.parametrize("after", REPORTED)
def test_every_pair_of_states_is_as_the_table_says(before: OrderState, after: OrderState) -> None:
    orders, order = brought_to(before)
    changed = orders.on_report(report("tr-1", after, ts_recv_ns=T0 + S))
    is_allowed = after in MAY[before]
    assert order.state is (after if is_allowed else before)
    assert (changed is not None) is is_allowed
    assert order.changed_ns == (T0 + S if is_allowed else T0)


@pytest.mark.parametrize("state", X)
def test_an_order_is_open_until_the_venues_last_word(state: OrderState) -> None:
    orders, order = brought_to(state)
    assert order.is_open is (state not in ENDS)
    assert (order in orders.working()) is order.is_open
    assert (order in orders.finished(5)) is not order.is_open


def test_the_same_report_twice_changes_nothing() -> None:
    orders, order = opened()
    part = report("tr-1", X.PARTIALLY_FILLED, 40, (11, 40), fee_e8=5, fee_asset="USDT")
    assert orders.on_report(part) is not None
    assert orders.on_report(part) is None
    assert (order.filled_lots, order.cum_lots, order.fee_e8) == (40, 40, 5)


def test_one_fill_told_in_three_ways_counts_once() -> None:
    """The reply, the user stream and a query all bring fill 11."""
    orders, order = opened()
    fills = [orders.on_report(report("tr-1", X.FILLED, 100, (11, 100), ts_recv_ns=T0 + i)) for i in range(3)]
    assert [changed is not None for changed in fills] == [True, False, False]
    assert (order.filled_lots, order.is_settled) == (100, True)


def test_filled_never_goes_back_to_new() -> None:
    orders, order = opened()
    orders.on_report(report("tr-1", X.FILLED, 100, (1, 100)))
    assert orders.on_report(report("tr-1", X.WORKING)) is None
    assert order.state is X.FILLED


@given(st.permutations([0, 1, 2, 3]))
def test_reports_in_any_order_end_in_the_same_state(sequence: list[int]) -> None:
    """Acknowledged, two fills, and the end: whatever comes first, 100 lots are filled and counted."""
    story = [
        report("tr-1", X.WORKING),
        report("tr-1", X.PARTIALLY_FILLED, 30, (1, 30), fee_e8=3, fee_asset="USDT"),
        report("tr-1", X.FILLED, 100, (2, 70), fee_e8=7, fee_asset="USDT"),
        report("tr-1", X.FILLED, 100),
    ]
    orders, order = opened()
    counted = [changed for i in sequence if (changed := orders.on_report(story[i])) and changed[1]]
    assert (order.state, order.filled_lots, order.cum_lots, order.fee_e8) == (X.FILLED, 100, 100, 10)
    assert order.cum_quote_e8 == story[2].cum_quote_e8
    assert sum(changed[1].qty_lots for changed in counted if changed[1]) == 100
    assert (orders.working(), orders.unsettled()) == ([], [])


def test_a_fill_before_the_acknowledgement_counts_and_stays() -> None:
    orders, order = opened()
    orders.on_report(report("tr-1", X.PARTIALLY_FILLED, 40, (1, 40)))
    assert orders.on_report(report("tr-1", X.WORKING)) is None
    assert (order.state, order.cum_lots) == (X.PARTIALLY_FILLED, 40)


@pytest.mark.parametrize("end", [X.CANCELED, X.EXPIRED, X.REJECTED])
def test_a_fill_that_crossed_the_cancel_counts_after_the_end(end: OrderState) -> None:
    orders, order = opened()
    orders.on_report(report("tr-1", end, reason="gone"))
    changed = orders.on_report(report("tr-1", X.PARTIALLY_FILLED, 25, (9, 25)))
    assert changed is not None
    assert changed[1] is not None
    assert (order.state, order.filled_lots, order.cum_lots, order.reason) == (end, 25, 25, "gone")


def test_an_end_that_outruns_its_fills_keeps_them_owed_until_they_come() -> None:
    """The reply says FILLED before the user stream brings the fill: it stays reserved, and is asked for."""
    orders, order = opened()
    orders.on_report(report("tr-1", X.FILLED, 100))
    assert (order.is_open, order.is_settled, order.uncounted_lots) == (False, False, 100)
    assert (orders.working(), orders.unsettled(), orders.finished(5)) == ([], [order], [order])
    assert orders.to_ask(T0 + S // 10) == []
    assert orders.to_ask(T0 + S) == [order]
    orders.on_report(report("tr-1", X.FILLED, 100, (1, 100)))
    assert (order.is_settled, order.uncounted_lots, orders.unsettled()) == (True, 0, [])
    assert orders.to_ask(T0 + 9 * S) == []


def test_a_fill_without_an_id_is_not_counted_but_asked_for() -> None:
    """Two reports of it could not be told apart (F1)."""
    orders, order = opened()
    changed = orders.on_report(report("tr-1", X.PARTIALLY_FILLED, 40, (0, 40)))
    assert changed == (order, None)
    assert (order.filled_lots, order.cum_lots, order.uncounted_lots) == (0, 40, 100)
    assert orders.to_ask(T0 + S) == [order]


def test_what_is_left_is_never_below_nothing() -> None:
    orders, order = opened()
    orders.on_report(report("tr-1", X.PARTIALLY_FILLED, 120, (1, 120)))
    assert order.uncounted_lots == 0


def test_a_report_of_somebody_elses_order_is_passed_over() -> None:
    orders, _ = opened()
    assert orders.on_report(report("web-1", X.FILLED, 5, (1, 5))) is None
    assert orders.on_send_failed(failed("web-1")) is None
    assert not orders.is_known("web-1")


# ---------------------------------------------------------------- sends that failed


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (failed("tr-1", code=-2010), X.REJECTED),
        (failed("tr-1", code=-1007, ambiguous=True), X.UNKNOWN),
        (failed("tr-1", ambiguous=True), X.UNKNOWN),
        (failed("tr-1", code=-2013, after_s=5.9), X.UNKNOWN),
        (failed("tr-1", code=-2013, after_s=6.0), X.REJECTED),
        (failed("tr-1", code=-2013, after_s=9.0, asked_s=5.9), X.UNKNOWN),
        (failed("tr-1", code=-2011, after_s=9.0), X.UNKNOWN),
    ],
)
def test_a_failed_send_settles_only_what_it_can(failure: object, state: OrderState) -> None:
    orders, order = opened()
    assert orders.on_send_failed(failure) is order  # type: ignore[arg-type]
    assert (order.state, order.reason) == (state, "no luck")
    assert bool(orders.working()) is (state is X.UNKNOWN)


def test_no_such_order_counts_only_after_the_window_also_for_an_unknown_order() -> None:
    orders, order = opened()
    orders.on_send_failed(failed("tr-1", ambiguous=True, after_s=1.0))
    assert orders.on_send_failed(failed("tr-1", code=-2013, after_s=3.0)) is None
    assert order.state is X.UNKNOWN
    assert orders.on_send_failed(failed("tr-1", code=-2013, after_s=6.0)) is order
    assert order.state is X.REJECTED


def test_a_refused_cancel_does_not_reject_the_order_that_the_venue_acknowledged() -> None:
    """F12: -2011 means that the order had ended before the cancel came; how it ended is asked."""
    orders, order = opened()
    orders.on_report(report("tr-1", X.WORKING))
    orders.on_send_failed(failed("tr-1", code=-2011))
    assert order.state is X.UNKNOWN
    orders.on_report(report("tr-1", X.FILLED, 100, (1, 100)))
    assert (order.state, order.filled_lots, order.reason) == (X.FILLED, 100, "")


def test_nothing_that_filled_is_ever_rejected() -> None:
    orders, order = opened()
    orders.on_report(report("tr-1", X.PARTIALLY_FILLED, 40, (1, 40)))
    orders.on_send_failed(failed("tr-1", code=-2013, after_s=60.0))
    assert order.state is X.UNKNOWN


@pytest.mark.parametrize("end", ENDS)
def test_a_failure_after_the_end_changes_nothing(end: OrderState) -> None:
    orders, order = brought_to(end)
    assert orders.on_send_failed(failed("tr-1", ambiguous=True)) is None
    assert order.state is end


# ---------------------------------------------------------------- questions


def test_silence_makes_an_order_unknown_and_it_is_asked_about_twice_a_second() -> None:
    orders, order = opened()
    assert orders.doubt_silent(T0 + 2 * S) == []
    assert orders.doubt_silent(T0 + 2 * S + 1) == [order]
    assert (order.state, order.reason) == (X.UNKNOWN, "no answer from the venue")
    at = T0 + 2 * S + 1
    assert orders.to_ask(at + S // 2) == []
    assert orders.to_ask(at + S // 2 + 1) == [order]
    assert orders.to_ask(at + S) == []
    assert orders.to_ask(at + S + 2) == [order]


@pytest.mark.parametrize("state", [X.WORKING, X.PARTIALLY_FILLED])
def test_an_ioc_order_can_not_rest(state: OrderState) -> None:
    """Its end was lost on the way: it is asked for, instead of keeping the exposure reserved for ever."""
    orders, order = brought_to(state)
    assert orders.doubt_silent(T0 + 2 * S) == []
    assert orders.doubt_silent(T0 + 3 * S) == [order]


def test_a_resting_limit_order_is_left_in_peace() -> None:
    orders, order = opened(time_in_force=TimeInForce.GTC)
    orders.on_report(report("tr-1", X.WORKING))
    assert orders.doubt_silent(T0 + 3600 * S) == []
    assert order.state is X.WORKING


def test_an_order_that_the_venue_does_not_list_is_doubted_unless_it_is_young() -> None:
    orders = Orders()
    for name in ("tr-listed", "tr-missing", "tr-young"):
        orders.open(approved(name, time_in_force=TimeInForce.GTC))
        orders.on_report(report(name, X.WORKING, ts_recv_ns=T0 + 9 * S if name == "tr-young" else T0))
    doubted = orders.doubt_missing({"tr-listed"}, T0 + 10 * S)
    assert [order.approved.client_order_id for order in doubted] == ["tr-missing"]


def test_after_a_lost_line_every_open_order_is_unknown_and_no_finished_one() -> None:
    orders, done = opened("tr-done")
    orders.on_report(report("tr-done", X.CANCELED))
    live = orders.open(approved("tr-live"))
    assert orders.doubt_all(T0 + S, "the line broke") == [live]
    assert orders.doubt_all(T0 + S, "the line broke") == []
    assert (done.state, live.reason) == (X.CANCELED, "the line broke")


def test_an_unknown_order_that_filled_in_part_does_not_look_new_again() -> None:
    """A NEW from before the doubt must not resolve it."""
    orders, order = opened()
    orders.on_report(report("tr-1", X.PARTIALLY_FILLED, 40, (1, 40)))
    orders.doubt_all(T0 + S, "the line broke")
    assert orders.on_report(report("tr-1", X.WORKING)) is None
    assert order.state is X.UNKNOWN


def test_only_the_last_five_hundred_finished_orders_are_remembered() -> None:
    orders = Orders()
    for i in range(600):
        orders.open(approved(f"tr-{i}"))
        orders.on_report(report(f"tr-{i}", X.CANCELED))
    kept = [order.approved.client_order_id for order in orders.finished(10_000)]
    assert kept == [f"tr-{i}" for i in range(599, 99, -1)]
    assert len(list(orders)) == 500
    assert not orders.is_known("tr-99")
    assert orders.get("tr-100") is not None
    assert [order.approved.client_order_id for order in orders.finished(2)] == ["tr-599", "tr-598"]


STEPS = st.lists(
    st.tuples(st.sampled_from(REPORTED), st.integers(0, 100), st.integers(0, 6), st.integers(1, 40), st.booleans()),
    max_size=30,
)


@given(STEPS)
def test_whatever_is_reported_fills_count_once_and_an_end_is_an_end(steps: list[tuple]) -> None:  # type: ignore[type-arg]
    orders, order = opened()
    counted: dict[int, int] = {}
    for state, cum, fill_id, lots, repeated in steps:
        was_open, before = order.is_open, order.state
        made = report("tr-1", state, cum, (fill_id, lots) if fill_id else None)
        for _ in range(1 + repeated):
            changed = orders.on_report(made)
            if changed and changed[1]:
                assert changed[1].fill_id not in counted
                counted[changed[1].fill_id] = changed[1].qty_lots
        assert was_open or order.state is before
        assert order.filled_lots == sum(counted.values()) <= order.cum_lots
        assert (order in orders.unsettled()) is not order.is_settled
    assert msgspec.structs.asdict(order.approved) == msgspec.structs.asdict(approved("tr-1"))
