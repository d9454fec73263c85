"""Filters: each has its name, and the code that Binance gives it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from paper_bench import ETH, e8, matching, order

from engine.venues.paper.errors import Refused
from engine.venues.paper.orders import NewOrder
from engine.venues.paper.rules import check, check_counts


@pytest.mark.parametrize(
    ("new", "code", "name"),
    [
        (order("BUY", 1, 100.001), -1013, "Filter failure: PRICE_FILTER"),
        (order("BUY", 1, 2_000_000), -1013, "Filter failure: PRICE_FILTER"),
        (order("SELL", 1, kind="STOP_LOSS", stop=95.001), -1013, "Filter failure: PRICE_FILTER"),
        (order("BUY", 1.00001, 100), -1013, "Filter failure: LOT_SIZE"),
        (order("BUY", 10_000_000, 100), -1013, "Filter failure: LOT_SIZE"),
        (order("SELL", 2_000_000), -1013, "Filter failure: MARKET_LOT_SIZE"),
        (order("BUY", 0.01, 100), -1013, "Filter failure: NOTIONAL"),
        (order("BUY", 0.01), -1013, "Filter failure: NOTIONAL"),
        (order("BUY", 0, quote=4), -1013, "Filter failure: NOTIONAL"),
        (order("BUY", 1, 501), -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
        (order("SELL", 1, 19), -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
    ],
)
def test_each_filter_refuses_by_name(new: NewOrder, code: int, name: str) -> None:
    """An order that breaks a filter is told which."""
    with pytest.raises(Refused) as refused:
        check(ETH, new, e8(100))
    assert (refused.value.code, refused.value.message) == (code, name)


@pytest.mark.parametrize("new", [order("BUY", 1, 100), order("SELL", 0.05), order("BUY", 0, quote=5)])
def test_orders_within_the_filters_pass(new: NewOrder) -> None:
    """What lies on tick and lot and between the limits is let through."""
    check(ETH, new, e8(100))


def test_a_halted_market_takes_nothing() -> None:
    """While a symbol is not TRADING, every order for it is refused (-2010)."""
    with pytest.raises(Refused, match="Market is closed"):
        check(replace(ETH, status="BREAK"), order("BUY", 1, 100), e8(100))


def test_the_number_of_open_orders_is_limited() -> None:
    """One order more than allowed is refused, conditional ones by a smaller number."""
    few = replace(ETH, max_orders=2, max_algo_orders=1)
    with pytest.raises(Refused, match="MAX_NUM_ORDERS"):
        check_counts(few, (order("BUY", 1, 100),), 2, 0)
    with pytest.raises(Refused, match="MAX_NUM_ALGO_ORDERS"):
        check_counts(few, (order("SELL", 1, kind="STOP_LOSS", stop=95),), 1, 1)


def test_rules_that_change_while_running_hold_for_the_next_order() -> None:
    """A new tick size refuses prices that were good a moment ago; resting orders stay."""
    exchange = matching()
    resting = exchange.place("ann", order("BUY", 1, 99.99), 1)
    exchange.list_symbol(replace(ETH, tick=e8(0.1)))
    assert resting.is_open
    with pytest.raises(Refused, match="PRICE_FILTER"):
        exchange.place("ann", order("BUY", 1, 99.99), 2)
