"""Stops and targets rest at the exchange in a backtest as they do live: the same engine, matching in this process."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tape_by_hand import ANN, ETH, Tape

from engine.core.records import Intended
from engine.core.resting import is_stop
from engine.core.types import OrderState, TimeInForce
from engine.wire.commands import Amount, Buy, Close


def test_after_the_fill_both_rest_and_the_account_is_reconciled_with_them() -> None:
    tape = Tape()
    assert tape.open() == ["exit:stop_loss", "exit:take_profit"]
    tape.move(2000.0, steps=350)
    assert tape.engine.trading.is_reconciled
    assert tape.open() == ["exit:stop_loss", "exit:take_profit"]


@pytest.mark.parametrize(("price", "end"), [(1955.0, "stop_loss"), (2085.0, "take_profit")])
def test_what_is_reached_sells_and_ends_the_other(price: float, end: str) -> None:
    tape = Tape()
    tape.move(price)
    assert (tape.ends(), tape.open()) == ([end], [])
    assert len(tape.backtest.sent) == 1, "only the entry: the exchange sold by itself"


def test_a_stop_that_was_jumped_over_is_sold_by_the_engine_after_its_time() -> None:
    tape = Tape()
    tape.move(1850.0, steps=15)
    assert (tape.ends(), tape.open()) == ([], ["exit:stop_loss"])
    tape.move(1850.0, steps=10)
    assert (tape.ends(), tape.open()) == (["stop_loss"], [])
    _, sale = tape.backtest.sent
    assert sale.time_in_force is TimeInForce.IOC


def test_a_close_takes_its_place_and_what_is_left_is_protected_again() -> None:
    tape = Tape()
    assert tape.backtest.on_command(Close(id="half", who=ANN, symbol="eth", percent=50.0)).ok
    tape.move(2000.0)
    assert tape.open() == ["exit:stop_loss", "exit:take_profit"]
    assert len(tape.backtest.protective) == 4
    assert tape.backtest.on_command(Close(id="rest", who=ANN, symbol="eth")).ok
    tape.move(2000.0)
    assert (tape.ends(), tape.open()) == (["cli:ann"], [])


def test_a_later_entry_is_protected_with_the_rest() -> None:
    tape = Tape()
    assert tape.backtest.on_command(Buy(id="more", who=ANN, symbol="eth", amount=Amount("quote", "400"))).ok
    tape.move(2000.0, steps=20)
    held = tape.engine.trading.portfolio.position_lots(ETH)
    assert {leg.approved.qty_lots for leg in tape.engine.trading.resting.legs(ETH)} == {held}
    assert tape.open() == ["exit:stop_loss", "exit:take_profit"]


def test_a_crash_of_prices_while_a_close_is_on_its_way_sells_once() -> None:
    tape = Tape(latency_ms=150)
    tape.move(2000.0, steps=10)
    held = tape.engine.trading.portfolio.position_lots(ETH)
    assert tape.backtest.on_command(Close(id="c", who=ANN, symbol="eth")).ok
    tape.move(1955.0, steps=20)
    orders = [tape.engine.trading.orders.of(r.order) for r in tape.backtest.journal if isinstance(r, Intended)]
    assert sum(order.filled_lots for order in orders if order.approved.reduce_only) == held
    assert tape.open() == []
    assert OrderState.UNKNOWN not in {order.state for order in orders}


STEPS = st.one_of(
    st.tuples(st.just("move"), st.sampled_from([1850.0, 1955.0, 1975.0, 1990.0, 2000.0, 2010.0, 2050.0, 2090.0])),
    st.tuples(st.just("buy"), st.sampled_from([50.0, 300.0])),
    st.tuples(st.just("close"), st.sampled_from([30.0, 100.0])),
    st.tuples(st.just("wait"), st.sampled_from([1.0, 5.0, 12.0, 25.0])),
)


@settings(max_examples=40)
@given(st.lists(STEPS, max_size=12), st.sampled_from([0, 5, 150]))
def test_whatever_happens_nothing_is_sold_twice_and_in_the_end_all_that_is_held_is_protected(
    steps: list[tuple[str, float]], latency_ms: int
) -> None:
    """Prices that jump, buys and closes that cross the exits of the exchange: position and account stay equal."""
    tape, price = Tape(latency_ms), 2000.0
    for number, (what, value) in enumerate(steps):
        if what == "buy":
            amount = Amount("quote", f"{value:g}")
            tape.backtest.on_command(Buy(id=f"buy-{number}", who=ANN, symbol="eth", amount=amount))
        elif what == "close":
            tape.backtest.on_command(Close(id=f"close-{number}", who=ANN, symbol="eth", percent=value))
        price = value if what == "move" else price
        tape.move(price, steps=int(value) if what == "wait" else 1)
        assert tape.held_e8() >= 0, "sold what was not bought"
    tape.move(price, steps=130)
    trading = tape.engine.trading
    assert sum(trip.base_e8 for trip in trading.portfolio.trips()) == tape.held_e8()
    held = trading.portfolio.position_lots(ETH)
    stops = [leg.approved.qty_lots - leg.filled_lots for leg in trading.resting.legs(ETH) if is_stop(leg.approved)]
    assert stops == ([held] if held else [])
    assert tape.open() == (["exit:stop_loss", "exit:take_profit"] if held else [])
