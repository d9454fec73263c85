"""Faults on demand: each does to a client exactly what it says, so many times, and nothing else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from paper_bench import RestClient, WsClient, hmac_hex, now_ms, rest_client, ws_client

from engine.venues.paper.defaults import PAPER_API_KEY
from engine.venues.paper.main import Urls, running_exchange
from engine.venues.paper.options import ExchangeOptions

SYMBOL = "IOTAUSDT"
BUY = {"symbol": SYMBOL, "side": "BUY", "type": "MARKET", "quantity": "10"}
STILL = ExchangeOptions(port=0, wait_for_client=True, order_limit_10s=0)


@asynccontextmanager
async def _doors(options: ExchangeOptions = STILL) -> AsyncIterator[tuple[Urls, RestClient, WsClient]]:
    async with running_exchange(options) as urls, rest_client(urls) as rest, ws_client(urls) as ws:
        yield urls, rest, ws


async def _order(rest: RestClient, **fault: Any) -> tuple[int, Any]:
    async with rest.session.post(f"{rest.urls.rest}/_fault", json=fault) as response:
        return response.status, await response.json()


async def _trades(rest: RestClient) -> list[dict[str, Any]]:
    trades: list[dict[str, Any]] = (await rest.signed("GET", "myTrades", symbol=SYMBOL, limit=1000))[1]
    return trades


async def test_a_lost_reply_over_rest() -> None:
    """The order fills, the connection breaks, the next request is well; a blind retry buys twice."""
    async with _doors() as (_, rest, _ws):
        await _order(rest, kind="lose_reply", operation="order.place")
        with pytest.raises(aiohttp.ClientError):
            await rest.signed("POST", "order", **BUY, newClientOrderId="once")
        status, order = await rest.signed("GET", "order", symbol=SYMBOL, origClientOrderId="once")
        assert (status, order["status"]) == (200, "FILLED")
        assert (await rest.signed("POST", "order", **BUY, newClientOrderId="once"))[0] == 200
        assert len({trade["orderId"] for trade in await _trades(rest)}) == 2


async def test_two_hundred_lost_replies_are_two_hundred_fills() -> None:
    """Asked by its id, each order whose reply was lost is there once, filled."""
    async with _doors() as (_, rest, ws):
        await _order(rest, kind="lose_reply", operation="order.place", times=200)
        for i in range(200):
            params = {**BUY, "newClientOrderId": f"lost-{i}"}
            await ws.socket.send_json({"id": f"x{i}", "method": "order.place", "params": _signed(params)})
        status = [await ws.signed("order.status", symbol=SYMBOL, origClientOrderId=f"lost-{i}") for i in range(200)]
        assert {answer["result"]["status"] for answer in status} == {"FILLED"}
        assert len({trade["orderId"] for trade in await _trades(rest)}) == 200


def _signed(params: dict[str, Any]) -> dict[str, Any]:
    full = {"apiKey": PAPER_API_KEY, "timestamp": now_ms(), **params}
    return {**full, "signature": hmac_hex("&".join(f"{name}={value}" for name, value in sorted(full.items())))}


async def test_a_lost_request_is_not_carried_out() -> None:
    """Nothing was placed, and nothing is answered."""
    async with _doors() as (_, rest, ws):
        await _order(rest, kind="lose_request", operation="order.place")
        with pytest.raises(aiohttp.ClientError):
            await rest.signed("POST", "order", **BUY)
        await _order(rest, kind="lose_request", operation="order.place")
        await ws.socket.send_json({"id": "x", "method": "order.place", "params": _signed(dict(BUY))})
        assert (await ws.ask("time"))["status"] == 200
        assert await _trades(rest) == []


async def test_a_late_reply_comes_after_others() -> None:
    """What was asked later is answered first."""
    async with _doors() as (_, rest, ws):
        await _order(rest, kind="late_reply", operation="order.place", ms=80)
        await ws.socket.send_json({"id": "late", "method": "order.place", "params": _signed(dict(BUY))})
        await ws.socket.send_json({"id": "quick", "method": "time"})
        assert [(await ws.hear())["id"], (await ws.hear())["id"]] == ["quick", "late"]


@pytest.mark.parametrize(("kind", "filled"), [("error", 0), ("error_after", 1)])
async def test_an_error_may_mean_either(kind: str, filled: int) -> None:
    """A 503 with -1007 says nothing about what was done: before, or after the fill."""
    async with _doors() as (_, rest, ws):
        await _order(rest, kind=kind, operation="order.place", times=2)
        status, body = await rest.signed("POST", "order", **BUY)
        assert (status, body["code"]) == (503, -1007)
        assert (await ws.signed("order.place", **BUY))["error"]["code"] == -1007
        assert len({trade["orderId"] for trade in await _trades(rest)}) == 2 * filled


@pytest.mark.parametrize("wanted", [429, 418])
async def test_rate_limits_on_demand(wanted: int) -> None:
    """429 once; 418 bans for the time that Retry-After says."""
    async with _doors() as (urls, rest, _):
        await _order(rest, kind="rate_limit", status=wanted, seconds=30)
        async with rest.session.get(f"{urls.rest}/api/v3/time") as response:
            assert (response.status, response.headers["Retry-After"]) == (wanted, "30")
        assert (await rest.ask("GET", "time"))[0] == (418 if wanted == 418 else 200)


async def test_duplicate_and_reordered_reports() -> None:
    """An account hears twice, or the fill before the acceptance."""
    async with _doors() as (_, rest, ws):
        await ws.signed("userDataStream.subscribe.signature")
        await _order(rest, kind="duplicate", what="user", times=1)
        await ws.signed("order.place", **BUY)
        assert [(await ws.event("executionReport"))["x"] for _ in range(3)] == ["NEW", "NEW", "TRADE"]
        await _order(rest, kind="reorder", what="executionReport")
        await ws.signed("order.place", **BUY)
        assert [(await ws.event("executionReport"))["x"] for _ in range(2)] == ["TRADE", "NEW"]


@pytest.mark.parametrize("spared", [0, 7])
async def test_a_dropped_depth_update_is_a_gap(spared: int) -> None:
    """So many updates arrive, the next is missing from the stream; the exchange's own book has it."""
    stream = "/ws/iotausdt@depth@100ms"
    async with _doors() as (urls, rest, _):
        await _order(rest, kind="drop", what="depth@100ms", after=spared)
        book = (await rest.ask("GET", "depth", {"symbol": SYMBOL}))[1]
        last, arrived = book["lastUpdateId"], 0
        async with rest.session.ws_connect(urls.stream + stream) as socket:
            update = json.loads(await socket.receive_str(timeout=30.0))
            while update["U"] == last + 1:
                last, arrived = update["u"], arrived + 1
                update = json.loads(await socket.receive_str(timeout=30.0))
        assert arrived == spared


async def test_a_connection_lives_so_long_and_no_longer() -> None:
    """The 24 hours of a WebSocket, made short."""
    options = ExchangeOptions(port=0, wait_for_client=True, connection_life_s=0.1)
    async with _doors(options) as (_, _rest, ws):
        assert (await ws.socket.receive(timeout=30.0)).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)


async def test_a_rate_limit_over_the_websocket_api_says_until_when() -> None:
    """The answer carries retryAfter, in the exchange's time."""
    async with _doors() as (_, rest, ws):
        await _order(rest, kind="rate_limit", operation="order.place", seconds=3)
        answer = await ws.signed("order.place", **BUY)
        assert answer["status"] == 429
        data = answer["error"]["data"]
        assert data["retryAfter"] - data["serverTime"] == 3_000


async def test_the_end_is_announced_and_comes() -> None:
    """serverShutdown reaches streams and WebSocket API in their own shapes, then the lines are cut."""
    async with _doors() as (urls, rest, ws), rest.session.ws_connect(f"{urls.stream}/stream?streams=") as combined:
        await ws.ask("time")
        await _order(rest, kind="server_shutdown", ms=50)
        assert (await ws.hear())["event"]["e"] == "serverShutdown"
        assert (await combined.receive_json(timeout=30.0))["data"]["e"] == "serverShutdown"
        assert (await ws.socket.receive(timeout=30.0)).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)


async def test_a_half_open_line_is_silent() -> None:
    """No data and no pong, but the connection stands; other lines are well."""
    async with _doors() as (_, rest, ws):
        await _order(rest, kind="half_open", lines="ws_api")
        await ws.socket.send_json({"id": 1, "method": "time"})
        with pytest.raises(TimeoutError):
            await ws.socket.receive(timeout=0.2)
        assert not ws.socket.closed
        assert (await rest.ask("GET", "time"))[0] == 200


async def test_lines_are_cut_without_a_word() -> None:
    """A disconnect is no proper good-bye."""
    async with _doors() as (_, rest, ws):
        await ws.ask("time")
        await _order(rest, kind="disconnect", lines="ws_api")
        assert (await ws.socket.receive(timeout=30.0)).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)


async def test_a_skewed_clock() -> None:
    """The exchange's clock is off and it judges timestamps by it, until told otherwise."""
    async with _doors() as (_, rest, _ws):
        await _order(rest, kind="clock_skew", ms=10_000)
        assert (await rest.ask("GET", "time"))[1]["serverTime"] > now_ms() + 9_000
        assert (await rest.signed("GET", "account"))[1]["code"] == -1021
        await _order(rest, kind="none")
        assert (await rest.signed("GET", "account"))[0] == 200


async def test_rules_change_while_running() -> None:
    """A halted symbol refuses orders, a new tick size shows in exchangeInfo and refuses old prices."""
    async with _doors() as (_, rest, _ws):
        await _order(rest, kind="rules", symbol=SYMBOL, status="BREAK", tick="0.01")
        info = (await rest.ask("GET", "exchangeInfo"))[1]["symbols"][0]
        assert (info["status"], info["filters"][0]["tickSize"]) == ("BREAK", "0.01000000")
        assert (await rest.signed("POST", "order", **BUY))[1]["msg"] == "Market is closed."


@pytest.mark.parametrize("fault", [{"kind": "gremlins"}, {"times": 1}, {"kind": "error", "times": "x"}])
async def test_a_fault_that_is_none_is_refused(fault: dict[str, Any]) -> None:
    """With 400 and what there is."""
    async with _doors() as (_, rest, _ws):
        assert (await _order(rest, **fault))[0] == 400


async def test_money_from_outside() -> None:
    """A balance changes without an order, and the account hears of it both ways."""
    async with _doors() as (_, rest, ws):
        await ws.signed("userDataStream.subscribe.signature")
        await _order(rest, kind="balance", asset="USDT", amount="-99999")
        assert (await ws.event("balanceUpdate"))["d"] == "-99999.00000000"
        assert (await ws.event("outboundAccountPosition"))["B"] == [{"a": "USDT", "f": "1.00000000", "l": "0.00000000"}]
        assert (await _order(rest, kind="balance", asset="USDT", amount="1", account="nobody"))[0] == 400


async def test_a_late_request_is_carried_out_later() -> None:
    """Until then the order doesn't exist; then it fills, over either door."""
    async with _doors() as (_, rest, ws):
        await _order(rest, kind="late_request", operation="order.place", ms=100, times=2)
        params = _signed({**BUY, "newClientOrderId": "late"})
        await ws.socket.send_json({"id": "late", "method": "order.place", "params": params})
        answer = await ws.signed("order.status", symbol=SYMBOL, origClientOrderId="late")
        assert answer["error"]["code"] == -2013
        assert (await ws.hear())["result"]["status"] == "FILLED"
        assert (await rest.signed("POST", "order", **BUY))[1]["status"] == "FILLED"


async def test_messages_that_were_never_made() -> None:
    """Bytes arrive as they were given, on the lines that were named and on no other."""
    async with _doors() as (urls, rest, ws), rest.session.ws_connect(f"{urls.stream}/ws/none@trade") as raw:
        await ws.ask("time")
        assert (await _order(rest, kind="inject", lines="raw", frames=["7b7d", "00ff"]))[0] == 200
        assert (await raw.receive_str(timeout=30.0)) == "{}"
        assert (await ws.ask("time"))["status"] == 200
        assert ws.events == []
        assert (await _order(rest, kind="inject", frames=["xyz"]))[0] == 400
