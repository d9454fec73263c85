"""How orders, fills, accounts and user events look from outside: Binance's own fields, all of them.

Source: Binance spot, "Trading endpoints", "Account Endpoints", "User Data Streams".
"""

from __future__ import annotations

from typing import Any

from engine.venues.paper.accounts import Account
from engine.venues.paper.lists import OrderList
from engine.venues.paper.orders import CONDITIONAL, DepositEvent, Execution, Fill, Order, OrderEvent
from engine.venues.paper.units import PPM, text8

Payload = dict[str, Any]


def ack(order: Order) -> Payload:
    """Answer to a new order, ``newOrderRespType=ACK``."""
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "clientOrderId": order.client_order_id,
        "transactTime": order.time_ms,
    }


def result(order: Order) -> Payload:
    """Answer to a new order, ``newOrderRespType=RESULT``."""
    return {**ack(order), "transactTime": order.update_ms, **_amounts(order), **_working(order), **_conditional(order)}


def full(order: Order) -> Payload:
    """Answer to a new order, ``newOrderRespType=FULL``."""
    return {**result(order), "fills": [_fill(fill) for fill in order.fills]}


def queried(order: Order) -> Payload:
    """Answer to a query for an order."""
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "clientOrderId": order.client_order_id,
        **_amounts(order),
        "stopPrice": text8(order.request.stop_price),
        "icebergQty": text8(order.request.iceberg_qty),
        "time": order.time_ms,
        "updateTime": order.update_ms,
        "isWorking": order.is_working or not order.is_open,
        **_working(order),
    }


def canceled(order: Order, cancel_client_id: str) -> Payload:
    """Answer to a cancel."""
    return {
        "symbol": order.symbol,
        "origClientOrderId": order.client_order_id,
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "clientOrderId": cancel_client_id,
        "transactTime": order.update_ms,
        **_amounts(order),
        "selfTradePreventionMode": order.request.stp_mode.value,
        **_conditional(order),
    }


def my_trade(order: Order, fill: Fill) -> Payload:
    """One row of an account's own trades."""
    return {
        "symbol": order.symbol,
        "id": fill.trade_id,
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "price": text8(fill.price),
        "qty": text8(fill.qty),
        "quoteQty": text8(fill.quote),
        "commission": text8(fill.fee),
        "commissionAsset": fill.fee_asset,
        "time": fill.time_ms,
        "isBuyer": order.side > 0,
        "isMaker": fill.is_maker,
        "isBestMatch": True,
    }


def account(owner: Account, maker_ppm: int, taker_ppm: int, now_ms: int, *, omit_zero: bool) -> Payload:
    """Return an account; it may trade, and never withdraw."""
    maker, taker = text8(maker_ppm * 100_000_000 // PPM), text8(taker_ppm * 100_000_000 // PPM)
    return {
        "makerCommission": maker_ppm // 100,
        "takerCommission": taker_ppm // 100,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {"maker": maker, "taker": taker, "buyer": text8(0), "seller": text8(0)},
        "canTrade": True,
        "canWithdraw": False,
        "canDeposit": False,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": now_ms,
        "accountType": "SPOT",
        "balances": [
            {"asset": asset, "free": text8(free), "locked": text8(owner.locked[asset])}
            for asset, free in sorted(owner.free.items())
            if free or owner.locked[asset] or not omit_zero
        ],
        "permissions": ["SPOT"],
        "uid": 1,
    }


def order_list(placed: OrderList, now_ms: int | None = None) -> Payload:
    """Return an order list without its orders' reports."""
    return {
        "orderListId": placed.list_id,
        "contingencyType": placed.request.contingency,
        "listStatusType": "ALL_DONE" if placed.is_done else "EXEC_STARTED",
        "listOrderStatus": "ALL_DONE" if placed.is_done else "EXECUTING",
        "listClientOrderId": placed.request.client_list_id,
        "transactionTime": now_ms or placed.time_ms,
        "symbol": placed.request.symbol,
        "orders": [
            {"symbol": order.symbol, "orderId": order.order_id, "clientOrderId": order.client_order_id}
            for order in placed.orders
        ],
    }


def execution_report(event: OrderEvent) -> Payload:
    """Return the user event of what happened to an order."""
    order, fill, new = event.order, event.fill, event.order.request
    is_cancel = event.what is Execution.CANCELED
    payload: Payload = {
        "e": "executionReport",
        "E": event.time_ms,
        "s": order.symbol,
        "c": (event.cancel_client_id or order.client_order_id) if is_cancel else order.client_order_id,
        "S": order.side.name,
        "o": new.type.value,
        "f": new.time_in_force.value,
        "q": text8(order.qty),
        "p": text8(order.price),
        "P": text8(new.stop_price),
        "F": text8(new.iceberg_qty),
        "g": order.list_id,
        "C": order.client_order_id if is_cancel else "",
        "x": event.what.value,
        "X": order.status.value,
        "r": "NONE",
        "i": order.order_id,
        "l": text8(fill.qty if fill else 0),
        "z": text8(order.executed),
        "L": text8(fill.price if fill else 0),
        "n": text8(fill.fee) if fill else "0",
        "N": fill.fee_asset if fill else None,
        "T": event.time_ms,
        "t": fill.trade_id if fill else -1,
        "I": event.execution_id,
        "w": order.is_working,
        "m": bool(fill and fill.is_maker),
        "M": fill is not None,
        "O": order.time_ms,
        "Z": text8(order.cum_quote),
        "Y": text8(fill.quote if fill else 0),
        "Q": text8(new.quote_qty),
        "V": new.stp_mode.value,
    }
    if order.working_ms >= 0:
        payload["W"] = order.working_ms
    if order.expiry_reason is not None:
        payload["eR"] = order.expiry_reason.value
    if event.what is Execution.TRADE_PREVENTION:
        payload["A"] = text8(order.prevented)
    return payload


def balances_changed(owner: Account, assets: tuple[str, ...], now_ms: int) -> Payload:
    """Return the user event of balances that are not what they were."""
    return {
        "e": "outboundAccountPosition",
        "E": now_ms,
        "u": now_ms,
        "B": [{"a": asset, "f": text8(owner.free[asset]), "l": text8(owner.locked[asset])} for asset in assets],
    }


def balance_update(event: DepositEvent) -> Payload:
    """Return the user event of money that came from, or went, outside."""
    return {
        "e": "balanceUpdate",
        "E": event.time_ms,
        "a": event.asset,
        "d": text8(event.amount),
        "T": event.time_ms,
    }


def list_status(placed: OrderList, now_ms: int) -> Payload:
    """Return the user event of an order list that began or is done."""
    return {
        "e": "listStatus",
        "E": now_ms,
        "s": placed.request.symbol,
        "g": placed.list_id,
        "c": placed.request.contingency,
        "l": "ALL_DONE" if placed.is_done else "EXEC_STARTED",
        "L": "ALL_DONE" if placed.is_done else "EXECUTING",
        "r": "NONE",
        "C": placed.request.client_list_id,
        "T": now_ms,
        "O": [{"s": order.symbol, "i": order.order_id, "c": order.client_order_id} for order in placed.orders],
    }


def _amounts(order: Order) -> Payload:
    new = order.request
    return {
        "price": text8(order.price),
        "origQty": text8(order.qty),
        "executedQty": text8(order.executed),
        "origQuoteOrderQty": text8(new.quote_qty),
        "cummulativeQuoteQty": text8(order.cum_quote),
        "status": order.status.value,
        "timeInForce": new.time_in_force.value,
        "type": new.type.value,
        "side": order.side.name,
    }


def _working(order: Order) -> Payload:
    payload: Payload = {"workingTime": order.working_ms, "selfTradePreventionMode": order.request.stp_mode.value}
    if order.prevented:
        payload["preventedQuantity"] = text8(order.prevented)
    if order.expiry_reason is not None:
        payload["expiryReason"] = order.expiry_reason.value
    return payload


def _conditional(order: Order) -> Payload:
    return {"stopPrice": text8(order.request.stop_price)} if order.request.type in CONDITIONAL else {}


def _fill(fill: Fill) -> Payload:
    return {
        "price": text8(fill.price),
        "qty": text8(fill.qty),
        "commission": text8(fill.fee),
        "commissionAsset": fill.fee_asset,
        "tradeId": fill.trade_id,
    }


def key_permissions(*, may_withdraw: bool, may_trade: bool) -> dict[str, Any]:
    """Render what a key may do. Source: Binance, Wallet, "Get API Key Permission"."""
    return {
        "ipRestrict": may_withdraw,  # only a key that is bound to addresses may
        "createTime": 1_623_840_271_000,
        "enableReading": True,
        "enableWithdrawals": may_withdraw,
        "enableInternalTransfer": False,
        "enableMargin": False,
        "enableFutures": False,
        "permitsUniversalTransfer": False,
        "enableVanillaOptions": False,
        "enableFixApiTrade": False,
        "enableFixReadOnly": False,
        "enableSpotAndMarginTrading": may_trade,
        "enablePortfolioMarginTrading": False,
    }
