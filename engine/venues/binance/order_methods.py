"""What can be asked about orders: each method of the WebSocket API, and REST's verb and path for the same."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from engine.core.types import ClientOrderId, Symbol
from engine.venues.binance.order_wires import ABSENT

Params = Mapping[str, str | int]


class Method(StrEnum):
    """A request by its name. Source: Binance, WebSocket API, "Trading requests", "Account requests"."""

    PLACE = "order.place"
    CANCEL = "order.cancel"
    REPLACE = "order.cancelReplace"
    STATUS = "order.status"
    FILLS = "myTrades"
    CANCEL_ALL = "openOrders.cancelAll"
    PLACE_LIST = "orderList.place.oco"


ROUTES: Final = {
    Method.PLACE: ("POST", "/api/v3/order"),
    Method.CANCEL: ("DELETE", "/api/v3/order"),
    Method.REPLACE: ("POST", "/api/v3/order/cancelReplace"),
    Method.STATUS: ("GET", "/api/v3/order"),
    Method.FILLS: ("GET", "/api/v3/myTrades"),
    Method.CANCEL_ALL: ("DELETE", "/api/v3/openOrders"),
    Method.PLACE_LIST: ("POST", "/api/v3/orderList/oco"),
}
"""Source: Binance, REST API, "Trading endpoints", "Account endpoints"."""

PLACING: Final = frozenset({Method.PLACE, Method.PLACE_LIST, Method.REPLACE})
CANCELLING: Final = frozenset({Method.CANCEL, Method.CANCEL_ALL})


class Asked(NamedTuple):
    """A request whose answer is awaited."""

    method: Method
    symbol: Symbol
    names: tuple[ClientOrderId, ...]
    """The orders that it is about; of a replacement, the new one."""
    deadline_s: float = 0.0
    """By the loop's clock."""
    ts_ns: int = 0
    """When it was asked."""
    replaced: tuple[ClientOrderId, ...] = ()
    """The orders that a replacement cancels: one, or all of a list."""
    result: msgspec.Raw = ABSENT
    """Of a question for fills: the answer about the order that they belong to."""
