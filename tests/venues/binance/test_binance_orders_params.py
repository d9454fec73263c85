"""What rests at the venue becomes exactly the parameters that it documents, and what is signed is what is sent."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.core.instrument import Instrument
from engine.core.types import (
    ApprovedOrder,
    ApprovedProtection,
    ClientOrderId,
    OrderListId,
    OrderType,
    ReplaceMode,
    Side,
    Symbol,
    TimeInForce,
    TradeId,
)
from engine.venues.binance.orders_codec import OrderEncoder
from engine.venues.binance.sign import Ed25519Signer, HmacSigner, ws_payload
from engine.venues.binance.urls import ApiKeys

ETH = Instrument(Symbol("ETHUSDT"), "ETH", "USDT", 1_000_000, 10_000, 1, 90_000_000, 500_000_000, 0, 1, 10**8, True)
KEYS = ApiKeys("vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A", "secret")
SIGNER = HmacSigner(KEYS.secret)
TS_MS = 1723161255611
STOP = ApprovedOrder(
    ClientOrderId("tr-1:stop"), ETH.symbol, Side.SELL, OrderType.STOP_LOSS_LIMIT, TimeInForce.GTC, 1234, 260_000, True,
    262_000, 0, "cause", "exit:stop_loss", TradeId("t-1"), 268_300, TS_MS * 1_000_000 + 999_999,
)  # fmt: skip
TARGET = msgspec.structs.replace(
    STOP,
    client_order_id=ClientOrderId("tr-1:target"),
    order_type=OrderType.LIMIT_MAKER,
    price_ticks=280_000,
    stop_ticks=0,
)
PAIR = ApprovedProtection(OrderListId("tr-1"), TARGET, STOP, STOP.ts_ns)
PAIR_PARAMS = {
    "listClientOrderId": "tr-1",
    "symbol": "ETHUSDT",
    "side": "SELL",
    "quantity": "0.1234",
    "newOrderRespType": "FULL",
    "selfTradePreventionMode": "EXPIRE_MAKER",
    "aboveClientOrderId": "tr-1:target",
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "2800.00",
    "belowClientOrderId": "tr-1:stop",
    "belowType": "STOP_LOSS_LIMIT",
    "belowPrice": "2600.00",
    "belowStopPrice": "2620.00",
    "belowTimeInForce": "GTC",
}


def encoder(instrument: Instrument = ETH) -> OrderEncoder:
    """An encoder with an HMAC key."""
    return OrderEncoder([instrument], KEYS, SIGNER)


def changed(order: ApprovedOrder, **changes: Any) -> ApprovedOrder:
    """The same order with some fields changed."""
    return msgspec.structs.replace(order, **changes)


def sent(message: bytes) -> dict[str, Any]:
    """The parameters of a request, its signature checked against what was sent and taken off."""
    params = dict(json.loads(message)["params"])
    signature = params.pop("signature")
    assert SIGNER.sign(ws_payload((name, str(value)) for name, value in params.items())).decode() == signature
    assert (params.pop("apiKey"), params.pop("recvWindow"), params.pop("timestamp")) == (KEYS.api_key, 5000, TS_MS)
    return params


def test_a_pair_over_the_websocket_api_is_these_bytes() -> None:
    """As "Place new Order list - OCO" documents it; signed is what is sent, sorted by name."""
    signed = (
        b"aboveClientOrderId=tr-1:target&abovePrice=2800.00&aboveType=LIMIT_MAKER"
        b"&apiKey=vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
        b"&belowClientOrderId=tr-1:stop&belowPrice=2600.00&belowStopPrice=2620.00&belowTimeInForce=GTC"
        b"&belowType=STOP_LOSS_LIMIT&listClientOrderId=tr-1&newOrderRespType=FULL&quantity=0.1234&recvWindow=5000"
        b"&selfTradePreventionMode=EXPIRE_MAKER&side=SELL&symbol=ETHUSDT&timestamp=1723161255611"
    )
    message = encoder().encode_request("tr-1:stop", "orderList.place.oco", encoder().protection_params(PAIR), TS_MS)
    request = json.loads(message)
    assert (request["id"], request["method"]) == ("tr-1:stop", "orderList.place.oco")
    assert request["params"]["signature"] == SIGNER.sign(signed).decode()
    assert sent(message) == PAIR_PARAMS


def test_a_pair_over_rest_is_signed_percent_encoded_and_as_it_is_sent() -> None:
    body = encoder().encode_rest_request(encoder().protection_params(PAIR), TS_MS)
    payload, _, signature = body.partition(b"&signature=")
    assert SIGNER.sign(payload) == signature
    assert b"&belowClientOrderId=tr-1%3Astop&" in payload
    assert dict(parse_qsl(payload.decode())) == {**PAIR_PARAMS, "recvWindow": "5000", "timestamp": str(TS_MS)}


def test_a_session_that_is_logged_on_sends_a_pair_without_key_and_signature() -> None:
    private = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    logged_on = OrderEncoder([ETH], KEYS, Ed25519Signer(private.decode()))
    logged_on.is_logged_on = True
    params = logged_on.protection_params(PAIR)
    request = json.loads(logged_on.encode_request("tr-1:stop", "orderList.place.oco", params, TS_MS))
    assert request["params"] == {**PAIR_PARAMS, "recvWindow": 5000, "timestamp": TS_MS}


def test_a_pair_may_wait_on_both_sides_and_sell_at_any_price() -> None:
    target = changed(TARGET, order_type=OrderType.TAKE_PROFIT_LIMIT, target_ticks=281_000)
    stop = changed(STOP, order_type=OrderType.STOP_LOSS, price_ticks=0)
    params = encoder().protection_params(ApprovedProtection(OrderListId("tr-1"), target, stop, 1))
    shown = {name: value for name, value in params.items() if name.startswith(("above", "below"))}
    assert shown == {
        "aboveClientOrderId": "tr-1:target",
        "aboveType": "TAKE_PROFIT_LIMIT",
        "abovePrice": "2800.00",
        "aboveStopPrice": "2810.00",
        "aboveTimeInForce": "GTC",
        "belowClientOrderId": "tr-1:stop",
        "belowType": "STOP_LOSS",
        "belowStopPrice": "2620.00",
    }


@pytest.mark.parametrize(
    ("kind", "terms"),
    [
        (OrderType.STOP_LOSS, {"stopPrice": "2620.00"}),
        (OrderType.STOP_LOSS_LIMIT, {"stopPrice": "2620.00", "price": "2600.00", "timeInForce": "GTC"}),
        (OrderType.TAKE_PROFIT, {"stopPrice": "2810.00"}),
        (OrderType.TAKE_PROFIT_LIMIT, {"stopPrice": "2810.00", "price": "2600.00", "timeInForce": "GTC"}),
    ],
)
def test_an_order_that_waits_for_a_price_names_it_over_both_doors(kind: OrderType, terms: dict[str, str]) -> None:
    order = changed(STOP, order_type=kind, target_ticks=281_000)
    expected = {
        "newClientOrderId": "tr-1:stop",
        "newOrderRespType": "FULL",
        "quantity": "0.1234",
        "selfTradePreventionMode": "EXPIRE_MAKER",
        "side": "SELL",
        "symbol": "ETHUSDT",
        "type": kind.value,
        **terms,
    }
    message = encoder().encode_order(order, 0)
    assert (json.loads(message)["id"], json.loads(message)["method"]) == ("tr-1:stop", "order.place")
    assert sent(message) == expected
    payload, _, signature = encoder().encode_rest(order, 0).partition(b"&signature=")
    assert SIGNER.sign(payload) == signature
    assert dict(parse_qsl(payload.decode())) == {**expected, "recvWindow": "5000", "timestamp": str(TS_MS)}


def test_the_same_order_gives_the_same_bytes_and_the_clock_offset_is_in_them() -> None:
    assert encoder().encode_order(STOP, 3) == encoder().encode_order(STOP, 3)
    assert json.loads(encoder().encode_order(STOP, 3))["params"]["timestamp"] == TS_MS + 3


@pytest.mark.parametrize("mode", list(ReplaceMode))
def test_a_replacement_is_an_order_that_names_the_one_before(mode: ReplaceMode) -> None:
    params = encoder().replacement_params(STOP, ClientOrderId("tr-0"), mode)
    alone = sent(encoder().encode_order(STOP, 0))
    assert params == {**alone, "cancelOrigClientOrderId": "tr-0", "cancelReplaceMode": mode.value}
    limit = changed(TARGET, order_type=OrderType.LIMIT)
    assert encoder().replacement_params(limit, ClientOrderId("tr-0"), mode)["price"] == "2800.00"


def test_a_unicode_symbol_is_percent_encoded_over_rest_and_plain_over_the_websocket() -> None:
    symbol = Symbol("１２３")
    odd = encoder(msgspec.structs.replace(ETH, symbol=symbol))
    pair = ApprovedProtection(OrderListId("tr-1"), changed(TARGET, symbol=symbol), changed(STOP, symbol=symbol), 1)
    params = odd.protection_params(pair)
    assert sent(odd.encode_request("x", "orderList.place.oco", params, TS_MS))["symbol"] == symbol
    assert b"&symbol=%EF%BC%91%EF%BC%92%EF%BC%93&" in odd.encode_rest_request(params, TS_MS)


def test_nothing_but_what_the_gate_approved_is_worded() -> None:
    live = encoder()
    for other in (STOP, None, {"symbol": "ETHUSDT"}):
        with pytest.raises(TypeError, match="only an ApprovedProtection"):
            live.protection_params(other)  # type: ignore[arg-type]
    for other in (PAIR, None, {"symbol": "ETHUSDT"}):
        with pytest.raises(TypeError, match="only an ApprovedOrder"):
            live.replacement_params(other, ClientOrderId("tr-0"), ReplaceMode.ALLOW_FAILURE)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="both legs"):
        live.protection_params(ApprovedProtection(OrderListId("tr-1"), None, STOP, 1))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("target", "stop", "words"),
    [
        ({"price_ticks": 262_000}, {}, "must lie above its stop"),
        ({"qty_lots": 1}, {}, "one quantity"),
        ({"symbol": Symbol("BTCUSDT")}, {}, "one symbol"),
        ({"side": Side.BUY}, {"side": Side.BUY}, "never buys"),
        ({"order_type": OrderType.STOP_LOSS}, {}, "no target over a stop"),
        ({"order_type": OrderType.TAKE_PROFIT}, {}, "no target over a stop"),
        ({}, {"order_type": OrderType.LIMIT}, "no target over a stop"),
        ({}, {"stop_ticks": 0}, "makes no sense"),
        ({}, {"price_ticks": 0}, "makes no sense"),
        ({"qty_lots": 0}, {"qty_lots": 0}, "makes no sense"),
        ({"symbol": Symbol("BTCUSDT")}, {"symbol": Symbol("BTCUSDT")}, "not an instrument"),
        ({"client_order_id": ClientOrderId("x" * 37)}, {}, "client order id"),
        ({}, {"client_order_id": ClientOrderId('a","b":"')}, "client order id"),
    ],
)
def test_a_pair_without_words_for_it_is_refused(target: dict[str, Any], stop: dict[str, Any], words: str) -> None:
    pair = ApprovedProtection(OrderListId("tr-1"), changed(TARGET, **target), changed(STOP, **stop), 1)
    with pytest.raises(ValueError, match=words):
        encoder().protection_params(pair)


def test_a_list_and_a_cancelled_order_have_names_that_the_venue_takes() -> None:
    with pytest.raises(ValueError, match="client order id"):
        encoder().protection_params(msgspec.structs.replace(PAIR, list_id=OrderListId("a&side=BUY")))
    with pytest.raises(ValueError, match="client order id"):
        encoder().replacement_params(STOP, ClientOrderId(""), ReplaceMode.STOP_ON_FAILURE)
    with pytest.raises(ValueError, match="IOC limit at its collar"):
        encoder().replacement_params(
            changed(STOP, order_type=OrderType.MARKET), ClientOrderId("tr-0"), ReplaceMode.STOP_ON_FAILURE
        )
