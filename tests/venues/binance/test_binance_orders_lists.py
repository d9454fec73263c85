"""What the venue says of order lists and replacements, in its own words, order by order.

Shapes as on Binance's pages "WebSocket API: Trading requests" and "User data stream: Order Update", with this
instrument's numbers.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.instrument import Instrument
from engine.core.types import ClientOrderId, ExecutionReport, OrderState, Symbol
from engine.venues.binance.errors import BadFrame
from engine.venues.binance.list_reports import (
    decode_answer,
    decode_error,
    decode_replaced,
    decode_settled_legs,
)
from engine.venues.binance.order_wires import ErrorWire
from engine.venues.binance.reports import decode_incoming

ETH = Instrument(Symbol("ETHUSDT"), "ETH", "USDT", 1_000_000, 10_000, 1, 90_000_000, 500_000_000, 0, 1, 10**8, True)
KNOWN = {ETH.symbol: ETH}
ABOVE, BELOW = ClientOrderId("0m6I4wfxvTUrOBSMUl0OPU"), ClientOrderId("Z2IMlR79XNY5LU0tOxrWyW")

LEG: dict[str, Any] = {
    "symbol": "ETHUSDT", "orderId": 2, "orderListId": 2, "clientOrderId": ABOVE, "transactTime": 1711062760648,
    "price": "2800.00000000", "origQty": "1.000000", "executedQty": "0.000000", "origQuoteOrderQty": "0.000000",
    "cummulativeQuoteQty": "0.00000000", "status": "NEW", "timeInForce": "GTC", "type": "LIMIT_MAKER", "side": "SELL",
    "workingTime": 1711062760648, "selfTradePreventionMode": "NONE",
}  # fmt: skip
OTHER = {
    **LEG,
    "orderId": 3,
    "clientOrderId": BELOW,
    "type": "STOP_LOSS_LIMIT",
    "stopPrice": "2620.0",
    "workingTime": -1,
}
LIST: dict[str, Any] = {
    "orderListId": 2, "contingencyType": "OCO", "listStatusType": "EXEC_STARTED", "listOrderStatus": "EXECUTING",
    "listClientOrderId": "cKPMnDCbcLQILtDYM4f4fX", "transactionTime": 1711062760648, "symbol": "ETHUSDT",
    "orders": [
        {"symbol": "ETHUSDT", "orderId": 2, "clientOrderId": ABOVE},
        {"symbol": "ETHUSDT", "orderId": 3, "clientOrderId": BELOW},
    ],
}  # fmt: skip
PLACED = {**LIST, "orderReports": [LEG, OTHER]}
CANCELLED_LEG = {**LEG, "status": "CANCELED", "origClientOrderId": ABOVE, "clientOrderId": "pXLV6Hz6mprAcVYpVMTGgx"}
CANCELLED = {
    **LIST,
    "listStatusType": "ALL_DONE",
    "orderReports": [CANCELLED_LEG, {**OTHER, "status": "CANCELED"}],
}
REPLACED: dict[str, Any] = {
    "cancelResult": "SUCCESS", "newOrderResult": "FAILURE", "cancelResponse": CANCELLED_LEG,
    "newOrderResponse": {"code": -2010, "msg": "Order would immediately match and take."},
}  # fmt: skip
LIST_STATUS: dict[str, Any] = {
    "e": "listStatus", "E": 1564035303637, "s": "ETHUSDT", "g": 2, "c": "OCO", "l": "EXEC_STARTED", "L": "EXECUTING",
    "r": "NONE", "C": "F4QN4G8DlFATFlIUQ0cjdD", "T": 1564035303625,
    "O": [{"s": "ETHUSDT", "i": 17, "c": ABOVE}, {"s": "ETHUSDT", "i": 18, "c": BELOW}],
}  # fmt: skip


def answered(answer: Any) -> list[tuple[str, OrderState]]:
    """Decode an answer to names and states."""
    reports: tuple[ExecutionReport, ...] = decode_answer(msgspec.json.encode(answer), KNOWN, 9)
    return [(report.client_order_id, report.state) for report in reports]


def test_a_placed_list_is_a_report_of_each_of_its_orders() -> None:
    assert answered(PLACED) == [(ABOVE, OrderState.WORKING), (BELOW, OrderState.WORKING)]
    first, second = decode_answer(msgspec.json.encode(PLACED), KNOWN, 9)
    assert (first.venue_order_id, first.qty_lots, second.venue_order_id, second.qty_lots) == (2, 10_000, 3, 10_000)


def test_a_cancelled_list_names_its_orders_with_or_without_the_cancels_own_name() -> None:
    assert answered(CANCELLED) == [(ABOVE, OrderState.CANCELED), (BELOW, OrderState.CANCELED)]


def test_an_answer_about_everything_lists_orders_and_lists() -> None:
    single = {**CANCELLED_LEG, "orderListId": -1, "origClientOrderId": "a-1"}
    assert [name for name, _ in answered([single, CANCELLED])] == ["a-1", ABOVE, BELOW]
    assert answered([]) == []


def test_a_list_of_another_symbol_says_nothing() -> None:
    others = [{**leg, "symbol": "BTCUSDT"} for leg in (LEG, OTHER)]
    assert answered({**PLACED, "symbol": "BTCUSDT", "orderReports": others}) == []


@pytest.mark.parametrize("answer", [{}, [1], {"orderReports": 1}, {"orderReports": [{}]}, "x", None])
def test_an_answer_that_makes_no_sense_is_refused(answer: Any) -> None:
    with pytest.raises(BadFrame):
        answered(answer)


def test_a_replacement_has_two_halves_as_an_error_and_as_a_result() -> None:
    frame = {"id": "x", "status": 409, "error": {"code": -2021, "msg": "partially failed", "data": REPLACED}}
    data = decode_incoming(msgspec.json.encode(frame)).error.data
    assert data is not None
    assert (data.cancel_result, data.new_order_result) == ("SUCCESS", "FAILURE")
    assert decode_error(data.new_order_response) == ErrorWire(-2010, "Order would immediately match and take.")
    halves = decode_replaced(msgspec.json.encode(REPLACED))
    assert (halves.cancel_result, halves.new_order_result) == ("SUCCESS", "FAILURE")
    assert decode_answer(halves.cancel_response, KNOWN, 9)[0].client_order_id == ABOVE
    with pytest.raises(BadFrame):
        decode_error(decode_replaced(b"{}").new_order_response)


@pytest.mark.parametrize(
    ("status_type", "settled"),
    [("EXEC_STARTED", ()), ("UPDATED", ()), ("ALL_DONE", (ABOVE, BELOW)), ("RESPONSE", (ABOVE, BELOW)), ("NEW", ())],
)
def test_the_news_of_a_list_settles_its_orders_or_not(status_type: str, settled: tuple[str, ...]) -> None:
    assert decode_settled_legs(msgspec.json.encode({**LIST_STATUS, "l": status_type})) == settled


@settings(max_examples=500)
@given(data=st.data())
def test_damaged_news_of_a_list_is_refused_or_decoded_and_nothing_else(data: st.DataObject) -> None:
    frame = bytearray(msgspec.json.encode({"subscriptionId": 0, "event": {**LIST_STATUS, "l": "ALL_DONE"}}))
    for _ in range(data.draw(st.integers(1, 3))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    try:
        settled = decode_settled_legs(decode_incoming(bytes(frame)).event)
    except BadFrame:
        return
    assert isinstance(settled, tuple)
