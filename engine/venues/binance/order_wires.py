"""The venue's words about orders, as it writes them: replies, the user's stream, queries.

Unknown fields are ignored, because the venue adds them at will.
"""

from __future__ import annotations

from typing import Final

import msgspec

from engine.venues.binance.limits import RateLimitWire

ABSENT: Final = msgspec.Raw()
"""What stands for a field that did not come: a raw field can't be None."""


class ReplacedWire(msgspec.Struct, frozen=True):
    """What became of each half of ``order.cancelReplace``: a result where both succeeded, else the data of an error.

    Raw: ``{"cancelResult":"SUCCESS","newOrderResult":"FAILURE","cancelResponse":{"symbol":"ETHUSDT",…},``
    ``"newOrderResponse":{"code":-2010,"msg":"Order would immediately match and take."}}``; a half that was not tried
    is ``NOT_ATTEMPTED`` and its response null. Source: Binance, WebSocket API, "Cancel and replace order".
    """

    cancel_result: str = msgspec.field(default="", name="cancelResult")
    new_order_result: str = msgspec.field(default="", name="newOrderResult")
    cancel_response: msgspec.Raw = msgspec.field(default=ABSENT, name="cancelResponse")
    new_order_response: msgspec.Raw = msgspec.field(default=ABSENT, name="newOrderResponse")


class ErrorDataWire(ReplacedWire, frozen=True):
    """What an error says besides its words: when to speak again in ms of the venue's clock (429, 418), or what became
    of each half of a replacement (-2021, -2022)."""

    server_time: int = msgspec.field(default=0, name="serverTime")
    retry_after: int = msgspec.field(default=0, name="retryAfter")

    @property
    def wait_s(self) -> float:
        """How long the venue wants silence from now on."""
        return max(self.retry_after - self.server_time, 0) / 1000


class ErrorWire(msgspec.Struct, frozen=True):
    """The venue's error. Source: Binance, WebSocket API, "Response format"; ``data`` comes with some.

    Raw: ``{"code":-1003,"msg":"Too much request weight used.",``
    ``"data":{"serverTime":1659146357000,"retryAfter":1659146400000}}``.
    """

    code: int = 0
    msg: str = ""
    data: ErrorDataWire | None = None


class Incoming(msgspec.Struct, frozen=True):
    """Any frame of the WebSocket API: a reply, or an event of the user stream.

    Raw: ``{"id":"a-1","status":200,"result":{…},"rateLimits":[…]}``, ``{"id":"a-1","status":400,"error":{…}}`` or
    ``{"subscriptionId":0,"event":{"e":"executionReport",…}}``. Source: Binance, WebSocket API, "Response format".
    """

    id: str | int | None = None
    status: int = 0
    result: msgspec.Raw = ABSENT
    error: ErrorWire = ErrorWire()
    event: msgspec.Raw = ABSENT
    rate_limits: tuple[RateLimitWire, ...] = msgspec.field(default=(), name="rateLimits")


class FillWire(msgspec.Struct, frozen=True):
    """One fill in a FULL reply.

    Raw: ``{"price":"2683.81","qty":"0.0100","commission":"0.02683810","commissionAsset":"USDT","tradeId":17}``.
    """

    price: str
    qty: str
    commission: str
    fee_asset: str = msgspec.field(name="commissionAsset")
    fill_id: int = msgspec.field(name="tradeId")
    is_maker: bool = False


class OwnTradeWire(msgspec.Struct, frozen=True):
    """One fill of ours as ``myTrades`` lists it. Source: Binance, REST API, "Account trade list".

    Raw: ``{"symbol":"ETHUSDT","id":17,"orderId":12,"price":"2683.81","qty":"0.0100","commission":"0.02683810",``
    ``"commissionAsset":"USDT","time":1723161255611,"isBuyer":true,"isMaker":false}``.
    """

    id: int
    order_id: int = msgspec.field(name="orderId")
    price: str
    qty: str
    commission: str
    fee_asset: str = msgspec.field(name="commissionAsset")
    time: int
    is_maker: bool = msgspec.field(name="isMaker")

    def as_fill(self) -> FillWire:
        """Word it as a reply would."""
        return FillWire(self.price, self.qty, self.commission, self.fee_asset, self.id, self.is_maker)


class OrderWire(msgspec.Struct, frozen=True):
    """An order as replies and queries show it. Source: Binance, WebSocket API, "Place new order", "Query order".

    Raw: ``{"symbol":"ETHUSDT","orderId":12,"clientOrderId":"a-1","transactTime":1723161255611,"origQty":"0.0100",``
    ``"executedQty":"0.0100","cummulativeQuoteQty":"26.83","status":"FILLED","side":"BUY","fills":[…]}``.
    """

    symbol: str
    order_id: int = msgspec.field(name="orderId")
    side: str = ""
    status: str = ""
    client_order_id: str = msgspec.field(default="", name="clientOrderId")
    orig_client_order_id: str = msgspec.field(default="", name="origClientOrderId")
    """In a cancel's reply the order's own id; the other one is then the cancel's."""
    orig_qty: str = msgspec.field(default="0", name="origQty")
    executed_qty: str = msgspec.field(default="0", name="executedQty")
    executed_quote: str = msgspec.field(default="0", name="cummulativeQuoteQty")
    price: str = "0"
    transact_ms: int = msgspec.field(default=0, name="transactTime")
    update_ms: int = msgspec.field(default=0, name="updateTime")
    expiry_reason: str | None = msgspec.field(default=None, name="expiryReason")
    fills: tuple[FillWire, ...] = ()


class EventKind(msgspec.Struct, frozen=True):
    """Which event of the user stream it is. Raw: ``{"e":"executionReport",…}``."""

    kind: str = msgspec.field(default="", name="e")


class ExecutionWire(msgspec.Struct, frozen=True):
    """One step of an order. Source: Binance, User data stream, "Order update".

    Raw: ``{"e":"executionReport","E":1,"s":"ETHUSDT","c":"a-1","S":"BUY","o":"LIMIT","f":"IOC","q":"0.0100",``
    ``"p":"2690.00","C":"","x":"TRADE","X":"FILLED","r":"NONE","i":12,"l":"0.0100","z":"0.0100","L":"2683.81",``
    ``"n":"0.02683810","N":"USDT","T":1723161255611,"t":17,"m":false,"Z":"26.83810000"}``.
    """

    symbol: str = msgspec.field(name="s")
    client_order_id: str = msgspec.field(name="c")
    side: str = msgspec.field(name="S")
    qty: str = msgspec.field(name="q")
    status: str = msgspec.field(name="X")
    order_id: int = msgspec.field(name="i")
    cum_qty: str = msgspec.field(name="z")
    cum_quote: str = msgspec.field(name="Z")
    ts_ms: int = msgspec.field(name="T")
    last_qty: str = msgspec.field(default="0", name="l")
    last_price: str = msgspec.field(default="0", name="L")
    fee: str | None = msgspec.field(default="0", name="n")
    fee_asset: str | None = msgspec.field(default=None, name="N")
    fill_id: int = msgspec.field(default=-1, name="t")
    is_maker: bool = msgspec.field(default=False, name="m")
    orig_client_order_id: str = msgspec.field(default="", name="C")
    reject_reason: str = msgspec.field(default="NONE", name="r")
    expiry_reason: str | int | None = msgspec.field(default=None, name="eR")
