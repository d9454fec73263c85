"""Exits by plan, at the exchange and beside it: trailing, break-even, time, targets in steps; what holds for all."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tape_by_hand import ANN, ETH, Tape

from engine.core.portfolio import RoundTrip
from engine.core.records import Intended, StopMoved
from engine.core.resting import is_stop
from engine.core.types import Side
from engine.wire.commands import Amount, Buy, BuyExits, Close, Kill
from engine.wire.events import Notice, TradeChanged

TRAIL = BuyExits(target=False, trail_pct=1.0)
STEPS = BuyExits(steps=((1.0, 50.0), (2.0, 30.0)))


def stop_of(tape: Tape) -> float:
    """Return where the position is given up."""
    return tape.trip().stop_ticks / 100


def resting(tape: Tape) -> list[tuple[int, float, float]]:
    """Return the lists at the exchange: lots, stop and target, 0 for none."""
    legs = [leg.approved for leg in tape.engine.trading.resting.legs(ETH)]
    return sorted((leg.qty_lots, leg.stop_ticks / 100, leg.target_ticks / 100) for leg in legs if is_stop(leg))


# ---------------------------------------------------------------- trailing


def test_a_trailing_stop_follows_the_highest_price_and_never_falls() -> None:
    tape = Tape(exits=TRAIL)
    assert stop_of(tape) == pytest.approx(1979.99, abs=0.03)
    tape.move(2050.0, steps=60)
    top = stop_of(tape)
    assert top == pytest.approx(2049.99 * 0.99, abs=0.02)
    tape.move(2035.0, steps=60)
    assert stop_of(tape) == top
    tape.move(2029.0)
    assert (tape.ends(), tape.open(), tape.held_lots()) == (["trailing_stop"], [], 0)


def test_at_the_exchange_it_moves_by_steps_and_no_more_often_than_it_may() -> None:
    tape = Tape(exits=TRAIL)
    for price in range(2001, 2044):  # 0.05 % a second: a step of 0.1 % every other second, a move each fifth
        tape.move(float(price), steps=10)
    moves = [record for record in tape.backtest.journal if isinstance(record, StopMoved)]
    assert len(moves) == 9
    gaps = [later.ts_ns - before.ts_ns for before, later in pairwise(moves)]
    assert min(gaps) >= 5_000_000_000
    (rest,) = resting(tape)
    assert rest[1] < stop_of(tape), "the engine watches the exact level"
    tape.move(stop_of(tape) - 0.05)
    assert tape.ends() == ["trailing_stop"]


def test_people_are_told_of_each_move_at_the_exchange_and_of_nothing_else() -> None:
    tape = Tape(exits=TRAIL)
    for price in range(2001, 2031):
        tape.move(float(price), steps=10)
    moves = [record for record in tape.backtest.journal if isinstance(record, StopMoved)]
    told = [event for event in tape.events if isinstance(event, TradeChanged) and event.what == "protection"]
    assert [event.trade.stop_kind for event in told] == ["trailing_stop"] * len(moves)
    assert "the stop moved to 20" in told[-1].text


def test_a_trail_begins_only_after_its_offset_and_takes_the_place_of_stop_and_target_in_one_request() -> None:
    tape = Tape(exits=BuyExits(trail_pct=1.0, trail_after_pct=1.5))
    held = tape.trip().lots
    tape.move(2020.0, steps=60)
    assert resting(tape) == [(held, 1960.0, 2080.0)]
    tape.move(2040.0, steps=60)
    assert [(lots, target) for lots, _, target in resting(tape)] == [(held, 0.0)]
    assert tape.open() == ["exit:trailing_stop"]
    tape.move(2085.0)
    assert (tape.ends(), tape.held_lots()) == (["take_profit"], 0), "the engine holds the target meanwhile"


def test_a_trail_by_the_true_range_waits_for_its_candles_and_then_follows() -> None:
    tape = Tape(exits=BuyExits(target=False, trail_atr=2.0))
    assert tape.trip().stop_kind == "stop_loss"
    for minute in range(18):
        for price in (2000.0 + 2 * minute, 2004.0 + 2 * minute):
            tape.move(price, steps=300)
    assert tape.trip().stop_kind == "trailing_stop"
    assert 2037.99 - 2 * 6.5 < stop_of(tape) < 2037.99 - 2 * 3.5


# ---------------------------------------------------------------- break-even, time


@pytest.mark.parametrize("exits", [BuyExits(break_even_pct=1.0), BuyExits(break_even_r=0.5)])
def test_at_break_even_nothing_is_lost_any_more_fees_included(exits: BuyExits) -> None:
    tape = Tape(exits=exits)
    tape.move(2019.0, steps=20)
    assert tape.trip().stop_kind == "stop_loss"
    tape.move(2021.0, steps=20)
    assert tape.open() == ["exit:break_even"]
    assert stop_of(tape) == pytest.approx(2004.0, abs=0.1)
    tape.move(stop_of(tape), steps=30)
    (trip,) = tape.engine.trading.portfolio.closed
    assert trip.exit_reason == "break_even"
    assert abs(trip.proceeds_e8 - trip.cost_e8) < trip.cost_e8 * 2e-4, "a tick, and the dust"


def test_a_position_is_sold_when_its_time_is_over() -> None:
    tape = Tape(exits=BuyExits(time_s=30.0))
    tape.move(2000.0, steps=280)
    assert tape.ends() == []
    tape.move(2000.0, steps=30)
    assert (tape.ends(), tape.open(), tape.held_lots()) == (["time_stop"], [], 0)


def test_a_position_with_enough_profit_stays_until_that_is_gone() -> None:
    tape = Tape(exits=BuyExits(time_s=30.0, time_below_pct=1.0))
    tape.move(2025.0, steps=400)
    assert tape.ends() == []
    tape.move(2015.0)
    assert tape.ends() == ["time_stop"]


# ---------------------------------------------------------------- steps


def test_each_step_rests_as_a_list_of_its_own_and_their_stops_cover_all() -> None:
    tape = Tape(exits=STEPS)
    held = tape.trip().lots
    lists = resting(tape)
    assert sum(lots for lots, _, _ in lists) == held
    assert [(round(100 * lots / held), target) for lots, _, target in lists] == [
        (20, 2080.0),
        (30, 2040.0),
        (50, 2020.0),
    ]


def test_steps_sell_their_parts_and_the_last_target_the_rest() -> None:
    tape = Tape(exits=STEPS)
    held = tape.trip().lots
    tape.move(2021.0)
    assert round(100 * tape.trip().lots / held) == 50
    assert [step.is_done for step in tape.view().steps] == [True, False]
    tape.move(2041.0)
    assert round(100 * tape.trip().lots / held) == 20
    assert sum(lots for lots, _, _ in resting(tape)) == tape.trip().lots
    tape.move(2081.0)
    assert (tape.ends(), tape.open(), tape.held_lots()) == (["take_profit"], [], 0)
    assert len(tape.backtest.sent) == 1, "only the entry: the exchange sold by itself"


def test_a_stop_sells_every_part() -> None:
    tape = Tape(exits=STEPS)
    tape.move(2021.0)
    tape.move(1955.0)
    assert (tape.ends(), tape.open(), tape.held_lots()) == (["stop_loss"], [], 0)


@pytest.mark.parametrize(("percent", "left"), [(100.0, 0), (30.0, 3), (60.0, 3)])
def test_a_close_makes_every_part_go_that_it_needs_and_the_rest_is_protected(percent: float, left: int) -> None:
    tape = Tape(exits=STEPS)
    held = tape.trip().lots
    assert tape.backtest.on_command(Close(id="c", who=ANN, symbol="eth", percent=percent)).ok
    tape.move(2000.0, steps=30)
    now = tape.engine.trading.portfolio.position_lots(ETH)
    assert now == held - int(held * percent / 100.0) if left else now == 0
    assert len(resting(tape)) == left
    assert sum(lots for lots, _, _ in resting(tape)) == now


def test_two_closes_in_a_row_take_the_place_of_two_parts() -> None:
    tape = Tape(150, STEPS)
    held = tape.trip().lots
    for number in range(2):
        assert tape.backtest.on_command(Close(id=f"c-{number}", who=ANN, symbol="eth", percent=20.0)).ok
    tape.move(2000.0, steps=30)
    assert not [event for event in tape.events if isinstance(event, Notice) and event.code == "SALE_AGAIN"]
    assert tape.trip().lots == held - 2 * int(held * 0.2)


def test_a_kill_that_flattens_sells_every_part() -> None:
    tape = Tape(exits=STEPS)
    assert tape.backtest.on_command(Kill(id="k", who=ANN, flatten=True)).ok
    tape.move(2000.0, steps=50)
    assert (tape.ends(), tape.open(), tape.held_lots()) == (["kill"], [], 0)


def test_parts_that_the_venue_would_not_take_go_with_the_next_one() -> None:
    tape = Tape(exits=BuyExits(steps=((1.0, 0.2), (2.0, 50.0))))
    held = tape.trip().lots
    assert [target for _, _, target in resting(tape)] == [2080.0, 2040.0]
    assert sum(lots for lots, _, _ in resting(tape)) == held


def test_steps_are_the_engines_while_a_trail_has_the_stops() -> None:
    tape = Tape(exits=BuyExits(steps=((2.0, 50.0),), trail_pct=1.0, target=False))
    held = tape.trip().lots
    tape.move(2010.0, steps=60)
    assert tape.open() == ["exit:trailing_stop"] * 2
    tape.move(2041.0, steps=20)
    assert round(100 * tape.trip().lots / held) == 50
    assert tape.open() == ["exit:trailing_stop"]
    assert [order.origin for order in tape.backtest.sent][1:] == ["exit:take_profit_1"]


def test_a_later_entry_is_covered_by_the_raised_stop_without_withdrawing_it() -> None:
    tape = Tape(exits=TRAIL)
    tape.move(2030.0, steps=60)
    before = stop_of(tape)
    more = Buy(id="more", who=ANN, symbol="eth", amount=Amount("quote", "400"), exits=TRAIL)
    assert tape.backtest.on_command(more).ok
    tape.move(2030.0, steps=30)
    assert stop_of(tape) >= before
    assert [(lots, target) for lots, _, target in resting(tape)] == [(tape.trip().lots, 0.0)]


# ---------------------------------------------------------------- whatever happens

PLANS = st.sampled_from(
    [
        TRAIL,
        STEPS,
        BuyExits(trail_pct=0.5, trail_after_pct=0.5),
        BuyExits(steps=((1.0, 40.0), (2.0, 0.2), (3.0, 40.0)), break_even_pct=1.0),
        BuyExits(steps=((0.5, 30.0), (1.0, 30.0)), trail_pct=0.7, target=False),
        BuyExits(break_even_r=0.5, time_s=20.0),
    ]
)
MOVES = st.one_of(
    st.tuples(st.just("move"), st.sampled_from([1850.0, 1955.0, 1985.0, 2000.0, 2012.0, 2022.0, 2045.0, 2090.0])),
    st.tuples(st.just("buy"), st.sampled_from([50.0, 300.0])),
    st.tuples(st.just("close"), st.sampled_from([10.0, 45.0, 100.0])),
    st.tuples(st.just("wait"), st.sampled_from([1.0, 6.0, 15.0, 55.0])),
)


@settings(max_examples=40)
@given(PLANS, st.lists(MOVES, max_size=12), st.sampled_from([0, 5, 150]))
def test_the_stop_never_falls_nothing_is_sold_twice_and_all_that_is_held_is_covered(
    exits: BuyExits, moves: list[tuple[str, float]], latency_ms: int
) -> None:
    """Prices that jump, buys and closes that cross the exits of the exchange, under every plan."""
    tape, price, highest = Tape(latency_ms, exits), 2000.0, dict[int, int]()
    for number, (what, value) in enumerate(moves):
        if what == "buy":
            tape.backtest.on_command(
                Buy(id=f"buy-{number}", who=ANN, symbol="eth", amount=Amount("quote", f"{value:g}"), exits=exits)
            )
        elif what == "close":
            tape.backtest.on_command(Close(id=f"close-{number}", who=ANN, symbol="eth", percent=value))
        price = value if what == "move" else price
        for _ in range(int(value) if what == "wait" else 1):
            tape.move(price, steps=1)
            check_now(tape, highest)
    tape.move(price, steps=150)
    check_at_rest(tape)
    check_remembered(tape)


def check_now(tape: Tape, highest: dict[int, int]) -> None:
    """A raised stop has not fallen, the exchange would not sell more than is held, and did not."""
    trading = tape.engine.trading
    for trip in trading.portfolio.open.values():
        if trip.is_raised:
            assert trip.stop_ticks >= highest.get(trip.opened_ns, 0), "the stop fell"
            highest[trip.opened_ns] = trip.stop_ticks
    assert tape.held_e8() >= 0, "sold what was not bought"
    assert tape.on_sale_e8() <= tape.held_e8(), "more rests than is held"


def check_at_rest(tape: Tape) -> None:
    """Every part that was sold is counted once, and stops over all that is left rest."""
    trading = tape.engine.trading
    assert sum(trip.base_e8 for trip in trading.portfolio.trips()) == tape.held_e8()
    orders = {r.order.client_order_id: trading.orders.get(r.order.client_order_id) for r in intended(tape)}
    sold = sum(o.filled_lots for o in orders.values() if o is not None and o.approved.side is Side.SELL)
    bought = sum(o.filled_lots for o in orders.values() if o is not None and o.approved.side is Side.BUY)
    held = trading.portfolio.position_lots(ETH)
    assert 0 <= bought - sold - held < 100, "but for fees in the base asset"
    rests = sum(lots for lots, _, _ in resting(tape))
    assert rests == held or (rests == 0 and held < 30), "but for what is less than the venue takes"
    assert tape.open() == [] or held


def check_remembered(tape: Tape) -> None:
    """An engine that begins with this journal knows the same positions, and how each is to be left."""
    again = tape.restarted().trading.portfolio
    live = tape.engine.trading.portfolio
    assert [facts_of(trip) for trip in again.trips()] == [facts_of(trip) for trip in live.trips()]


def facts_of(trip: RoundTrip) -> tuple[object, ...]:
    return trip.base_e8, trip.plan, trip.kept_ticks, trip.taken_lots, trip.first_stop_ticks, trip.exit_reason


def intended(tape: Tape) -> list[Intended]:
    """Return the orders of the journal."""
    return [record for record in tape.backtest.journal if isinstance(record, Intended)]
