"""The REST door over loopback: market data, orders, refusals, headers, limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from paper_bench import RestClient, hmac_hex, now_ms, rest_client

from engine.venues.paper.defaults import PAPER_API_SECRET
from engine.venues.paper.main import ExchangeError, running_exchange
from engine.venues.paper.options import ExchangeOptions

SYMBOL = "IOTAUSDT"
BALANCES = {"USDT": "1000", "IOTA": "500"}
OPTIONS = ExchangeOptions(port=0, wait_for_client=True, balances=BALANCES)


@pytest.fixture
async def client() -> AsyncIterator[RestClient]:
    """A client of an exchange whose market stands still at 13:45, bid and ask within a cent of 1.0330."""
    async with running_exchange(OPTIONS) as urls, rest_client(urls) as connected:
        yield connected


async def test_public_market_data(client: RestClient) -> None:
    """Everything that needs no key is there, in Binance's shapes."""
    assert await client.ask("GET", "ping") == (200, {})
    status, time = await client.ask("GET", "time")
    assert abs(time["serverTime"] - now_ms()) < 2_000
    info = (await client.ask("GET", "exchangeInfo", {"symbol": SYMBOL}))[1]
    filters = {entry["filterType"]: entry for entry in info["symbols"][0]["filters"]}
    assert (filters["PRICE_FILTER"]["tickSize"], filters["LOT_SIZE"]["stepSize"]) == ("0.00010000", "0.01000000")
    depth = (await client.ask("GET", "depth", {"symbol": SYMBOL, "limit": 5}))[1]
    assert len(depth["bids"]) == len(depth["asks"]) == 5
    assert float(depth["bids"][0][0]) < float(depth["asks"][0][0])
    ticker = (await client.ask("GET", "ticker/bookTicker", {"symbol": SYMBOL}))[1]
    assert (ticker["bidPrice"], ticker["bidQty"]) == tuple(depth["bids"][0])
    klines = (await client.ask("GET", "klines", {"symbol": SYMBOL, "interval": "1m"}))[1]
    assert len(klines) >= 60
    assert all(len(row) == 12 for row in klines)
    assert status == 200


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        ("depth", {}, -1102),
        ("depth", {"symbol": "NOPE"}, -1121),
        ("depth", {"symbol": SYMBOL, "limit": "x"}, -1100),
        ("klines", {"symbol": SYMBOL, "interval": "7m"}, -1120),
        ("exchangeInfo", {"symbols": "[oops"}, -1100),
    ],
)
async def test_public_refusals(client: RestClient, path: str, params: dict[str, str], code: int) -> None:
    """A bad public request gets Binance's code and HTTP 400."""
    status, body = await client.ask("GET", path, params)
    assert (status, body["code"]) == (400, code)


async def test_a_market_order_is_answered_in_full(client: RestClient) -> None:
    """FULL by default, with fills that add up; query, own trades and account agree."""
    status, order = await client.signed(
        "POST", "order", symbol=SYMBOL, side="BUY", type="MARKET", quantity="100", newClientOrderId="mine-1"
    )
    assert status == 200
    assert (order["status"], order["executedQty"], order["clientOrderId"]) == ("FILLED", "100.00000000", "mine-1")
    assert sum(float(fill["qty"]) for fill in order["fills"]) == 100
    queried = (await client.signed("GET", "order", symbol=SYMBOL, origClientOrderId="mine-1"))[1]
    assert queried["cummulativeQuoteQty"] == order["cummulativeQuoteQty"]
    trades = (await client.signed("GET", "myTrades", symbol=SYMBOL))[1]
    assert [trade["orderId"] for trade in trades] == [order["orderId"]] * len(order["fills"])
    account = (await client.signed("GET", "account"))[1]
    balances = {entry["asset"]: float(entry["free"]) for entry in account["balances"]}
    assert balances["IOTA"] == pytest.approx(500 + 99.9)
    assert balances["USDT"] == pytest.approx(1000 - float(order["cummulativeQuoteQty"]))
    assert account["canWithdraw"] is False


@pytest.mark.parametrize(("kind", "fields"), [("ACK", 5), ("RESULT", 16), ("FULL", 17)])
async def test_the_answer_is_as_long_as_asked(client: RestClient, kind: str, fields: int) -> None:
    """newOrderRespType chooses between receipt, result and fills."""
    params = {"symbol": SYMBOL, "side": "BUY", "type": "MARKET", "quantity": "10", "newOrderRespType": kind}
    assert len((await client.signed("POST", "order", **params))[1]) == fields


async def test_a_limit_order_lives_until_cancelled(client: RestClient) -> None:
    """Open, locked, listed, cancelled, and not cancelled twice."""
    limit = {"symbol": SYMBOL, "side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "quantity": "50", "price": "1.2"}
    order = (await client.signed("POST", "order", **limit))[1]
    assert order["status"] == "NEW"
    assert [o["orderId"] for o in (await client.signed("GET", "openOrders", symbol=SYMBOL))[1]] == [order["orderId"]]
    status, cancelled = await client.signed("DELETE", "order", symbol=SYMBOL, orderId=order["orderId"])
    assert (status, cancelled["status"], cancelled["origClientOrderId"]) == (200, "CANCELED", order["clientOrderId"])
    status, refused = await client.signed("DELETE", "order", symbol=SYMBOL, orderId=order["orderId"])
    assert (status, refused) == (400, {"code": -2011, "msg": "Unknown order sent."})
    assert len((await client.signed("GET", "allOrders", symbol=SYMBOL))[1]) == 1


async def test_cancelling_everything(client: RestClient) -> None:
    """All open orders of a symbol go at once; with none open it is -2011."""
    limit = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "50", "price": "0.9"}
    for _ in range(3):
        await client.signed("POST", "order", **limit)
    assert len((await client.signed("DELETE", "openOrders", symbol=SYMBOL))[1]) == 3
    assert (await client.signed("DELETE", "openOrders", symbol=SYMBOL))[1]["code"] == -2011


BUY: dict[str, Any] = {"symbol": SYMBOL, "side": "BUY"}
LIMIT: dict[str, Any] = {**BUY, "type": "LIMIT", "timeInForce": "GTC", "quantity": "10", "price": "1"}


@pytest.mark.parametrize(
    ("params", "code", "text"),
    [
        ({**LIMIT, "symbol": "NOPE"}, -1121, "Invalid symbol."),
        ({**LIMIT, "side": "UP"}, -1117, "Invalid side."),
        ({**LIMIT, "type": "GUESS"}, -1116, "Invalid orderType."),
        ({**LIMIT, "timeInForce": "SOON"}, -1115, "Invalid timeInForce."),
        ({**LIMIT, "timeInForce": ""}, -1102, "'timeInForce'"),
        ({**LIMIT, "price": ""}, -1102, "'price'"),
        ({**LIMIT, "quantity": "0"}, -1013, "Invalid quantity."),
        ({**LIMIT, "quantity": "-1"}, -1100, "'quantity'"),
        ({**LIMIT, "quantity": "NaN"}, -1100, "'quantity'"),
        ({**LIMIT, "quantity": "1e308"}, -1100, "'quantity'"),
        ({**LIMIT, "quantity": "99999999999999999999"}, -1100, "'quantity'"),
        ({**LIMIT, "quantity": "1.123456789"}, -1111, "too much precision"),
        ({**LIMIT, "quantity": "10.001"}, -1013, "Filter failure: LOT_SIZE"),
        ({**LIMIT, "price": "1.00001"}, -1013, "Filter failure: PRICE_FILTER"),
        ({**LIMIT, "quantity": "2000"}, -2010, "insufficient balance"),
        ({**LIMIT, "stopPrice": "1"}, -1106, "'stopPrice' sent when not required"),
        ({**LIMIT, "newClientOrderId": "no spaces"}, -1100, "'newClientOrderId'"),
        ({**BUY, "type": "MARKET", "quantity": "10", "price": "1"}, -1106, "'price' sent when not required"),
        ({**BUY, "type": "MARKET", "quantity": "10", "timeInForce": "GTC"}, -1106, "'timeInForce'"),
        ({**BUY, "type": "MARKET"}, -1102, "'quantity'"),
        ({**BUY, "type": "STOP_LOSS", "quantity": "10"}, -1102, "'stopPrice'"),
        ({**BUY, "type": "STOP_LOSS", "quantity": "10", "stopPrice": "0.9"}, -2010, "trigger immediately"),
        ({**LIMIT, "type": "LIMIT_MAKER", "price": "1.2", "timeInForce": ""}, -2010, "immediately match"),
        ({**LIMIT, "selfTradePreventionMode": "MAYBE"}, -1170, "selfTradePreventionMode"),
    ],
)
async def test_order_refusals(client: RestClient, params: dict[str, Any], code: int, text: str) -> None:
    """Every way to get an order wrong has its own code, and nothing is traded."""
    status, body = await client.signed("POST", "order", **params)
    assert (status, body["code"]) == (400, code)
    assert text in body["msg"]
    assert (await client.signed("GET", "allOrders", symbol=SYMBOL))[1] == []


async def test_order_test_trades_nothing(client: RestClient) -> None:
    """A good order is answered with nothing, and nothing happens."""
    assert await client.signed("POST", "order/test", **LIMIT) == (200, {})
    assert (await client.signed("GET", "allOrders", symbol=SYMBOL))[1] == []


async def test_a_query_for_nothing(client: RestClient) -> None:
    """An order that isn't there is -2013, a question without an id -1102."""
    assert (await client.signed("GET", "order", symbol=SYMBOL, orderId=99))[1]["code"] == -2013
    assert (await client.signed("GET", "order", symbol=SYMBOL))[1]["code"] == -1102


async def test_the_signature_is_taken_from_everywhere(client: RestClient) -> None:
    """In the query, in the body, and mixed: all place; a wrong one doesn't."""
    order = "symbol=IOTAUSDT&side=BUY&type=MARKET&quantity=10"
    stamp = f"timestamp={now_ms()}"
    both, mixed = f"{order}&{stamp}", f"{order}{stamp}"
    assert (await client.raw("POST", "order", f"{both}&signature={hmac_hex(both)}"))[0] == 200
    assert (await client.raw("POST", "order", "", f"{both}&signature={hmac_hex(both)}"))[0] == 200
    assert (await client.raw("POST", "order", order, f"{stamp}&signature={hmac_hex(mixed)}"))[0] == 200
    assert (await client.raw("POST", "order", both, f"signature={hmac_hex(both)}"))[0] == 200
    status, body = await client.raw("POST", "order", f"{both}&signature={hmac_hex(both + 'x')}")
    assert (status, body["code"]) == (400, -1022)
    assert (await client.raw("POST", "order", both))[1]["code"] == -1102


async def test_a_request_without_a_key_is_unauthorised(client: RestClient) -> None:
    """No key header: HTTP 401."""
    status, body = await client.ask("GET", "account", {"timestamp": str(now_ms()), "signature": "x"})
    assert (status, body["code"]) == (401, -2014)


async def test_old_requests_are_refused(client: RestClient) -> None:
    """Outside recvWindow is -1021."""
    status, body = await client.signed("GET", "account", timestamp=now_ms() - 6_000)
    assert (status, body["code"]) == (400, -1021)


async def test_replacing_an_order(client: RestClient) -> None:
    """Cancel and new in one; when the cancel fails, STOP_ON_FAILURE does not place."""
    old = (await client.signed("POST", "order", **LIMIT))[1]
    both = {**LIMIT, "cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": old["orderId"], "price": "0.99"}
    status, answer = await client.signed("POST", "order/cancelReplace", **both)
    assert (status, answer["cancelResult"], answer["newOrderResult"]) == (200, "SUCCESS", "SUCCESS")
    status, answer = await client.signed("POST", "order/cancelReplace", **both)
    assert (status, answer["code"], answer["data"]["newOrderResult"]) == (400, -2022, "NOT_ATTEMPTED")
    status, answer = await client.signed(
        "POST", "order/cancelReplace", **{**both, "cancelReplaceMode": "ALLOW_FAILURE"}
    )
    assert (status, answer["code"], answer["data"]["newOrderResult"]) == (409, -2021, "SUCCESS")


async def test_an_oco_and_an_otoco(client: RestClient) -> None:
    """Lists are placed, shown, and cancelled as a whole, in the newer and the older form."""
    legs = {"aboveType": "LIMIT_MAKER", "abovePrice": "1.3", "belowType": "STOP_LOSS", "belowStopPrice": "0.8"}
    status, oco = await client.signed("POST", "orderList/oco", symbol=SYMBOL, side="SELL", quantity="50", **legs)
    assert (status, oco["contingencyType"], len(oco["orderReports"])) == (200, "OCO", 2)
    assert len((await client.signed("GET", "openOrderList"))[1]) == 1
    cancelled = (await client.signed("DELETE", "orderList", symbol=SYMBOL, orderListId=oco["orderListId"]))[1]
    assert cancelled["listStatusType"] == "ALL_DONE"
    old = {"symbol": SYMBOL, "side": "SELL", "quantity": "50", "price": "1.3", "stopPrice": "0.8"}
    classic = (await client.signed("POST", "order/oco", **old))[1]
    assert (await client.signed("DELETE", "order", symbol=SYMBOL, orderId=classic["orders"][0]["orderId"]))[0] == 200
    pending = {f"pending{name[0].upper()}{name[1:]}": value for name, value in legs.items()}
    working = {"workingType": "LIMIT", "workingSide": "BUY", "workingPrice": "0.9", "workingQuantity": "20"}
    otoco = (
        await client.signed(
            "POST",
            "orderList/otoco",
            symbol=SYMBOL,
            workingTimeInForce="GTC",
            pendingSide="SELL",
            pendingQuantity="19",
            **working,
            **pending,
        )
    )[1]
    assert [report["status"] for report in otoco["orderReports"]] == ["NEW", "PENDING_NEW", "PENDING_NEW"]


async def test_used_weight_and_order_counts_are_in_the_headers(client: RestClient) -> None:
    """Each answer says what its minute has used; a placed order counts, and weighs nothing."""
    query = f"symbol=IOTAUSDT&side=BUY&type=MARKET&quantity=10&timestamp={now_ms()}"
    signature = hmac_hex(query, PAPER_API_SECRET)
    url = f"{client.urls.rest}/api/v3/order?{query}&signature={signature}"
    async with client.session.post(url, headers={"X-MBX-APIKEY": OPTIONS.accounts[0].api_key}) as response:
        assert response.headers["X-MBX-USED-WEIGHT-1M"] == "0"
        assert response.headers["X-MBX-ORDER-COUNT-10S"] == "1"


async def test_too_much_weight_is_refused_and_then_banned() -> None:
    """Over the limit: 429 with Retry-After; on and on: 418."""
    options = ExchangeOptions(port=0, wait_for_client=True, weight_limit_1m=10)
    async with running_exchange(options) as urls, rest_client(urls) as client:
        statuses, retry_after = [], ""
        for _ in range(6):
            async with client.session.get(f"{urls.rest}/api/v3/depth?symbol={SYMBOL}") as response:
                statuses.append(response.status)
                retry_after = response.headers.get("Retry-After", retry_after)
    assert statuses[:3] == [200, 200, 429]
    assert statuses[-1] == 418
    assert int(retry_after) >= 1


async def test_too_many_orders_are_refused() -> None:
    """The order limit is -1015 with HTTP 429."""
    options = ExchangeOptions(port=0, wait_for_client=True, order_limit_10s=2)
    async with running_exchange(options) as urls, rest_client(urls) as client:
        answers = [await client.signed("POST", "order", **{**LIMIT, "price": "0.9"}) for _ in range(3)]
    assert answers[-1][0] == 429 or len({status for status, _ in answers}) == 1
    assert answers[-1][1].get("code", -1015) == -1015


async def test_latency_is_kept_in_both_directions() -> None:
    """With 30 ms each way an answer takes at least 60."""
    options = ExchangeOptions(port=0, wait_for_client=True, latency_in_ms=30, latency_out_ms=30)
    async with running_exchange(options) as urls, rest_client(urls) as client:
        began = asyncio.get_running_loop().time()
        await client.ask("GET", "ping")
        assert asyncio.get_running_loop().time() - began >= 0.06


async def test_a_port_in_use_is_said_so() -> None:
    """A second exchange on the same port is refused with what to do."""
    async with running_exchange(OPTIONS) as urls:
        taken = ExchangeOptions(port=int(urls.rest.rsplit(":", 1)[1]))
        with pytest.raises(ExchangeError, match="choose a free port"):
            async with running_exchange(taken):
                pass
