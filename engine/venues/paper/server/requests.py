"""Turns the parameters of order requests into orders, refusing what a type of order needs or does not take.

Source: Binance spot, "Trading endpoints", New order: additional mandatory parameters by type.
"""

from __future__ import annotations

from typing import Final

from engine.core.types import OrderType, Side, TimeInForce
from engine.venues.paper.errors import Refused, mandatory, unneeded
from engine.venues.paper.lists import NewOrderList, above_below
from engine.venues.paper.orders import CONDITIONAL, NewOrder, StpMode
from engine.venues.paper.server.pairs import check_pair
from engine.venues.paper.server.params import Params

LIMITED: Final = frozenset({OrderType.LIMIT, OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT_LIMIT})
"""Types with a price and a time in force."""
BAD_SIDE: Final = Refused(-1117, "Invalid side.")
BAD_TYPE: Final = Refused(-1116, "Invalid orderType.")
BAD_TIME_IN_FORCE: Final = Refused(-1115, "Invalid timeInForce.")
BAD_STP_MODE: Final = Refused(-1170, "Invalid selfTradePreventionMode.")


def new_order(params: Params, made_up_id: str) -> NewOrder:
    """Read one order; ``made_up_id`` names it where the client doesn't. Raises Refused."""
    order_type = params.one_of("type", OrderType, BAD_TYPE)
    _refuse_unneeded(params, order_type)
    quote_qty = params.decimal("quoteOrderQty")
    return NewOrder(
        symbol=params.symbol(),
        side=params.one_of("side", Side, BAD_SIDE),
        type=order_type,
        client_order_id=params.client_id("newClientOrderId") or made_up_id,
        time_in_force=_time_in_force(params, order_type, "timeInForce"),
        qty=0 if quote_qty else params.positive("quantity"),
        quote_qty=quote_qty,
        price=params.positive("price") if order_type in LIMITED or order_type is OrderType.LIMIT_MAKER else 0,
        stop_price=params.positive("stopPrice") if order_type in CONDITIONAL else 0,
        iceberg_qty=params.decimal("icebergQty"),
        stp_mode=_stp_mode(params),
    )


def new_oco(params: Params, made_up_id: str) -> NewOrderList:
    """Read an OCO by its two legs, ``above…`` and ``below…``. Raises Refused."""
    side, qty = params.one_of("side", Side, BAD_SIDE), params.positive("quantity")
    legs = tuple(_leg(params, prefix, side, qty, f"{made_up_id}-{prefix}") for prefix in ("above", "below"))
    check_pair(*legs)
    return NewOrderList(client_list_id=_list_id(params, made_up_id), working=None, legs=legs)


def new_classic_oco(params: Params, made_up_id: str) -> NewOrderList:
    """Read an OCO of the older form: a limit-maker price and a stop. Raises Refused."""
    side, qty, symbol = params.one_of("side", Side, BAD_SIDE), params.positive("quantity"), params.symbol()
    limit = NewOrder(
        symbol=symbol,
        side=side,
        type=OrderType.LIMIT_MAKER,
        client_order_id=params.client_id("limitClientOrderId") or f"{made_up_id}-limit",
        qty=qty,
        price=params.positive("price"),
        stp_mode=_stp_mode(params),
    )
    stop_limit = params.decimal("stopLimitPrice")
    stop_type = OrderType.STOP_LOSS_LIMIT if stop_limit else OrderType.STOP_LOSS
    stop = NewOrder(
        symbol=symbol,
        side=side,
        type=stop_type,
        client_order_id=params.client_id("stopClientOrderId") or f"{made_up_id}-stop",
        time_in_force=_time_in_force(params, stop_type, "stopLimitTimeInForce"),
        qty=qty,
        price=stop_limit,
        stop_price=params.positive("stopPrice"),
        stp_mode=_stp_mode(params),
    )
    return NewOrderList(client_list_id=_list_id(params, made_up_id), working=None, legs=above_below((limit, stop)))


def new_otoco(params: Params, made_up_id: str) -> NewOrderList:
    """Read a working order and the OCO that its fill sets off. Raises Refused."""
    side, qty = params.one_of("pendingSide", Side, BAD_SIDE), params.positive("pendingQuantity")
    prefixes = ("pendingAbove", "pendingBelow") if params.get("pendingBelowType") else ("pendingAbove",)
    legs = tuple(_leg(params, prefix, side, qty, f"{made_up_id}-{prefix}") for prefix in prefixes)
    if len(legs) == 2:
        check_pair(*legs)
    return NewOrderList(client_list_id=_list_id(params, made_up_id), working=_working(params, made_up_id), legs=legs)


def new_oto(params: Params, made_up_id: str) -> NewOrderList:
    """Read a working order and the one order that its fill sets off. Raises Refused."""
    side, qty = params.one_of("pendingSide", Side, BAD_SIDE), params.positive("pendingQuantity")
    leg = _leg(params, "pending", side, qty, f"{made_up_id}-pending")
    return NewOrderList(client_list_id=_list_id(params, made_up_id), working=_working(params, made_up_id), legs=(leg,))


def _working(params: Params, made_up_id: str) -> NewOrder:
    order = _leg(
        params,
        "working",
        params.one_of("workingSide", Side, BAD_SIDE),
        params.positive("workingQuantity"),
        f"{made_up_id}-working",
    )
    if order.type not in (OrderType.LIMIT, OrderType.LIMIT_MAKER):
        raise BAD_TYPE
    return order


def _leg(params: Params, prefix: str, side: Side, qty: int, made_up_id: str) -> NewOrder:
    order_type = params.one_of(f"{prefix}Type", OrderType, BAD_TYPE)
    has_price = order_type in LIMITED or order_type is OrderType.LIMIT_MAKER
    return NewOrder(
        symbol=params.symbol(),
        side=side,
        type=order_type,
        client_order_id=params.client_id(f"{prefix}ClientOrderId") or made_up_id,
        time_in_force=_time_in_force(params, order_type, f"{prefix}TimeInForce"),
        qty=qty,
        price=params.positive(f"{prefix}Price") if has_price else 0,
        stop_price=params.positive(f"{prefix}StopPrice") if order_type in CONDITIONAL else 0,
        stp_mode=_stp_mode(params),
    )


def _list_id(params: Params, made_up_id: str) -> str:
    return params.client_id("listClientOrderId") or made_up_id


def _stp_mode(params: Params) -> StpMode:
    return params.one_of("selfTradePreventionMode", StpMode, BAD_STP_MODE, StpMode.EXPIRE_MAKER)


def _time_in_force(params: Params, order_type: OrderType, name: str) -> TimeInForce:
    if order_type not in LIMITED:
        return TimeInForce.GTC
    return params.one_of(name, TimeInForce, BAD_TIME_IN_FORCE)


def _refuse_unneeded(params: Params, order_type: OrderType) -> None:
    """Refuse (-1106) what contradicts the type; parameters that nobody knows are let pass."""
    if order_type not in LIMITED and params.get("timeInForce"):
        raise unneeded("timeInForce")
    if order_type not in LIMITED and order_type is not OrderType.LIMIT_MAKER and params.get("price"):
        raise unneeded("price")
    if order_type not in CONDITIONAL and params.get("stopPrice"):
        raise unneeded("stopPrice")
    if params.get("quoteOrderQty") and (order_type is not OrderType.MARKET or params.get("quantity")):
        raise unneeded("quoteOrderQty")
    if order_type is OrderType.MARKET and not params.get("quantity") and not params.get("quoteOrderQty"):
        raise mandatory("quantity")
