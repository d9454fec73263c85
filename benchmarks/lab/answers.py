"""What the load server answers: enough of Binance for a client to start, and to every order that it expired unfilled.

An order that buys nothing leaves no position behind, so that the hundred-thousandth one meets the same account as the
first. Source of the shapes: Binance, REST API, WebSocket API and User data stream.
"""

from __future__ import annotations

import time
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from benchmarks.lab.market import SYMBOL, Market

_LIMITS: Final = (
    {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6_000},
    {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 1_000_000},
    {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 100_000_000},
)
"""The venue's own kinds of limit, and more orders a second than it allows: else the client's budget would refuse."""
_COUNTS: Final = (1, 10, 100)
"""What a reply says was used of each."""

_SYMBOL: Final = {
    "symbol": SYMBOL,
    "status": "TRADING",
    "baseAsset": "ETH",
    "baseAssetPrecision": 8,
    "quoteAsset": "USDT",
    "quotePrecision": 8,
    "quoteAssetPrecision": 8,
    "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
    "isSpotTradingAllowed": True,
    "isMarginTradingAllowed": False,
    "permissions": ["SPOT"],
    "permissionSets": [["SPOT"]],
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000.00", "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "minQty": "0.0001", "maxQty": "9000.0000", "stepSize": "0.0001"},
        {"filterType": "NOTIONAL", "minNotional": "5.0", "maxNotional": "9000000.0"},
    ],
}
_BALANCES: Final = [{"asset": "USDT", "free": "1000000.00000000", "locked": "0.00000000"}]


class Order(msgspec.Struct):
    """What is read of an order, whichever way it came."""

    price: str
    side: str
    quantity: str = "0"
    client_order_id: str = msgspec.field(default="", name="newClientOrderId")


class Call(msgspec.Struct):
    """One request of the WebSocket API, or of a market stream."""

    method: str
    id: str | int = 0
    params: msgspec.Raw = msgspec.Raw(b"{}")


def read_call(payload: bytes) -> Call:
    """Read a request of the WebSocket API."""
    return _calls.decode(payload)


def read_order(params: bytes | msgspec.Raw) -> Order:
    """Read the parameters of ``order.place``."""
    return _orders.decode(params)


def read_form(body: bytes) -> Order:
    """Read the parameters of ``POST /api/v3/order``."""
    fields = {name: values[0] for name, values in parse_qs(body.decode("ascii")).items()}
    return msgspec.convert(fields, Order)


_calls: Final = msgspec.json.Decoder(Call)
_orders: Final = msgspec.json.Decoder(Order)


def reply(call_id: str | int, result: Any) -> bytes:
    """Write the answer to a request of the WebSocket API, with the counters that the venue adds."""
    counts = [{**limit, "count": count} for limit, count in zip(_LIMITS, _COUNTS, strict=True)]
    return msgspec.json.encode({"id": call_id, "status": 200, "result": result, "rateLimits": counts})


def expired(order: Order, order_id: int) -> dict[str, Any]:
    """Word the FULL answer to an IOC order that met nobody."""
    now_ms = time.time_ns() // 1_000_000
    return {
        "symbol": SYMBOL,
        "orderId": order_id,
        "orderListId": -1,
        "clientOrderId": order.client_order_id,
        "transactTime": now_ms,
        "price": order.price,
        "origQty": order.quantity,
        "executedQty": "0.00000000",
        "origQuoteOrderQty": "0.00000000",
        "cummulativeQuoteQty": "0.00000000",
        "status": "EXPIRED",
        "timeInForce": "IOC",
        "type": "LIMIT",
        "side": order.side,
        "workingTime": now_ms,
        "fills": [],
        "selfTradePreventionMode": "EXPIRE_MAKER",
    }


def execution(order: Order, order_id: int) -> bytes:
    """Write the user stream's word of the same."""
    now_ms = time.time_ns() // 1_000_000
    event = {
        "e": "executionReport",
        "E": now_ms,
        "s": SYMBOL,
        "c": order.client_order_id,
        "S": order.side,
        "o": "LIMIT",
        "f": "IOC",
        "q": order.quantity,
        "p": order.price,
        "P": "0.00000000",
        "F": "0.00000000",
        "g": -1,
        "C": "",
        "x": "EXPIRED",
        "X": "EXPIRED",
        "r": "NONE",
        "i": order_id,
        "l": "0.00000000",
        "z": "0.00000000",
        "L": "0.00000000",
        "n": "0",
        "N": None,
        "T": now_ms,
        "t": -1,
        "I": order_id,
        "w": False,
        "m": False,
        "O": now_ms,
        "Z": "0.00000000",
        "Y": "0.00000000",
        "Q": "0.00000000",
        "V": "EXPIRE_MAKER",
    }
    return msgspec.json.encode({"subscriptionId": 0, "event": event})


def over_rest(order: Order, order_id: int) -> bytes:
    """Write the answer to ``POST /api/v3/order``."""
    return msgspec.json.encode(expired(order, order_id))


def rest(method: str, target: str, market: Market) -> tuple[int, bytes]:
    """Answer any REST request but an order: the status and the body."""
    path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
    if path == "/api/v3/depth":
        return 200, market.snapshot()
    if path == "/api/v3/klines":
        return 200, market.candles(int(query["limit"][0]))
    known = _facts().get((method, path))
    if known is not None:
        return 200, msgspec.json.encode(known)
    if path.startswith("/sapi/"):  # a stranger asks for coins and margin pairs while it loads markets
        return 200, b"[]"
    return 400, b'{"code":-2013,"msg":"Order does not exist."}'


def _facts() -> dict[tuple[str, str], Any]:
    now_ms = time.time_ns() // 1_000_000
    info = {"timezone": "UTC", "serverTime": now_ms, "rateLimits": _LIMITS, "exchangeFilters": [], "symbols": [_SYMBOL]}
    account = {"canTrade": True, "canWithdraw": False, "balances": _BALANCES, "permissions": ["SPOT"]}
    return {
        ("GET", "/api/v3/ping"): {},
        ("GET", "/api/v3/time"): {"serverTime": now_ms},
        ("GET", "/api/v3/exchangeInfo"): info,
        ("GET", "/api/v3/account"): account,
        ("GET", "/api/v3/openOrders"): [],
        ("GET", "/api/v3/myTrades"): [],
    }
