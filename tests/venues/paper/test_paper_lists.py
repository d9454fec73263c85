"""Order lists: one cancels the other, one triggers the other, one triggers a pair."""

from __future__ import annotations

import pytest
from paper_bench import e8, fills, levels, matching, order, trade

from engine.venues.paper.errors import Refused
from engine.venues.paper.lists import NewOrderList, OrderList
from engine.venues.paper.matching import Matching
from engine.venues.paper.orders import ListEvent, NewOrder, Status


def _market() -> Matching:
    exchange = matching(fee_ppm=0)
    trade(exchange, 100.5, 1, is_buyer_maker=True)
    return exchange


def _oco(working: NewOrder | None = None, *, qty: float = 1) -> NewOrderList:
    """Protect a position: sell at 105, or at market once 95 has traded."""
    above = order("SELL", qty, 105, kind="LIMIT_MAKER")
    below = order("SELL", qty, kind="STOP_LOSS", stop=95)
    return NewOrderList(client_list_id="pair", working=working, legs=(above, below))


def _statuses(placed: OrderList) -> list[str]:
    return [each.status.value for each in placed.orders]


def test_both_legs_share_what_is_put_aside() -> None:
    """An OCO to sell 1 locks 1, not 2."""
    exchange = _market()
    exchange.place_list("ann", _oco(), 1)
    assert exchange.accounts["ann"].locked["ETH"] == e8(1)


def test_the_limit_leg_fills_and_the_stop_expires() -> None:
    """As soon as the limit leg begins to fill, the stop is gone."""
    exchange = _market()
    placed = exchange.place_list("ann", _oco(), 1)
    trade(exchange, 105, 0.4, is_buyer_maker=False)
    assert _statuses(placed) == ["PARTIALLY_FILLED", "EXPIRED"]
    trade(exchange, 105, 2, is_buyer_maker=False)
    assert _statuses(placed) == ["FILLED", "EXPIRED"]
    assert exchange.accounts["ann"].locked["ETH"] == 0
    assert [type(event) for event in exchange.drain()].count(ListEvent) == 2


def test_the_stop_triggers_and_the_limit_expires() -> None:
    """Once the stop's price has traded, it sells at market and the limit leg is gone."""
    exchange = _market()
    placed = exchange.place_list("ann", _oco(), 1)
    trade(exchange, 94, 1, is_buyer_maker=True)
    assert _statuses(placed) == ["EXPIRED", "FILLED"]
    assert fills(placed.orders[1]) == [(100, 1)]
    assert exchange.accounts["ann"].free["ETH"] == e8(49)


def test_cancelling_one_leg_cancels_both() -> None:
    """A list goes as a whole, and all that was locked comes back."""
    exchange = _market()
    placed = exchange.place_list("ann", _oco(), 1)
    exchange.cancel(placed.orders[0], 2)
    assert _statuses(placed) == ["CANCELED", "CANCELED"]
    assert exchange.accounts["ann"].free["ETH"] == e8(50)


def test_prices_on_the_wrong_side_are_refused() -> None:
    """The upper leg must lie above the market and the lower one below (-2010)."""
    exchange = _market()
    legs = (order("SELL", 1, 101.5, kind="LIMIT_MAKER"), order("SELL", 1, kind="STOP_LOSS", stop=99))
    exchange.on_depth("ETHUSDT", 11, levels((103, 1)), levels((101, 0), (102, 0), (104, 1)), 1)
    trade(exchange, 103.5, 1, is_buyer_maker=True)
    with pytest.raises(Refused) as refused:
        exchange.place_list("ann", NewOrderList(client_list_id="x", working=None, legs=legs), 2)
    assert refused.value.code == -2010


def test_an_otoco_begins_its_pair_when_the_entry_has_filled() -> None:
    """The pair is entered at once, but locks nothing and does not work before the entry is filled wholly."""
    exchange = _market()
    placed = exchange.place_list("ann", _oco(order("BUY", 1, 100)), 1)
    assert _statuses(placed) == ["NEW", "PENDING_NEW", "PENDING_NEW"]
    assert exchange.accounts["ann"].locked == {"USDT": e8(100), "ETH": 0}
    trade(exchange, 99.9, 1, is_buyer_maker=True)
    assert _statuses(placed) == ["FILLED", "NEW", "NEW"]
    assert exchange.accounts["ann"].locked == {"USDT": 0, "ETH": e8(1)}
    trade(exchange, 105.1, 1, is_buyer_maker=False)
    assert _statuses(placed) == ["FILLED", "FILLED", "EXPIRED"]


def test_an_entry_that_fills_at_once_sets_off_its_pair_at_once() -> None:
    """A marketable entry is followed by its pair within the same call."""
    exchange = _market()
    placed = exchange.place_list("ann", _oco(order("BUY", 1, 101)), 1)
    assert _statuses(placed) == ["FILLED", "NEW", "NEW"]


def test_cancelling_the_entry_cancels_the_pair() -> None:
    """Nothing pending survives its entry."""
    exchange = _market()
    placed = exchange.place_list("ann", _oco(order("BUY", 1, 100)), 1)
    exchange.cancel(placed.orders[0], 2)
    assert _statuses(placed) == ["CANCELED"] * 3
    assert placed.is_done


def test_a_pair_that_the_fill_does_not_cover_expires() -> None:
    """An account whose fee left too little to sell gets no protection, and hears of it."""
    exchange = matching(fee_ppm=1_000)
    exchange.open_account("cat", {"USDT": e8(1_000)})
    trade(exchange, 100.5, 1, is_buyer_maker=True)
    placed = exchange.place_list("cat", _oco(order("BUY", 1, 101)), 1)
    assert _statuses(placed) == ["FILLED", "EXPIRED", "EXPIRED"]


def test_an_oto_sets_off_a_single_order() -> None:
    """With one pending leg the entry's fill begins just that."""
    exchange = _market()
    leg = (order("SELL", 1, 110),)
    new = NewOrderList(client_list_id="oto", working=order("BUY", 1, 101), legs=leg)
    placed = exchange.place_list("ann", new, 1)
    assert [each.status for each in placed.orders] == [Status.FILLED, Status.NEW]
