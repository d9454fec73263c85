"""Watched prices: told once, to whoever asked, a spike between two looks included, and kept over restarts."""

from __future__ import annotations

import pytest
from core_builders import ALICE, Desk, told

from engine.wire.answers import WatchesView
from engine.wire.events import PriceReached
from engine.wire.questions import DirectionName, GetWatches, Unwatch, Watch
from engine.wire.replies import Reply


def watch(desk: Desk, direction: DirectionName, price: str) -> Reply:
    return desk.ask(Watch(id=desk.new_id(), who=ALICE, symbol="eth", direction=direction, price=price))[0]


def watched(desk: Desk) -> list[str]:
    reply = desk.ask(GetWatches(id=desk.new_id(), who=ALICE))[0]
    assert isinstance(reply.result, WatchesView)
    return [f"{one.watch_id} {one.direction} {one.price}" for one in reply.result.watches]


def test_a_spike_that_is_over_at_the_next_look_is_told_once() -> None:
    desk = Desk().ready()
    assert watch(desk, "above", "2010").ok
    assert watch(desk, "below", "1990.004").ok
    assert watched(desk) == ["w1 above 2010.00", "w2 below 1990.00"]
    for price in (2000, 2011.5, 2000):
        desk.trade(price)
    (reached,) = told(desk.wait(0.1), PriceReached)
    assert (reached.watch.watch_id, reached.watch.by, reached.price) == ("w1", "slack:U01ALICE", "2011.50")
    assert watched(desk) == ["w2 below 1990.00"]
    desk.trade(2012)
    assert not told(desk.wait(0.1), PriceReached)


def test_what_traded_before_somebody_asked_does_not_count() -> None:
    desk = Desk().ready()
    desk.trade(2050)
    desk.trade(2000)
    watch(desk, "above", "2040")
    assert not told(desk.wait(0.1), PriceReached)
    desk.trade(2040)
    assert told(desk.wait(0.1), PriceReached)


def test_a_restart_keeps_what_is_watched_and_gives_no_number_twice() -> None:
    desk = Desk().ready()
    watch(desk, "above", "2010")
    watch(desk, "above", "2020")
    watch(desk, "above", "2030")
    desk.ask(Unwatch(id="u", who=ALICE, watch_id="w3"))
    desk.price(2011)
    desk.wait(0.1)
    again = desk.restarted()
    assert watched(again) == ["w2 above 2020.00"]
    watch(again, "below", "1000")
    assert watched(again) == ["w2 above 2020.00", "w4 below 1000.00"]
    again.price(2025)
    assert told(again.wait(0.1), PriceReached)


@pytest.mark.parametrize(
    ("direction", "price", "code"),
    [("above", "1999", "BAD_AMOUNT"), ("below", "2000", "BAD_AMOUNT"), ("above", "moon", "BAD_AMOUNT")],
)
def test_a_price_that_the_market_is_at_or_that_is_none_is_refused(
    direction: DirectionName, price: str, code: str
) -> None:
    desk = Desk().ready()
    assert watch(desk, direction, price).code == code
    assert watched(desk) == []


def test_all_can_be_taken_away_and_what_is_not_watched_can_not() -> None:
    desk = Desk().ready()
    watch(desk, "above", "2010")
    watch(desk, "below", "1000")
    assert desk.ask(Unwatch(id="a", who=ALICE, watch_id="w9"))[0].code == "NOT_FOUND"
    assert desk.ask(Unwatch(id="b", who=ALICE, watch_id="all"))[0].ok
    assert watched(desk) == []
