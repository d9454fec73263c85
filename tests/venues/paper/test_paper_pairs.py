"""What may make an order list, and when: types on their sides, names among open lists, the number of open orders."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace
from paper_bench import ETH, RestClient, e8, matching, order, rest_client, trade

from engine.venues.paper.errors import Refused
from engine.venues.paper.lists import NewOrderList
from engine.venues.paper.main import running_exchange
from engine.venues.paper.matching import Matching
from engine.venues.paper.options import ExchangeOptions

SYMBOL = "IOTAUSDT"
OPTIONS = ExchangeOptions(port=0, wait_for_client=True, balances={"USDT": "1000", "IOTA": "500"})
PAIR = {"symbol": SYMBOL, "side": "SELL", "quantity": "50", "abovePrice": "1.3", "belowStopPrice": "0.8"}
LIMIT = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "10", "price": "0.99"}


@pytest.fixture
async def client() -> AsyncIterator[RestClient]:
    """A client of an exchange whose market stands still at 1.0330."""
    async with running_exchange(OPTIONS) as urls, rest_client(urls) as connected:
        yield connected


def _pair(name: str) -> NewOrderList:
    legs = (order("SELL", 1, 105, kind="LIMIT_MAKER"), order("SELL", 1, kind="STOP_LOSS", stop=95))
    return NewOrderList(client_list_id=name, working=None, legs=legs)


def _market(**rules: int) -> Matching:
    exchange = matching(fee_ppm=0)
    exchange.list_symbol(replace(ETH, **rules))
    trade(exchange, 100.5, 1, is_buyer_maker=True)
    return exchange


@pytest.mark.parametrize(
    ("side", "above", "below", "code"),
    [
        ("SELL", "LIMIT", "STOP_LOSS", -1158),
        ("SELL", "LIMIT_MAKER", "MARKET", -1158),
        ("SELL", "LIMIT_MAKER", "LIMIT_MAKER", -1168),
        ("SELL", "STOP_LOSS", "LIMIT_MAKER", -1197),
        ("SELL", "TAKE_PROFIT", "LIMIT_MAKER", -1166),
        ("SELL", "LIMIT_MAKER", "TAKE_PROFIT", -1199),
        ("BUY", "STOP_LOSS", "STOP_LOSS", -1196),
        ("BUY", "LIMIT_MAKER", "TAKE_PROFIT", -1165),
        ("BUY", "TAKE_PROFIT", "LIMIT_MAKER", -1198),
    ],
)
async def test_a_pair_of_types_that_make_no_pair_is_refused(
    client: RestClient, side: str, above: str, below: str, code: int
) -> None:
    """Each with the code that Binance has for it."""
    stops = {"aboveStopPrice": "1.3", "belowPrice": "0.8", "aboveTimeInForce": "GTC", "belowTimeInForce": "GTC"}
    pair = {**PAIR, **stops, "side": side, "aboveType": above, "belowType": below}
    status, answer = await client.signed("POST", "orderList/oco", **pair)
    assert (status, answer["code"]) == (400, code)


async def test_a_cancelled_list_names_the_cancel(client: RestClient) -> None:
    """Each of its orders shows its own name and that of the cancel."""
    types = {"aboveType": "LIMIT_MAKER", "belowType": "STOP_LOSS", "listClientOrderId": "pair"}
    assert (await client.signed("POST", "orderList/oco", **PAIR, **types))[0] == 200
    named = {"symbol": SYMBOL, "listClientOrderId": "pair", "newClientOrderId": "the-cancel"}
    reports = (await client.signed("DELETE", "orderList", **named))[1]["orderReports"]
    assert {report["clientOrderId"] for report in reports} == {"the-cancel"}
    assert all(report["origClientOrderId"].endswith(("above", "below")) for report in reports)


async def test_a_replacement_that_breaks_a_filter_cancels_nothing(client: RestClient) -> None:
    """Filters and missing parameters are looked at before the cancel."""
    old = (await client.signed("POST", "order", **LIMIT))[1]
    both = {**LIMIT, "cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": old["orderId"]}
    for broken, code in (({"price": "0.00001"}, -1013), ({"quantity": "0.001"}, -1013), ({"price": ""}, -1102)):
        status, answer = await client.signed("POST", "order/cancelReplace", **{**both, **broken})
        assert (status, answer["code"], answer.get("data")) == (400, code, None)
    assert len((await client.signed("GET", "openOrders"))[1]) == 1


def test_a_lists_name_is_taken_again_only_when_the_list_is_done() -> None:
    """An open list of that name is a duplicate (-2010)."""
    exchange = _market()
    placed = exchange.place_list("ann", _pair("pair"), 1)
    with pytest.raises(Refused, match="Duplicate order sent") as refused:
        exchange.place_list("ann", _pair("pair"), 2)
    assert refused.value.code == -2010
    exchange.place_list("bob", _pair("pair"), 3)
    exchange.cancel(placed.orders[0], 4)
    exchange.place_list("ann", _pair("pair"), 5)
    assert exchange.accounts["ann"].locked["ETH"] == e8(1)


def test_a_list_counts_as_many_orders_as_it_has() -> None:
    """Room for one order is no room for two."""
    exchange = _market(max_orders=2)
    exchange.place("ann", order("BUY", 1, 90), 1)
    with pytest.raises(Refused, match="MAX_NUM_ORDERS"):
        exchange.place_list("ann", _pair("pair"), 2)
    exchange.place("ann", order("BUY", 1, 90), 3)
