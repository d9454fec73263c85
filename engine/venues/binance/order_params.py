"""Approved orders in the venue's parameters: single ones of any type, a stop and a target as one list, a replacement.

The way of an order that is in a hurry is ``orders_codec``'s templates; what is here is for orders that will wait at
the venue anyway. An order that waits for a price has it in ``stop_ticks`` where it limits a loss, and in
``target_ticks`` where it takes a profit.
Source: Binance, WebSocket API, "Place new order", "Place new Order list - OCO", "Cancel and replace order".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.core.instrument import Instrument
from engine.core.types import ApprovedOrder, ApprovedProtection, ClientOrderId, OrderType, ReplaceMode, Side

Worded = dict[str, str | int]

SELF_TRADE_PREVENTION: Final = "EXPIRE_MAKER"
"""Said explicitly (C16): of two own orders that would meet, the newer intention stays. It may be an exit."""

TEMPLATED: Final = frozenset({OrderType.LIMIT, OrderType.LIMIT_MAKER})
_STOPS: Final = frozenset({OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT})
_PROFITS: Final = frozenset({OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT})
CONDITIONAL: Final = _STOPS | _PROFITS
"""Orders that wait for a price before they begin to live."""
_TIMED: Final = frozenset({OrderType.LIMIT, OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT_LIMIT})
_PRICED: Final = _TIMED | {OrderType.LIMIT_MAKER}
_TARGETS: Final = frozenset({OrderType.LIMIT_MAKER, OrderType.TAKE_PROFIT_LIMIT})

_ID_BYTES: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:/"
_ID_MAX: Final = 36


def of_order(order: ApprovedOrder, instrument: Instrument) -> Worded:
    """Word one order; raises ValueError for one that the venue has no words for."""
    return {
        "newClientOrderId": checked_id(order.client_order_id).decode(),
        "newOrderRespType": "FULL",
        "quantity": _qty(order, instrument),
        "selfTradePreventionMode": SELF_TRADE_PREVENTION,
        "side": order.side.name,
        "symbol": order.symbol,
        "type": order.order_type.value,
        **_terms(order, instrument),
    }


def of_protection(protection: ApprovedProtection, instrument: Instrument) -> Worded:
    """Word a stop and a target as an OCO that sells; raises ValueError where the two are no such pair."""
    target, stop = protection.target, protection.stop
    _check_pair(target, stop)
    return {
        "listClientOrderId": checked_id(protection.list_id).decode(),
        "newOrderRespType": "FULL",
        "quantity": _qty(stop, instrument),
        "selfTradePreventionMode": SELF_TRADE_PREVENTION,
        "side": stop.side.name,
        "symbol": stop.symbol,
        **_leg("above", target, instrument),
        **_leg("below", stop, instrument),
    }


def of_replacement(order: ApprovedOrder, cancelled: ClientOrderId, mode: ReplaceMode, instrument: Instrument) -> Worded:
    """Word an order that takes the place of another; raises ValueError as ``of_order`` does."""
    old = checked_id(cancelled).decode()
    return {**of_order(order, instrument), "cancelOrigClientOrderId": old, "cancelReplaceMode": mode.value}


def checked_id(name: str) -> bytes:
    """Return a name of ours as it is sent; raises ValueError for one that the venue doesn't take."""
    client_id = name.encode()
    if not 0 < len(client_id) <= _ID_MAX or client_id.translate(None, _ID_BYTES):
        raise ValueError(f"{name!r} is no client order id: 1 to 36 of A-Z a-z 0-9 - _ . : /")
    return client_id


def _leg(prefix: str, order: ApprovedOrder, instrument: Instrument) -> Worded:
    terms: Mapping[str, str | int] = {
        "clientOrderId": checked_id(order.client_order_id).decode(),
        "type": order.order_type.value,
        **_terms(order, instrument),
    }
    return {f"{prefix}{name[0].upper()}{name[1:]}": value for name, value in terms.items()}


def _terms(order: ApprovedOrder, instrument: Instrument) -> Worded:
    """Word what depends on the type: price, stop price, time in force."""
    kind, terms = order.order_type, Worded()
    if kind is OrderType.MARKET:
        raise ValueError("MARKET can't be sent: a market order leaves the gate as an IOC limit at its collar (C4)")
    if kind in _PRICED:
        terms["price"] = _price(order.price_ticks, instrument)
    if kind in CONDITIONAL:
        terms["stopPrice"] = _price(_trigger_ticks(order), instrument)
    if kind in _TIMED:
        terms["timeInForce"] = order.time_in_force.value
    return terms


def _check_pair(target: ApprovedOrder, stop: ApprovedOrder) -> None:
    if type(target) is not ApprovedOrder or type(stop) is not ApprovedOrder:
        raise TypeError("both legs of a protection must be ApprovedOrders: ask the gate for them")
    if target.order_type not in _TARGETS or stop.order_type not in _STOPS:
        raise ValueError(f"{target.order_type} over {stop.order_type} is no target over a stop")
    if (target.symbol, target.qty_lots) != (stop.symbol, stop.qty_lots):
        raise ValueError("a protection's stop and target must be of one symbol and one quantity")
    if target.side is not Side.SELL or stop.side is not Side.SELL:
        raise ValueError("a protection sells what is held, and never buys")
    if _level_ticks(target) <= _level_ticks(stop):
        raise ValueError("a protection's target must lie above its stop")


def _level_ticks(order: ApprovedOrder) -> int:
    """Return the price at which a leg begins to live."""
    return _trigger_ticks(order) if order.order_type in CONDITIONAL else order.price_ticks


def _trigger_ticks(order: ApprovedOrder) -> int:
    return order.stop_ticks if order.order_type in _STOPS else order.target_ticks


def _price(ticks: int, instrument: Instrument) -> str:
    if ticks <= 0:
        raise ValueError(f"a price of {ticks} ticks makes no sense")
    return instrument.price_text(ticks)


def _qty(order: ApprovedOrder, instrument: Instrument) -> str:
    if order.qty_lots <= 0:
        raise ValueError(f"an order of {order.qty_lots} lots makes no sense")
    return instrument.qty_text(order.qty_lots)
