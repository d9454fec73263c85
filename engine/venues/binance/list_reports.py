"""What the venue says of order lists and replacements, taken apart into what it says of each order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from engine.core.instrument import Instrument
from engine.core.types import ClientOrderId, ExecutionReport, Symbol
from engine.venues.binance.list_wires import AnswerShape, ListStatusWire
from engine.venues.binance.order_wires import ErrorWire, ReplacedWire
from engine.venues.binance.reports import decode_order, parse

SUCCESS: Final = "SUCCESS"
NOT_ATTEMPTED: Final = "NOT_ATTEMPTED"
"""Source: Binance, WebSocket API, "Cancel and replace order", cancelResult and newOrderResult."""
_SETTLING: Final = frozenset({"ALL_DONE", "RESPONSE"})
"""A list has ended, or something about it was refused. Source: Binance, ENUM definitions, listStatusType."""

_array = msgspec.json.Decoder(tuple[msgspec.Raw, ...])
_shape = msgspec.json.Decoder(AnswerShape)
_list_status = msgspec.json.Decoder(ListStatusWire)
_replaced = msgspec.json.Decoder(ReplacedWire)
_error = msgspec.json.Decoder(ErrorWire)


def decode_answer(
    result: bytes | msgspec.Raw, instruments: Mapping[Symbol, Instrument], ts_recv_ns: int
) -> tuple[ExecutionReport, ...]:
    """Decode an answer about an order, about all orders of a list, or about several of either; raises BadFrame.

    A cancel answers with the whole list where the order was one of a list, because all of it is cancelled then.
    """
    if bytes(result).lstrip().startswith(b"["):
        return tuple(
            report for part in parse(_array, result) for report in decode_answer(part, instruments, ts_recv_ns)
        )
    legs = parse(_shape, result).order_reports
    if legs is None:
        return decode_order(result, instruments, ts_recv_ns)
    return tuple(report for raw in legs for report in decode_order(raw, instruments, ts_recv_ns))


def decode_replaced(result: bytes | msgspec.Raw) -> ReplacedWire:
    """Decode what became of a replacement of which both halves succeeded; raises BadFrame."""
    return parse(_replaced, result)


def decode_error(response: bytes | msgspec.Raw) -> ErrorWire:
    """Decode the half of a replacement that failed; raises BadFrame."""
    return parse(_error, response)


def decode_settled_legs(event: bytes | msgspec.Raw) -> tuple[ClientOrderId, ...]:
    """Return the orders that a ``listStatus`` leaves nothing more to wait for, if it does; raises BadFrame."""
    wire = parse(_list_status, event)
    if wire.status_type not in _SETTLING:
        return ()
    return tuple(ClientOrderId(order.client_order_id) for order in wire.orders)
