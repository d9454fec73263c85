"""What the venue says of order lists and replacements, taken apart into what it says of each order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from engine.core.account import OpenOrderList
from engine.core.instrument import Instrument
from engine.core.types import ClientOrderId, ExecutionReport, OrderListId, Symbol
from engine.venues.binance.list_wires import AnswerShape, ListStatusWire, OrderListWire
from engine.venues.binance.order_wires import ErrorWire, ReplacedWire
from engine.venues.binance.reports import decode_order, parse

SUCCESS: Final = "SUCCESS"
NOT_ATTEMPTED: Final = "NOT_ATTEMPTED"
"""Source: Binance, WebSocket API, "Cancel and replace order", cancelResult and newOrderResult."""
_SETTLING: Final = frozenset({"ALL_DONE", "RESPONSE"})
"""A list has ended, or something about it was refused. Source: Binance, ENUM definitions, listStatusType."""

_array = msgspec.json.Decoder(tuple[msgspec.Raw, ...])
_shape = msgspec.json.Decoder(AnswerShape)
_list = msgspec.json.Decoder(OrderListWire)
_lists = msgspec.json.Decoder(tuple[OrderListWire, ...])
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


def decode_open_lists(
    result: bytes | msgspec.Raw, instruments: Mapping[Symbol, Instrument]
) -> tuple[OpenOrderList, ...]:
    """Decode the lists that are open, those of other symbols left out; raises BadFrame."""
    return tuple(_open_list(wire) for wire in parse(_lists, result) if wire.symbol in instruments)


def decode_legs(result: bytes | msgspec.Raw, names: Sequence[ClientOrderId]) -> dict[ClientOrderId, int]:
    """Return the venue's ids of a list's orders by our names of them, as far as they can be told; raises BadFrame.

    A cancelled order bears the cancel's name there. So a single name that is missing is the single one left over.
    Source: Binance, WebSocket API, "Cancel order": newClientOrderId replaces the clientOrderId.
    """
    wire = parse(_list, result)
    ids = {ClientOrderId(order.client_order_id): order.order_id for order in wire.orders}
    found = {name: ids.pop(name) for name in names if name in ids}
    missing = [name for name in names if name not in found]
    if len(missing) == len(ids) == 1:
        found[missing[0]] = ids.popitem()[1]
    return found


def decode_settled_legs(event: bytes | msgspec.Raw) -> tuple[ClientOrderId, ...]:
    """Return the orders that a ``listStatus`` leaves nothing more to wait for, if it does; raises BadFrame."""
    wire = parse(_list_status, event)
    if wire.status_type not in _SETTLING:
        return ()
    return tuple(ClientOrderId(order.client_order_id) for order in wire.orders)


def _open_list(wire: OrderListWire) -> OpenOrderList:
    legs = tuple(ClientOrderId(order.client_order_id) for order in wire.orders)
    return OpenOrderList(OrderListId(wire.client_list_id), Symbol(wire.symbol), legs)
