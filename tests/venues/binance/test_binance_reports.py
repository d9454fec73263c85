"""What the venue says of our orders, in its own words, to reports and failures."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.instrument import Instrument
from engine.core.types import ExecutionReport, OrderState, Side, Symbol
from engine.venues.binance.errors import BadFrame
from engine.venues.binance.order_wires import ErrorWire
from engine.venues.binance.reports import (
    decode_execution,
    decode_incoming,
    decode_open_orders,
    decode_order,
    decode_order_with_fills,
    is_about_stale_facts,
    is_ambiguous,
    is_partly_told,
)

ETH = Instrument(Symbol("ETHUSDT"), "ETH", "USDT", 1_000_000, 10_000, 1, 90_000_000, 500_000_000, 0, 1, 10**8, True)
KNOWN = {ETH.symbol: ETH}

# Shapes as on Binance's pages "User data stream: Order update" and "Place new order", with this instrument's numbers.
EXECUTION: dict[str, Any] = {
    "e": "executionReport", "E": 1499405658658, "s": "ETHUSDT", "c": "a-1", "S": "BUY", "o": "LIMIT", "f": "IOC",
    "q": "1.00000000", "p": "2690.00000000", "P": "0.00000000", "F": "0.00000000", "g": -1, "C": "", "x": "TRADE",
    "X": "PARTIALLY_FILLED", "r": "NONE", "i": 4293153, "l": "0.25000000", "z": "0.50000000", "L": "2683.81000000",
    "n": "0.67095250", "N": "USDT", "T": 1499405658657, "t": 17, "v": 3, "I": 8641984, "w": True, "m": False,
    "M": False, "O": 1499405658657, "Z": "1341.90500000", "Y": "670.95250000", "Q": "0.00000000", "V": "EXPIRE_MAKER",
    "eR": "",
}  # fmt: skip
PLACED: dict[str, Any] = {
    "symbol": "ETHUSDT", "orderId": 28, "orderListId": -1, "clientOrderId": "a-1", "transactTime": 1507725176595,
    "price": "2690.00000000", "origQty": "1.00000000", "executedQty": "1.00000000",
    "cummulativeQuoteQty": "2684.30500000", "status": "FILLED", "timeInForce": "IOC", "type": "LIMIT", "side": "BUY",
    "workingTime": 1507725176595, "selfTradePreventionMode": "EXPIRE_MAKER",
    "fills": [
        {"price": "2683.81000000", "qty": "0.50000000", "commission": "1.34", "commissionAsset": "USDT", "tradeId": 56},
        {"price": "2684.80000000", "qty": "0.50000000", "commission": "1.35", "commissionAsset": "USDT", "tradeId": 57},
    ],
}  # fmt: skip


def execution(**changes: Any) -> ExecutionReport | None:
    """Decode the report above with some fields changed."""
    return decode_execution(msgspec.json.encode({**EXECUTION, **changes}), KNOWN, 9)


def placed(**changes: Any) -> tuple[ExecutionReport, ...]:
    """Decode the reply above with some fields changed."""
    return decode_order(msgspec.json.encode({**PLACED, **changes}), KNOWN, 9)


def test_an_execution_report_is_decoded_whole() -> None:
    assert execution() == ExecutionReport(
        symbol=ETH.symbol,
        client_order_id="a-1",  # type: ignore[arg-type]
        venue_order_id=4293153,  # type: ignore[arg-type]
        side=Side.BUY,
        state=OrderState.PARTIALLY_FILLED,
        qty_lots=10_000,
        cum_qty_lots=5_000,
        cum_quote_e8=134_190_500_000,
        fill_id=17,
        last_qty_lots=2_500,
        last_price_ticks=268_381,
        fee_e8=67_095_250,
        fee_asset="USDT",
        is_maker=False,
        reason="",
        ts_exchange_ns=1499405658657_000_000,
        ts_recv_ns=9,
    )


def test_a_report_without_a_fill_has_no_fill_id() -> None:
    report = execution(x="NEW", X="NEW", t=-1, l="0.00000000", L="0.00000000", n="0", N=None, z="0.0", Z="0.0")
    assert report is not None
    assert (report.state, report.fill_id, report.fee_asset) == (OrderState.WORKING, 0, "")


def test_a_cancel_is_told_of_the_order_and_not_of_the_cancel() -> None:
    report = execution(x="CANCELED", X="CANCELED", c="cancel-9", C="a-1")
    assert report is not None
    assert (report.client_order_id, report.state) == ("a-1", OrderState.CANCELED)


@pytest.mark.parametrize("reason", ["INSUFFICIENT_LIQUIDITY", 7])
def test_an_expiry_tells_its_reason(reason: str | int) -> None:
    report = execution(x="EXPIRED", X="EXPIRED", eR=reason)
    assert report is not None
    assert (report.state, report.reason) == (OrderState.EXPIRED, str(reason))


def test_an_unknown_status_is_asked_about_and_never_assumed() -> None:
    report = execution(X="SOMETHING_NEW")
    assert report is not None
    assert report.state is OrderState.UNKNOWN


def test_an_order_of_another_symbol_is_not_ours() -> None:
    assert execution(s="BTCUSDT") is None
    assert placed(symbol="BTCUSDT") == ()


@pytest.mark.parametrize("field", ["s", "c", "S", "q", "X", "i", "z", "Z", "T"])
def test_a_report_without_a_needed_field_is_refused(field: str) -> None:
    with pytest.raises(BadFrame):
        decode_execution(msgspec.json.encode({k: v for k, v in EXECUTION.items() if k != field}), KNOWN, 9)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("q", "NaN"),
        ("z", "inf"),
        ("L", "1e308"),
        ("n", "x"),
        ("l", ""),
        ("L", "2683.815"),
        ("q", "0.00001"),
        ("S", "LONG"),
    ],
)
def test_a_report_with_a_number_that_makes_no_sense_is_refused(field: str, value: str) -> None:
    with pytest.raises(BadFrame):
        execution(**{field: value})


def test_a_filled_reply_tells_each_fill_once_and_ends_filled() -> None:
    first, second = placed()
    assert (first.fill_id, first.state, first.cum_qty_lots) == (56, OrderState.PARTIALLY_FILLED, 5_000)
    assert (first.cum_quote_e8, first.last_price_ticks, first.fee_e8) == (134_190_500_000, 268_381, 134_000_000)
    assert (second.fill_id, second.state, second.cum_qty_lots) == (57, OrderState.FILLED, 10_000)
    assert second.cum_quote_e8 == 268_430_500_000


def test_an_ioc_that_filled_in_part_ends_expired_after_its_fills() -> None:
    states = [
        (report.fill_id, report.state, report.cum_qty_lots)
        for report in placed(status="EXPIRED", executedQty="0.5", fills=PLACED["fills"][:1])
    ]
    assert states == [(56, OrderState.PARTIALLY_FILLED, 5_000), (0, OrderState.EXPIRED, 5_000)]


def test_a_cancels_reply_names_the_order() -> None:
    (report,) = placed(status="CANCELED", clientOrderId="c-1", origClientOrderId="a-1", executedQty="0", fills=[])
    assert (report.client_order_id, report.state) == ("a-1", OrderState.CANCELED)


def test_a_query_is_completed_with_the_fills_of_the_order() -> None:
    query = msgspec.json.encode({k: v for k, v in PLACED.items() if k != "fills"})
    trades = msgspec.json.encode(
        [
            {"symbol": "ETHUSDT", "id": fill["tradeId"], "orderId": 28, "price": fill["price"], "qty": fill["qty"],
             "commission": fill["commission"], "commissionAsset": "USDT", "time": 1, "isBuyer": True, "isMaker": False}
            for fill in PLACED["fills"]
        ]
    )  # fmt: skip
    assert is_partly_told(query)
    assert decode_order_with_fills(query, trades, KNOWN, 9) == placed()
    assert not is_partly_told(msgspec.json.encode({**PLACED, "fills": [], "executedQty": "0.00000000"}))


def test_open_orders_of_other_symbols_are_left_out() -> None:
    mine = {**PLACED, "status": "NEW", "fills": [], "executedQty": "0"}
    reports = decode_open_orders(msgspec.json.encode([{**mine, "symbol": "BTCUSDT"}, mine]), KNOWN, 9)
    assert [(report.symbol, report.state) for report in reports] == [("ETHUSDT", OrderState.WORKING)]


@pytest.mark.parametrize(
    ("status", "code", "message", "expected"),
    [
        (400, -2010, "Account has insufficient balance for requested action.", False),
        (400, -1013, "Filter failure: LOT_SIZE", False),
        (400, -1021, "Timestamp for this request is outside of the recvWindow.", False),
        (401, -2015, "Invalid API-key, IP, or permissions for action.", False),
        (429, -1003, "Too many requests.", False),
        (418, -1003, "Way too much request weight used; IP banned.", False),
        (500, -1000, "An unknown error occurred while processing the request.", True),
        (503, 0, "", True),
        (400, -1006, "An unexpected response was received from the message bus.", True),
        (400, -1007, "Timeout waiting for response from backend server.", True),
        (403, 0, "", True),
        (0, 0, "", True),
        (400, -2010, "Duplicate order sent.", True),
    ],
)
def test_an_error_is_certain_or_ambiguous(status: int, code: int, message: str, expected: bool) -> None:
    assert is_ambiguous(status, ErrorWire(code, message)) is expected


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [(-1021, "", True), (-1013, "", True), (-2010, "Market is closed.", True), (-2010, "no money", False)],
)
def test_some_refusals_show_that_what_we_know_is_old(code: int, message: str, expected: bool) -> None:
    assert is_about_stale_facts(ErrorWire(code, message)) is expected


@settings(max_examples=500)
@given(data=st.data())
def test_a_damaged_report_is_refused_or_decoded_and_nothing_else(data: st.DataObject) -> None:
    frame = bytearray(msgspec.json.encode({"subscriptionId": 0, "event": EXECUTION}))
    for _ in range(data.draw(st.integers(1, 3))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    try:
        report = decode_execution(decode_incoming(bytes(frame)).event, KNOWN, 9)
    except BadFrame:
        return
    assert report is None or isinstance(report.state, OrderState)
