"""Approved orders become exactly the bytes that the venue documents, and nothing else can be sent."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.instrument import Instrument
from engine.core.types import ApprovedOrder, ClientOrderId, OrderRequest, OrderType, Side, Symbol, TimeInForce, TradeId
from engine.venues.binance import orders_codec
from engine.venues.binance.orders_codec import OrderEncoder
from engine.venues.binance.sign import HmacSigner, ws_payload
from engine.venues.binance.urls import ApiKeys

ETH = Instrument(Symbol("ETHUSDT"), "ETH", "USDT", 1_000_000, 10_000, 1, 90_000_000, 500_000_000, 0, 1, 10**8, True)
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
KEYS = ApiKeys("vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A", SECRET)
ORDER = ApprovedOrder(
    client_order_id=ClientOrderId("sma-17231-1"),
    symbol=Symbol("ETHUSDT"),
    side=Side.BUY,
    order_type=OrderType.LIMIT,
    time_in_force=TimeInForce.IOC,
    qty_lots=1234,
    price_ticks=268380,
    reduce_only=False,
    stop_ticks=0,
    target_ticks=0,
    cause_id="signal-1",
    origin="strategy:sma_cross",
    trade_id=TradeId("t-1"),
    ref_ticks=268300,
    ts_ns=1723161255611_999_999,
)


def encoder(*instruments: Instrument, keys: ApiKeys = KEYS) -> OrderEncoder:
    """An encoder with an HMAC key."""
    return OrderEncoder(instruments or (ETH,), keys, HmacSigner(keys.secret))


def params_of(message: bytes) -> dict[str, Any]:
    """The parameters of a WebSocket API request, its signature checked and taken off."""
    params = json.loads(message)["params"]
    signature = params.pop("signature")
    payload = ws_payload((name, str(value)) for name, value in params.items())
    assert HmacSigner(SECRET).sign(payload).decode() == signature
    return dict(params)


def test_an_order_over_the_websocket_api_is_these_bytes() -> None:
    signed = (
        b"apiKey=vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A&newClientOrderId=sma-17231-1"
        b"&newOrderRespType=FULL&price=2683.80&quantity=0.1234&recvWindow=5000&selfTradePreventionMode=EXPIRE_MAKER"
        b"&side=BUY&symbol=ETHUSDT&timeInForce=IOC&timestamp=1723161256861&type=LIMIT"
    )
    assert encoder().encode_order(ORDER, 1250) == (
        b'{"id":"sma-17231-1","method":"order.place","params":{"apiKey":"%b","newClientOrderId":"sma-17231-1",'
        b'"newOrderRespType":"FULL","price":"2683.80","quantity":"0.1234","recvWindow":5000,'
        b'"selfTradePreventionMode":"EXPIRE_MAKER","side":"BUY","symbol":"ETHUSDT","timeInForce":"IOC",'
        b'"timestamp":1723161256861,"type":"LIMIT","signature":"%b"}}'
        % (KEYS.api_key.encode(), HmacSigner(SECRET).sign(signed))
    )


def test_a_session_that_is_logged_on_sends_neither_key_nor_signature() -> None:
    logged_on = encoder()
    logged_on.is_logged_on = True
    params = json.loads(logged_on.encode_order(ORDER, 0))["params"]
    assert {"apiKey", "signature"}.isdisjoint(params)
    assert params["timestamp"] == 1723161255611


def test_the_same_order_gives_the_same_bytes() -> None:
    assert encoder().encode_order(ORDER, 3) == encoder().encode_order(ORDER, 3)


def test_an_order_over_rest_carries_the_same_fields_and_a_signature_of_its_payload() -> None:
    body = encoder().encode_rest(ORDER, 0)
    payload, _, signature = body.partition(b"&signature=")
    assert HmacSigner(SECRET).sign(payload) == signature
    expected = params_of(encoder().encode_order(ORDER, 0))
    del expected["apiKey"]
    assert dict(parse_qsl(payload.decode())) == {name: str(value) for name, value in expected.items()}


def test_a_post_only_order_has_no_time_in_force() -> None:
    order = msgspec.structs.replace(ORDER, order_type=OrderType.LIMIT_MAKER, side=Side.SELL)
    params = params_of(encoder().encode_order(order, 0))
    assert (params["type"], params["side"]) == ("LIMIT_MAKER", "SELL")
    assert "timeInForce" not in params


def test_a_unicode_symbol_is_percent_encoded_over_rest_and_plain_over_the_websocket() -> None:
    symbol = Symbol("１２３４５６")
    order = msgspec.structs.replace(ORDER, symbol=symbol)
    odd = encoder(msgspec.structs.replace(ETH, symbol=symbol))
    assert params_of(odd.encode_order(order, 0))["symbol"] == symbol
    assert b"&symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&" in odd.encode_rest(order, 0)


def test_new_ticks_and_lots_count_from_the_next_order_on() -> None:
    live = encoder()
    live.encode_order(ORDER, 0)
    live.set_instruments([msgspec.structs.replace(ETH, tick_e8=10_000_000, lot_e8=100_000_000)])
    params = params_of(live.encode_order(ORDER, 0))
    assert (params["price"], params["quantity"]) == ("26838.0", "1234")


def test_no_order_in_a_hurry_waits_for_its_template(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each side's market and limit orders are rendered before there is one: known, logged on, and in new units."""
    known, logged_on, changed, grown = (encoder() for _ in range(4))
    logged_on.is_logged_on = True
    changed.set_instruments([msgspec.structs.replace(ETH, tick_e8=10_000_000)])
    other = Symbol("BTCUSDT")
    grown.set_instruments([ETH, msgspec.structs.replace(ETH, symbol=other)])
    orders = [
        msgspec.structs.replace(ORDER, symbol=symbol, side=side, time_in_force=time_in_force)
        for symbol in (ORDER.symbol, other)
        for side in Side
        for time_in_force in (TimeInForce.IOC, TimeInForce.GTC)
    ]
    expected = [[live.encode_order(order, 0) for order in orders[:4]] for live in (encoder(), changed)]
    monkeypatch.setattr(orders_codec, "_render", lambda *args: pytest.fail(f"rendered on the way: {args}"))
    assert [known.encode_order(order, 0) for order in orders[:4]] == expected[0]
    assert all(b"signature" not in logged_on.encode_order(order, 0) for order in orders[:4])
    assert [changed.encode_order(order, 0) for order in orders[:4]] == expected[1]
    assert all(order.symbol.encode() in grown.encode_order(order, 0) for order in orders)


@given(
    ticks=st.integers(1, 10**9),
    lots=st.integers(1, 10**9),
    tick_e8=st.sampled_from([1, 10, 2500, 10_000, 1_000_000, 50_000_000, 10**8, 10**9]),
    lot_e8=st.sampled_from([1, 1000, 10_000, 10**8]),
)
def test_prices_and_quantities_are_written_as_the_instrument_writes_them(
    ticks: int, lots: int, tick_e8: int, lot_e8: int
) -> None:
    instrument = msgspec.structs.replace(ETH, tick_e8=tick_e8, lot_e8=lot_e8)
    order = msgspec.structs.replace(ORDER, price_ticks=ticks, qty_lots=lots)
    params = json.loads(encoder(instrument).encode_order(order, 0))["params"]
    assert params["price"] == instrument.price_text(ticks)
    assert params["quantity"] == instrument.qty_text(lots)


def test_nothing_but_an_approved_order_is_encoded() -> None:
    request = OrderRequest(
        ORDER.client_order_id, ORDER.symbol, Side.BUY, OrderType.MARKET, 1, 0, False, 0, 0, "c", "o", TradeId("t"), 1
    )
    for other in (request, None, {"symbol": "ETHUSDT"}, object()):
        with pytest.raises(TypeError, match="only an ApprovedOrder"):
            encoder().encode_order(other, 0)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="only an ApprovedOrder"):
            encoder().encode_rest(other, 0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"order_type": OrderType.MARKET}, "IOC limit at its collar"),
        ({"order_type": OrderType.STOP_LOSS}, "makes no sense"),
        ({"symbol": Symbol("BTCUSDT")}, "not an instrument"),
        ({"qty_lots": 0}, "makes no sense"),
        ({"price_ticks": -1}, "makes no sense"),
        ({"client_order_id": ClientOrderId("")}, "client order id"),
        ({"client_order_id": ClientOrderId("x" * 37)}, "client order id"),
        ({"client_order_id": ClientOrderId('a","b":"')}, "client order id"),
        ({"client_order_id": ClientOrderId("a&side=SELL")}, "client order id"),
        ({"client_order_id": ClientOrderId("é")}, "client order id"),
    ],
)
def test_an_order_without_words_for_it_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        encoder().encode_order(msgspec.structs.replace(ORDER, **changes), 0)


def test_other_requests_are_signed_until_logged_on() -> None:
    live = encoder()
    message = live.encode_request(7, "order.cancel", {"symbol": "ETHUSDT", "origClientOrderId": "a"}, 1723161255611)
    assert json.loads(message)["id"] == 7
    assert params_of(message) == {
        "symbol": "ETHUSDT",
        "origClientOrderId": "a",
        "apiKey": KEYS.api_key,
        "recvWindow": 5000,
        "timestamp": 1723161255611,
    }
    live.is_logged_on = True
    assert "signature" not in json.loads(live.encode_request(8, "order.cancel", {}, 1))["params"]
    assert params_of(live.encode_signed(9, "session.logon", {}, 1))["apiKey"] == KEYS.api_key
