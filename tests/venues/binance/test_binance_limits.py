"""The venue's limits are kept from being reached, with a part kept back for cancels."""

from __future__ import annotations

import pytest

from engine.venues.binance.errors import Throttled
from engine.venues.binance.limits import Attempts, Budget, RateLimitWire


def budget(*limits: RateLimitWire) -> Budget:
    """A budget that has heard of these limits at second 100."""
    made = Budget()
    made.on_limits(limits, 100.0)
    return made


def orders(limit: int, count: int = 0) -> RateLimitWire:
    return RateLimitWire("ORDERS", "SECOND", 10, limit, count)


def weight(limit: int, count: int = 0) -> RateLimitWire:
    return RateLimitWire("REQUEST_WEIGHT", "MINUTE", 1, limit, count)


def test_a_tenth_of_the_orders_is_never_used() -> None:
    made = budget(orders(50))
    for _ in range(45):
        made.take_order(101.0)
    with pytest.raises(Throttled) as throttled:
        made.take_order(101.0)
    assert throttled.value.wait_s == pytest.approx(9.0)
    made.take_order(110.1)


def test_the_venues_own_count_is_believed() -> None:
    made = budget(orders(50, count=45))
    with pytest.raises(Throttled):
        made.take_order(101.0)
    made.on_limits([orders(50, count=3)], 102.0)
    made.take_order(102.0)


def test_a_venue_without_a_limit_limits_nothing() -> None:
    """The paper exchange says 0 where it was told to count nothing."""
    made = budget(orders(0), weight(0))
    made.take_order(101.0)
    made.check_weight(101.0, is_urgent=False)


def test_a_silence_is_told_once_and_again_only_when_it_grows() -> None:
    made, told = budget(), list[tuple[bool, float]]()
    made.on_silence = lambda is_banned, wait_s: told.append((is_banned, wait_s))
    made.on_refused(429, 5.0, 100.0)
    made.on_refused(429, 3.0, 101.0)
    made.on_refused(418, 1.0, 102.0)
    made.on_refused(418, 1.0, 102.0)
    made.on_refused(418, 9.0, 102.0)
    assert told == [(False, 5.0), (True, 3.0), (True, 9.0)]


def test_the_narrowest_of_several_limits_counts() -> None:
    made = budget(orders(50), RateLimitWire("ORDERS", "DAY", 1, 10, 9))
    with pytest.raises(Throttled):
        made.take_order(101.0)
    made.on_limits([RateLimitWire("ORDERS", "DAY", 1, 100, 9)], 102.0)
    made.take_order(102.0)


def test_weight_is_kept_back_for_cancels() -> None:
    made = budget(weight(6000))
    made.on_weight(5500, 101.0)
    with pytest.raises(Throttled):
        made.check_weight(101.0, is_urgent=False)
    made.check_weight(101.0, is_urgent=True)
    made.on_weight(6000, 101.0)
    with pytest.raises(Throttled):
        made.check_weight(101.0, is_urgent=True)
    made.check_weight(161.1, is_urgent=False)


def test_what_comes_in_bulk_leaves_half_of_the_weight_to_the_rest() -> None:
    made = budget(weight(6000))
    made.on_weight(2999, 101.0)
    made.check_weight(101.0, is_urgent=False, is_bulk=True)
    made.on_weight(3000, 101.0)
    with pytest.raises(Throttled):
        made.check_weight(101.0, is_urgent=False, is_bulk=True)
    made.check_weight(101.0, is_urgent=False)


def test_no_more_connections_are_tried_in_a_span_than_are_allowed() -> None:
    attempts = Attempts(2, 300.0)
    assert [attempts.take(now_s) for now_s in (10.0, 20.0, 30.0)] == [0.0, 0.0, 280.0]
    assert [attempts.take(now_s) for now_s in (310.0, 311.0, 320.0)] == [0.0, 9.0, 0.0]


@pytest.mark.parametrize(("status", "wait_s", "silent_s"), [(429, 7.0, 7.0), (418, 0.0, 60.0)])
def test_after_a_refusal_nothing_leaves_until_it_is_over(status: int, wait_s: float, silent_s: float) -> None:
    made = budget(orders(50), weight(6000))
    made.on_refused(status, wait_s, 101.0)
    assert made.is_banned is (status == 418)
    for ask in (made.take_order, lambda now_s: made.check_weight(now_s, is_urgent=True)):
        with pytest.raises(Throttled):
            ask(101.0 + silent_s - 0.1)
    made.take_order(101.0 + silent_s)


def test_a_venue_that_names_no_limits_is_not_limited() -> None:
    made = budget(RateLimitWire("RAW_REQUESTS", "MINUTE", 5, 1), RateLimitWire("NEW_KIND", "FORTNIGHT", 1, 1))
    for _ in range(1000):
        made.take_order(101.0)
        made.check_weight(101.0, is_urgent=False)
