"""Everything that can be asked, once for both doors: the REST path and the WebSocket method of the same thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from engine.venues.paper.server import market_operations as market
from engine.venues.paper.server import order_operations as orders
from engine.venues.paper.server.params import Params
from engine.venues.paper.server.venue import Venue

Run = Callable[[Venue, str, Params], Any]


class Operation(msgspec.Struct, frozen=True):
    """One thing that can be asked."""

    method: str
    """Of the WebSocket API; REST-only ones have a made-up name."""
    verb: str
    path: str
    """Of REST, below ``prefix``."""
    weight: int
    run: Run
    is_signed: bool = True
    places: int = 0
    """How many new orders it counts as."""
    prefix: str = "/api/v3/"


def _public(method: str, path: str, weight: int, run: Run) -> Operation:
    return Operation(method, "GET", path, weight, run, is_signed=False)


OPERATIONS: Final = (
    _public("ping", "ping", 1, market.ping),
    _public("time", "time", 1, market.time),
    _public("exchangeInfo", "exchangeInfo", 20, market.exchange_info),
    _public("depth", "depth", 5, market.depth),
    _public("trades.recent", "trades", 25, market.trades),
    _public("klines", "klines", 2, market.klines),
    _public("ticker.price", "ticker/price", 2, market.price),
    _public("ticker.book", "ticker/bookTicker", 2, market.book_ticker),
    _public("ticker.24hr", "ticker/24hr", 2, market.day),
    _public("avgPrice", "avgPrice", 2, market.average_price),
    Operation("order.place", "POST", "order", 0, orders.place, places=1),
    Operation("order.test", "POST", "order/test", 1, orders.test),
    Operation("order.status", "GET", "order", 4, orders.status),
    Operation("order.cancel", "DELETE", "order", 1, orders.cancel),
    Operation("order.cancelReplace", "POST", "order/cancelReplace", 1, orders.cancel_replace, places=1),
    Operation("openOrders.status", "GET", "openOrders", 6, orders.open_orders),
    Operation("openOrders.cancelAll", "DELETE", "openOrders", 1, orders.cancel_all),
    Operation("allOrders", "GET", "allOrders", 20, orders.all_orders),
    Operation("orderList.place", "POST", "order/oco", 1, orders.place_classic_oco, places=2),
    Operation("orderList.place.oco", "POST", "orderList/oco", 1, orders.place_oco, places=2),
    Operation("orderList.place.oto", "POST", "orderList/oto", 1, orders.place_oto, places=2),
    Operation("orderList.place.otoco", "POST", "orderList/otoco", 1, orders.place_otoco, places=3),
    Operation("orderList.cancel", "DELETE", "orderList", 1, orders.cancel_list),
    Operation("orderList.status", "GET", "orderList", 4, orders.list_status),
    Operation("allOrderLists", "GET", "allOrderList", 20, orders.all_lists),
    Operation("openOrderLists.status", "GET", "openOrderList", 6, orders.open_lists),
    Operation("account.status", "GET", "account", 20, orders.account),
    Operation("myTrades", "GET", "myTrades", 20, orders.my_trades),
    Operation("apiRestrictions", "GET", "account/apiRestrictions", 1, orders.key_permissions, prefix="/sapi/v1/"),
)
BY_METHOD: Final = {operation.method: operation for operation in OPERATIONS}
