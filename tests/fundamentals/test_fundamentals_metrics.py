"""The slow numbers: what is taken, and what is refused and why."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.fundamentals.metrics import COLUMNS, FIRST_DAY, AssetMetrics, Metric

TODAY = 20_000


def price(day: int, value: float) -> Metric:
    return Metric("ETH", "price_usd", day, value)


def known(values: list[float], name: str = "price_usd", last: int = TODAY - 1) -> AssetMetrics:
    metrics, first = AssetMetrics("ETH"), last - len(values) + 1
    assert not metrics.take([Metric("ETH", name, first + i, value) for i, value in enumerate(values)], TODAY)
    return metrics


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        (price(TODAY - 1, math.nan), "not a number above zero"),
        (price(TODAY - 1, math.inf), "not a number above zero"),
        (price(TODAY - 1, 0.0), "not a number above zero"),
        (price(TODAY - 1, -5.0), "not a number above zero"),
        (price(TODAY - 1, 1e300), "no such amount"),
        (price(TODAY - 1, 1e-300), "no such amount"),
        (price(TODAY, 100.0), "not over yet"),
        (price(TODAY + 3, 100.0), "not over yet"),
        (price(FIRST_DAY - 1, 100.0), "no such day"),
        (Metric("ETH", "hash_rate", TODAY - 1, 1.0), "no metric of that name"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused_and_changes_nothing(metric: Metric, words: str) -> None:
    metrics = AssetMetrics("ETH")
    refused = metrics.take([metric], TODAY)
    assert len(refused) == 1
    assert words in str(refused[0])
    assert not np.isfinite(metrics.values).any()
    assert metrics.newest_day == 0


def test_fees_of_nothing_are_a_number() -> None:
    metrics = AssetMetrics("ETH")
    assert not metrics.take([Metric("ETH", "fees_usd", TODAY - 1, 0.0)], TODAY)


def test_a_number_many_times_its_usual_size_is_refused_with_that_size() -> None:
    metrics = known([100.0, 101.0, 99.0, 100.0], last=TODAY - 2)
    (refused,) = metrics.take([price(TODAY - 1, 301.0)], TODAY)
    assert "3 times off its usual 100" in refused.reason
    assert not metrics.take([price(TODAY - 1, 299.0)], TODAY)


def test_a_jump_is_believed_on_its_third_day_with_the_days_before() -> None:
    metrics = known([100.0] * 5, last=TODAY - 4)
    refused = metrics.take([price(TODAY - 3, 900.0), price(TODAY - 2, 910.0), price(TODAY - 1, 905.0)], TODAY)
    assert [one.metric.value for one in refused] == [900.0, 910.0]
    assert metrics.column("price_usd")[TODAY - 3 - FIRST_DAY : TODAY - FIRST_DAY].tolist() == [900.0, 910.0, 905.0]


def test_three_wild_numbers_that_disagree_are_never_believed() -> None:
    metrics = known([100.0] * 5, last=TODAY - 4)
    wild = [price(TODAY - 3, 900.0), price(TODAY - 2, 9_000.0), price(TODAY - 1, 90_000.0)]
    assert len(metrics.take(wild, TODAY)) == 3


def test_the_newest_day_has_a_price_and_something_else() -> None:
    metrics = known([100.0] * 5)
    assert metrics.newest_day == 0
    metrics.take([Metric("ETH", "supply", TODAY - 3, 1e8)], TODAY)
    assert metrics.newest_day == TODAY - 3


def test_market_cap_is_price_times_supply_where_it_is_not_told() -> None:
    metrics = known([100.0] * 3)
    metrics.take([Metric("ETH", "supply", TODAY - 1, 1e6), Metric("ETH", "market_cap_usd", TODAY - 2, 7e7)], TODAY)
    assert metrics.market_cap()[TODAY - 2 - FIRST_DAY : TODAY - FIRST_DAY].tolist() == [7e7, 1e8]


@given(st.lists(st.tuples(st.sampled_from([*COLUMNS, "other"]), st.integers(-5, 40), st.floats()), max_size=40))
def test_whatever_is_told_only_sound_numbers_are_kept(told: list[tuple[str, int, float]]) -> None:
    """Each number is either kept or refused, and what is kept is finite, not negative and of a day that is over."""
    metrics = AssetMetrics("ETH")
    metrics.take([Metric("ETH", name, TODAY - 30 + day, value) for name, day, value in told], TODAY)
    kept = metrics.values[np.isfinite(metrics.values)]
    assert (kept >= 0).all()
    assert not np.isfinite(metrics.values[TODAY - FIRST_DAY :]).any()
