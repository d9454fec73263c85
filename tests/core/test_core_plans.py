"""Exits by plan in the core: what raises a stop and what doesn't, how a position is split, how a sale is cut."""

from __future__ import annotations

import msgspec
import pytest
from core_builders import ETH, Desk, S, approved, codes, config, instrument, sent, told
from hypothesis import given
from hypothesis import strategies as st

from engine.core.actions import Action, Cancel, Protect, Replace
from engine.core.config import ExitsName, Headlines
from engine.core.naked import NAKED_AFTER_NS
from engine.core.orders import Order
from engine.core.plan import ExitPlan, Step, plan_words
from engine.core.portfolio import RoundTrip
from engine.core.records import StopMoved
from engine.core.resting import Part
from engine.core.sales import cuts
from engine.core.targets import split
from engine.core.types import ApprovedOrder, OrderState, OrderType, Side, TradeId
from engine.wire import events
from engine.wire.commands import BuyExits

X = OrderState
TRAIL = BuyExits(target=False, trail_pct=1.0)


def a_desk(exits: ExitsName = "exchange") -> Desk:
    return Desk(config(exits=exits)).ready()


def bought(desk: Desk, exits: BuyExits) -> list[Action]:
    """Buy by hand, fill it, and let what is sent to rest begin to."""
    actions = desk.fill(sent(desk.buy("900", exits=exits)[1])[0])
    for leg in [*(leg for a in actions if isinstance(a, Protect) for leg in a.protection.orders), *sent(actions)]:
        actions += desk.execute(leg, X.WORKING)
    return actions


def trip(desk: Desk) -> RoundTrip:
    return desk.engine.trading.portfolio.open[ETH]


def moves(actions: list[Action]) -> list[ApprovedOrder]:
    return [action.order for action in actions if isinstance(action, Replace)]


def settle(desk: Desk, actions: list[Action]) -> list[Action]:
    """Let each move succeed: the new stop rests, what it took the place of is gone."""
    done: list[Action] = []
    for action in [action for action in actions if isinstance(action, Replace)]:
        done += desk.execute(action.order, X.WORKING)
        for name in (action.cancelled, *action.along):
            order = desk.engine.trading.orders.get(name)
            assert order is not None
            done += desk.execute(order.approved, X.CANCELED)
    return done


# ---------------------------------------------------------------- what raises a stop


def test_one_wrong_quote_moves_no_stop() -> None:
    """F16: a high counts when the book or the last trade has seen it as well; here both saw 2000.00."""
    desk = a_desk()
    bought(desk, TRAIL)
    before = trip(desk).stop_ticks
    assert sent(desk.quote(2999.99, 3000.0)) == []
    assert (trip(desk).stop_ticks, trip(desk).high_ticks) == (before, 200_000)
    desk.price(2020.0)
    assert trip(desk).stop_ticks == 201_999 - 2_019


def test_a_move_is_written_down_before_it_is_asked_for_and_told_when_it_is_there() -> None:
    desk = a_desk()
    bought(desk, TRAIL)
    desk.price(2040.0)
    actions = desk.wait(5.0)
    (stop,) = moves(actions)
    (moved,) = [record for record in desk.journal if isinstance(record, StopMoved)][-1:]
    assert (moved.stop_ticks, moved.high_ticks, moved.kind) == (stop.stop_ticks, 203_999, "trailing_stop")
    assert told(actions, events.TradeChanged) == []
    (change,) = told(settle(desk, actions), events.TradeChanged)
    assert (change.what, change.text) == ("protection", "the stop moved to 2019.60 (trailing stop)")
    assert (change.trade.stop_kind, change.trade.stop_price) == ("trailing_stop", "2019.60")


def test_a_restart_goes_on_from_the_highest_price_and_tells_nothing_anew() -> None:
    desk = a_desk()
    bought(desk, TRAIL)
    desk.price(2040.0)
    settle(desk, desk.wait(5.0))
    again = desk.restarted()
    assert (trip(again).high_ticks, trip(again).stop_kind, trip(again).plan) == (203_999, "trailing_stop", plan())
    assert trip(again).stop_ticks == trip(again).kept_ticks == 201_960
    again.price(2030.0)
    for leg in again.engine.trading.resting.legs(ETH):
        actions = again.execute(leg.approved, X.WORKING)
    assert told([*actions, *again.wait(1.0)], events.TradeChanged) == []
    assert trip(again).stop_ticks == 201_960


def plan() -> ExitPlan:
    return ExitPlan(target=False, trail_pct=1.0)


def test_held_by_the_engine_a_trail_follows_sells_and_is_written_down_as_well() -> None:
    desk = a_desk("engine")
    bought(desk, TRAIL)
    desk.price(2040.0)
    actions = desk.wait(5.0)
    assert moves(actions) == []
    assert [change.what for change in told(actions, events.TradeChanged)] == ["protection"]
    assert any(isinstance(record, StopMoved) for record in desk.journal)
    (sale,) = sent(desk.price(2019.0))
    assert sale.origin == "exit:trailing_stop"


def test_where_the_market_has_come_to_the_new_stop_the_old_one_stays() -> None:
    desk = a_desk()
    bought(desk, BuyExits(break_even_pct=1.0))
    desk.price(2030.0)
    desk.trade(1999.0)
    actions = desk.wait(5.0)
    assert moves(actions) == []
    assert not [action for action in actions if isinstance(action, Cancel)]


def test_a_strategys_order_carries_its_plan_and_a_second_look_finds_it_in_the_journal() -> None:
    exits = ExitPlan(trail_pct=2.0, time_s=60.0)
    desk = Desk(config(act=0.5, exits="exchange"))
    chosen = msgspec.structs.replace(desk.config.strategies, headlines=Headlines(act=0.5, exits=exits))
    desk = Desk(msgspec.structs.replace(desk.config, strategies=chosen)).ready()
    (order,) = sent(desk.headline(0.9))
    assert order.plan == exits
    desk.fill(order)
    assert trip(desk.restarted()).plan == exits


def test_a_position_of_which_a_part_has_no_stop_anywhere_is_an_alert() -> None:
    desk = a_desk()
    actions = bought(desk, BuyExits(steps=((1.0, 50.0),)))
    first, _ = [action.protection for action in actions if isinstance(action, Protect)]
    assert "NAKED_POSITION" not in codes(desk.wait(30.0))
    for leg in first.orders:
        desk.execute(leg, X.CANCELED)
    desk.wait(1.0)
    assert "NAKED_POSITION" in codes(desk.wait(NAKED_AFTER_NS / S + 1))


# ---------------------------------------------------------------- a position in parts


@given(
    st.integers(1, 10**9),
    st.lists(st.floats(0.1, 33.0), max_size=3),
    st.integers(0, 10**6),
    st.integers(1, 10**4),
)
def test_the_parts_of_a_position_are_all_of_it_and_none_is_too_small(
    lots: int, shares: list[float], taken: int, least: int
) -> None:
    held = RoundTrip(TradeId("t"), instrument(), "cli:ann", 1)
    held.bought_e8 = held.base_e8 = lots * held.instrument.lot_e8
    held.bought_quote_e8, held.taken_lots, held.target_ticks = (
        held.instrument.notional_e8(200_000, lots),
        taken,
        300_000,
    )
    held.plan = ExitPlan(steps=tuple(Step(1.0 + at, share) for at, share in enumerate(shares)))
    parts = split(held, lots, least)
    assert sum(part.lots for part in parts) == lots
    assert len(parts) == 1 or min(part.lots for part in parts) >= least
    assert [part.ticks for part in parts] == sorted(part.ticks for part in parts)


@given(
    st.integers(1, 10**6),
    st.integers(0, 10**6),
    st.lists(st.integers(1, 10**6), max_size=4),
    st.integers(1, 10**4),
)
def test_a_sale_is_cut_into_no_more_than_it_is_and_no_part_sells_what_it_does_not_hold(
    lots: int, free: int, sizes: list[int], least: int
) -> None:
    parts = [Part(Order(_stop(f"tr-{number}", size), 0, 0), None) for number, size in enumerate(sizes)]
    if lots > free + sum(sizes):
        return
    found = cuts(lots, free, parts, least)
    assert 0 < sum(cut.lots for cut in found) <= lots
    assert lots - sum(cut.lots for cut in found) < least
    held = [cut.part.rest_lots for cut in found if cut.part is not None]
    assert sum(cut.lots for cut in found) <= free + sum(held)
    assert all(cut.lots <= rest + free for cut, rest in zip(found, held, strict=False))
    assert len({id(cut.part) for cut in found}) == len(found), "each part makes way once"


def _stop(name: str, lots: int) -> ApprovedOrder:
    return approved(name, Side.SELL, lots, order_type=OrderType.STOP_LOSS_LIMIT)


# ---------------------------------------------------------------- in words


@pytest.mark.parametrize(
    ("exits", "words"),
    [
        (ExitPlan(), ""),
        (ExitPlan(trail_pct=1.5), "the stop follows by 1.5 %"),
        (ExitPlan(trail_atr=2.0, trail_after_pct=3.0), "the stop follows by 2 true ranges from +3 % on"),
        (ExitPlan(steps=(Step(2.0, 50.0),), break_even_r=1.0), "50 % at +2 %, break-even at 1 R"),
        (ExitPlan(time_s=14_400.0, time_below_pct=1.0), "sold after 4 h unless at +1 %"),
        (ExitPlan(time_s=90.0, break_even_pct=0.5), "break-even at +0.5 %, sold after 90 s"),
    ],
)
def test_a_plan_is_said_in_words(exits: ExitPlan, words: str) -> None:
    assert plan_words(exits) == words
