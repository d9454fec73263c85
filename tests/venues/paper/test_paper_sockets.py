"""The WebSocket doors over loopback: streams, the WebSocket API, user events, news."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from paper_bench import now_ms, rest_client, ws_client

from engine.venues.paper.defaults import PAPER_API_KEY, PAPER_API_SECRET
from engine.venues.paper.main import running_exchange
from engine.venues.paper.options import AccountOption, ExchangeOptions, account_option
from engine.venues.paper.tape.recording import read_recording

SYMBOL = "IOTAUSDT"
STILL = ExchangeOptions(port=0, wait_for_client=True)
BUY = {"symbol": SYMBOL, "side": "BUY", "type": "MARKET", "quantity": "10"}


# --- market streams ---------------------------------------------------------------------------------------------


async def test_the_recording_arrives_unchanged_and_its_book_is_the_known_one(eth_recording: Path) -> None:
    """Every recorded frame reaches a client byte for byte; snapshot and updates give MANIFEST's book."""
    options = ExchangeOptions(port=0, tape=f"recording:{eth_recording}", speed=float("inf"), wait_for_client=True)
    expected = [frame.data for frame in read_recording(eth_recording) if frame.data.startswith(b'{"stream"')]
    names = "ethusdt@trade/ethusdt@bookTicker/ethusdt@depth@100ms"
    async with running_exchange(options) as urls, aiohttp.ClientSession() as session:
        async with session.get(f"{urls.rest}/api/v3/depth?symbol=ETHUSDT&limit=5000") as response:
            snapshot = await response.json()
        async with session.ws_connect(f"{urls.stream}/stream?streams={names}", max_msg_size=0) as socket:
            received = [(await socket.receive(timeout=20)).data.encode() for _ in expected]
        assert received == expected
        async with session.get(f"{urls.rest}/api/v3/depth?symbol=ETHUSDT&limit=20") as response:
            served = await response.json()
    followed = _follow(snapshot, received)
    assert (followed["applied"], followed["gaps"], followed["final"]) == (3432, 0, 35346671849)
    assert followed["sha256"] == "0f32d1ad7efb14fc13c7f49192915a38a7d289efd555471f65507f22889c9760"
    assert served["lastUpdateId"] == 35346671849
    assert _sha256(served["bids"], served["asks"]) == followed["sha256"]


def _follow(snapshot: dict[str, Any], frames: list[bytes]) -> dict[str, Any]:
    """Keep a local book as Binance's page tells to."""
    sides = {"b": dict(snapshot["bids"]), "a": dict(snapshot["asks"])}
    last, applied, gaps = snapshot["lastUpdateId"], 0, 0
    for frame in frames:
        data = json.loads(frame)["data"]
        if data.get("e") != "depthUpdate" or data["u"] <= last:
            continue
        gaps += data["U"] > last + 1
        for side, levels in sides.items():
            for price, qty in data[side]:
                levels[price] = qty
                if float(qty) == 0:
                    del levels[price]
        last, applied = data["u"], applied + 1
    bids = sorted(sides["b"].items(), key=lambda level: -float(level[0]))[:20]
    asks = sorted(sides["a"].items(), key=lambda level: float(level[0]))[:20]
    return {"applied": applied, "gaps": gaps, "final": last, "sha256": _sha256(bids, asks)}


def _sha256(bids: list[Any], asks: list[Any]) -> str:
    compact = json.dumps([list(level) for level in (*bids, *asks)], separators=(",", ":"))
    return hashlib.sha256(compact.encode()).hexdigest()


@asynccontextmanager
async def _socket(options: ExchangeOptions, path: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(running_exchange(options))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield await stack.enter_async_context(session.ws_connect(urls.stream + path))


async def test_subscribing_and_unsubscribing() -> None:
    """Streams can be taken and left on an open connection, and are listed."""
    async with _socket(STILL, "/ws") as socket:
        await socket.send_json({"method": "SUBSCRIBE", "params": ["iotausdt@trade", "iotausdt@depth"], "id": 1})
        assert await socket.receive_json(timeout=30.0) == {"result": None, "id": 1}
        await socket.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 2})
        reply = await _reply(socket, 2)
        assert sorted(reply["result"]) == ["iotausdt@depth", "iotausdt@trade"]
        await socket.send_json({"method": "UNSUBSCRIBE", "params": ["iotausdt@depth"], "id": "x"})
        assert (await _reply(socket, "x"))["result"] is None
        await socket.send_str("garbage")
        assert (await _reply(socket, None))["error"]["code"] == 3
        await socket.send_json({"method": "DANCE", "id": 4})
        assert (await _reply(socket, 4))["error"]["code"] == 2


async def _reply(socket: aiohttp.ClientWebSocketResponse, request_id: object) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = await socket.receive_json(timeout=30.0)
        if "id" in message and message["id"] == request_id:
            return message


async def test_candles_are_streamed_as_trades_come() -> None:
    """A kline stream follows the tape's own time."""
    async with _socket(ExchangeOptions(port=0, speed=200), "/ws/iotausdt@kline_1m") as socket:
        closed: list[dict[str, Any]] = []
        while len(closed) < 2:
            candle = (await socket.receive_json(timeout=30.0))["k"]
            closed += [candle] if candle["x"] else []
    assert closed[1]["t"] - closed[0]["t"] == 60_000
    assert closed[0]["T"] < now_ms() - 86_400_000 * 365


async def test_the_headline_is_heard_also_by_who_comes_late() -> None:
    """The story's news wire sends it once, and again to who connects within ten minutes of tape time."""
    async with running_exchange(ExchangeOptions(port=0, speed=3_000)) as urls, aiohttp.ClientSession() as session:
        assert urls.news is not None
        async with session.ws_connect(urls.news) as socket:
            first = await socket.receive_json(timeout=30.0)
        async with session.ws_connect(urls.news) as socket:
            again = await socket.receive_json(timeout=30.0)
    assert first["title"].startswith("IOTA launches data marketplace")
    assert again["title"] == first["title"]
    assert set(first) == {"id", "source", "title", "url", "ts_ms"}


async def test_a_recording_has_no_news(eth_recording: Path) -> None:
    """Its announcement says so with null."""
    async with running_exchange(ExchangeOptions(port=0, tape=f"recording:{eth_recording}")) as urls:
        assert urls.news is None
        assert urls.symbols == ("ETHUSDT",)


# --- the WebSocket API ------------------------------------------------------------------------------------------


async def test_an_order_by_hmac_and_its_events() -> None:
    """Placed with a signature of its own; reply, reports and balances follow with Binance's fields."""
    async with running_exchange(STILL) as urls, ws_client(urls) as client:
        subscribed = await client.signed("userDataStream.subscribe.signature")
        assert subscribed["result"] == {"subscriptionId": 0}
        placed = await client.signed("order.place", **BUY)
        assert (placed["status"], placed["result"]["status"]) == (200, "FILLED")
        assert [row["rateLimitType"] for row in placed["rateLimits"]] == ["REQUEST_WEIGHT", "ORDERS", "ORDERS"]
        new, trade = await client.event("executionReport"), await client.event("executionReport")
        assert (new["x"], new["X"], trade["x"], trade["X"]) == ("NEW", "NEW", "TRADE", "FILLED")
        assert (trade["i"], trade["z"], trade["N"]) == (placed["result"]["orderId"], "10.00000000", "IOTA")
        assert set("eEscSofqpPFgCxXrilzLnNTtIwmMOZYQV") <= set(trade)
        moved = await client.event("outboundAccountPosition")
        assert [balance["a"] for balance in moved["B"]] == ["IOTA", "USDT"]


async def test_a_session_by_ed25519_needs_no_further_signature() -> None:
    """After session.logon, key and signature are left out; HMAC keys can't log on."""
    private = Ed25519PrivateKey.generate()
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    options = ExchangeOptions(port=0, wait_for_client=True, accounts=(AccountOption("ann", "ed-key", pem),))
    async with running_exchange(options) as urls, ws_client(urls, "?returnRateLimits=false") as client:
        refused = await client.ask("userDataStream.subscribe")
        assert (refused["status"], refused["error"]["code"]) == (401, -2015)
        stamp = now_ms()
        signature = b64encode(private.sign(f"apiKey=ed-key&timestamp={stamp}".encode())).decode()
        logon = await client.ask("session.logon", {"apiKey": "ed-key", "timestamp": stamp, "signature": signature})
        assert logon["result"]["apiKey"] == "ed-key"
        assert "rateLimits" not in logon
        assert (await client.ask("userDataStream.subscribe"))["result"] == {"subscriptionId": 0}
        placed = await client.ask("order.place", {**BUY, "timestamp": now_ms() * 1000})
        assert placed["result"]["status"] == "FILLED"
        assert (await client.event("executionReport"))["X"] == "NEW"
        await client.ask("session.logout")
        assert (await client.ask("order.place", {**BUY, "timestamp": now_ms()}))["error"]["code"] == -2014


async def test_hmac_keys_cannot_log_on() -> None:
    """session.logon is for Ed25519 only."""
    async with running_exchange(STILL) as urls, ws_client(urls) as client:
        assert (await client.signed("session.logon"))["error"]["code"] == -4056


@pytest.mark.parametrize(
    ("method", "params", "status", "code"),
    [
        ("order.place", {**BUY, "symbol": "NOPE"}, 400, -1121),
        ("order.status", {"symbol": SYMBOL, "origClientOrderId": "never"}, 400, -2013),
        ("order.cancel", {"symbol": SYMBOL, "origClientOrderId": "never"}, 400, -2011),
        ("no.such.method", {}, 400, -1000),
    ],
)
async def test_refusals_over_the_websocket_api(method: str, params: dict[str, Any], status: int, code: int) -> None:
    """The same codes as over REST, with the request's id."""
    async with running_exchange(STILL) as urls, ws_client(urls) as client:
        answer = await client.signed(method, **params)
        assert (answer["status"], answer["error"]["code"]) == (status, code)


async def test_both_doors_see_one_account() -> None:
    """An order placed over the WebSocket API is cancelled over REST, and its owner hears of it."""
    limit = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "10", "price": "0.9"}
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(running_exchange(STILL))
        ws = await stack.enter_async_context(ws_client(urls))
        rest = await stack.enter_async_context(rest_client(urls))
        await ws.signed("userDataStream.subscribe.signature")
        placed = (await ws.signed("order.place", **limit))["result"]
        await ws.event("executionReport")
        assert (await ws.signed("openOrders.status", symbol=SYMBOL))["result"][0]["orderId"] == placed["orderId"]
        await rest.signed("DELETE", "order", symbol=SYMBOL, orderId=placed["orderId"])
        report = await ws.event("executionReport")
        assert (report["x"], report["C"]) == ("CANCELED", placed["clientOrderId"])
        assert (await ws.signed("openOrders.cancelAll", symbol=SYMBOL))["error"]["code"] == -2011


async def test_decimals_are_verified_as_they_were_written() -> None:
    """A number that a client sent without quotes is signed by its own characters."""
    async with running_exchange(STILL) as urls, ws_client(urls) as client:
        placed = await client.signed("order.place", **{**BUY, "quantity": 10.50})
        assert placed["result"]["executedQty"] == "10.50000000"


def test_an_account_is_read_from_the_command_line(tmp_path: Path) -> None:
    """name:apikey:secret, or with @ a PEM file; anything else says how it is written."""
    pem = tmp_path / "key.pem"
    pem.write_text("-----BEGIN PUBLIC KEY-----\nx\n", "utf-8")
    assert account_option("ann:key:secret") == AccountOption("ann", "key", "secret")
    assert account_option(f"ann:key:@{pem}").secret.startswith("-----BEGIN")
    assert "secret" not in repr(AccountOption("ann", PAPER_API_KEY, PAPER_API_SECRET))
    for wrong in ("ann", "ann:key", "ann:key:@/does/not/exist"):
        with pytest.raises(ValueError):
            account_option(wrong)


@pytest.mark.parametrize(
    "garbage",
    ["", "null", "[]", "{", '{"id":1}', '{"method":1}', '{"id":{},"method":"time"}', '{"method":"time","params":[]}'],
)
async def test_garbage_is_answered_and_the_line_stands(garbage: str) -> None:
    """What is no request gets -1135 and does no harm."""
    async with running_exchange(STILL) as urls, ws_client(urls) as client:
        await client.socket.send_str(garbage)
        assert (await client.hear())["error"]["code"] == -1135
        assert (await client.ask("ping"))["result"] == {}


async def test_a_session_that_ends_ends_its_user_stream() -> None:
    """Logging out terminates what userDataStream.subscribe began, and says so."""
    private = Ed25519PrivateKey.generate()
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    options = ExchangeOptions(port=0, wait_for_client=True, accounts=(AccountOption("ann", "ed-key", pem),))
    async with running_exchange(options) as urls, ws_client(urls) as client:
        stamp = now_ms()
        signature = b64encode(private.sign(f"apiKey=ed-key&timestamp={stamp}".encode())).decode()
        await client.ask("session.logon", {"apiKey": "ed-key", "timestamp": stamp, "signature": signature})
        await client.ask("userDataStream.subscribe")
        await client.ask("session.logout")
        assert (await client.event("eventStreamTerminated"))["E"] >= stamp


async def test_an_expired_order_says_why() -> None:
    """An IOC that finds nothing within its limit is EXPIRED, with the newer expiryReason in reply and report."""
    limit = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "timeInForce": "IOC", "quantity": "10", "price": "0.9"}
    async with running_exchange(STILL) as urls, ws_client(urls) as client:
        await client.signed("userDataStream.subscribe.signature")
        placed = (await client.signed("order.place", **limit))["result"]
        assert (placed["status"], placed["expiryReason"]) == ("EXPIRED", "UNFILLED_IOC_QUANTITY_EXPIRED")
        reports = [await client.event("executionReport") for _ in range(2)]
        assert (reports[1]["x"], reports[1]["eR"]) == ("EXPIRED", "UNFILLED_IOC_QUANTITY_EXPIRED")
        assert reports[0]["I"] < reports[1]["I"]


async def test_a_client_from_before_2026_listens_by_key() -> None:
    """A listen key is a stream of its account's events, until it is given back."""
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(running_exchange(STILL))
        rest = await stack.enter_async_context(rest_client(urls))
        key = (await rest.raw("POST", "userDataStream"))[1]["listenKey"]
        socket = await stack.enter_async_context(rest.session.ws_connect(f"{urls.stream}/stream?streams={key}"))
        await rest.signed("POST", "order", **BUY)
        message = await socket.receive_json(timeout=30.0)
        assert (message["stream"], message["data"]["e"]) == (key, "executionReport")
        assert await rest.raw("PUT", "userDataStream", f"listenKey={key}") == (200, {})
        assert await rest.raw("DELETE", "userDataStream", f"listenKey={key}") == (200, {})
        assert (await rest.raw("PUT", "userDataStream", f"listenKey={key}"))[1]["code"] == -1125
        assert (await rest.ask("POST", "userDataStream"))[0] == 401
