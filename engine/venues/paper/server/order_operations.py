"""What an account may ask: orders, lists, balances, own trades. Source: Binance spot, "Trading" and "Account"."""

from __future__ import annotations

from typing import Any, Final

from engine.venues.paper.errors import Refused, cancel_rejected, mandatory, no_such_order
from engine.venues.paper.lists import NewOrderList, OrderList
from engine.venues.paper.orders import Order
from engine.venues.paper.rules import check_filters
from engine.venues.paper.server import payloads, requests
from engine.venues.paper.server.params import Params
from engine.venues.paper.server.venue import Venue

RENDERERS: Final = {"ACK": payloads.ack, "RESULT": payloads.result, "FULL": payloads.full}
FULL_BY_DEFAULT: Final = frozenset({"MARKET", "LIMIT"})


def place(venue: Venue, account: str, params: Params) -> Any:
    """Place an order."""
    new = requests.new_order(params, _made_up_id(venue))
    render = _renderer(params, new.type.value)
    return render(venue.matching.place(account, new, venue.now_ms()))


def test(venue: Venue, account: str, params: Params) -> Any:
    """Check an order without placing it."""
    venue.matching.check(account, requests.new_order(params, _made_up_id(venue)))
    return {}


def status(venue: Venue, account: str, params: Params) -> Any:
    """Return how an order stands; -2013 where there is none."""
    return payloads.queried(_find(venue, account, params))


def cancel(venue: Venue, account: str, params: Params) -> Any:
    """Cancel an order; -2011 where none is open."""
    return _cancel(venue, account, params, "orderId", "origClientOrderId")


def cancel_replace(venue: Venue, account: str, params: Params) -> Any:
    """Cancel an order and place another; -2021, -2022 where not both succeed.

    A new order that breaks a filter is refused before anything is cancelled. Source: Binance, WebSocket API, "Cancel
    and replace order": filters are evaluated before the cancel.
    """
    mode = params.text("cancelReplaceMode")
    if mode not in ("STOP_ON_FAILURE", "ALLOW_FAILURE"):
        raise Refused(-1170, "Invalid cancelReplaceMode.")
    market = venue.matching.market(params.symbol())
    check_filters(market.rules, requests.new_order(params, _made_up_id(venue)), market.reference)
    cancel_result, cancel_answer = _attempt(
        lambda: _cancel(venue, account, params, "cancelOrderId", "cancelOrigClientOrderId")
    )
    new_result, new_answer = "NOT_ATTEMPTED", None
    if cancel_result == "SUCCESS" or mode == "ALLOW_FAILURE":
        new_result, new_answer = _attempt(lambda: place(venue, account, params))
    answer = {
        "cancelResult": cancel_result,
        "newOrderResult": new_result,
        "cancelResponse": cancel_answer,
        "newOrderResponse": new_answer,
    }
    if cancel_result == new_result == "SUCCESS":
        return answer
    if "SUCCESS" in (cancel_result, new_result):
        raise Refused(-2021, "Order cancel-replace partially failed.", 409, answer)
    raise Refused(-2022, "Order cancel-replace failed.", 400, answer)


def open_orders(venue: Venue, account: str, params: Params) -> Any:
    """Return open orders, of one symbol or of all."""
    symbol = params.get("symbol") or None
    if symbol:
        venue.matching.market(symbol)
    return [payloads.queried(order) for order in venue.matching.register.open_orders(account, symbol)]


def cancel_all(venue: Venue, account: str, params: Params) -> Any:
    """Cancel every open order of a symbol; -2011 where none is open."""
    symbol = params.symbol()
    venue.matching.market(symbol)
    orders = venue.matching.register.open_orders(account, symbol)
    if not orders:
        raise cancel_rejected()
    answers: list[Any] = []
    for order in orders:
        if order.is_open:
            venue.matching.cancel(order, venue.now_ms())
            answers.append(_cancel_answer(venue, order))
    return answers


def all_orders(venue: Venue, account: str, params: Params) -> Any:
    """Return every order of a symbol, oldest first."""
    symbol = params.symbol()
    venue.matching.market(symbol)
    rows = [
        payloads.queried(order)
        for order in venue.matching.register.all_orders(account, symbol)
        if order.order_id >= (params.integer("orderId") or 0) and _is_in_time(params, order.time_ms)
    ]
    limit = params.limit(500, 1_000)
    return rows[:limit] if params.get("orderId") else rows[-limit:]


def my_trades(venue: Venue, account: str, params: Params) -> Any:
    """Return an account's own trades of a symbol, oldest first."""
    symbol = params.symbol()
    venue.matching.market(symbol)
    order_id, from_id = params.integer("orderId"), params.integer("fromId")
    rows = [
        payloads.my_trade(order, fill)
        for order in venue.matching.register.all_orders(account, symbol)
        for fill in order.fills
        if order_id in (None, order.order_id) and fill.trade_id >= (from_id or 0) and _is_in_time(params, fill.time_ms)
    ]
    rows.sort(key=lambda row: int(row["id"]))
    limit = params.limit(500, 1_000)
    return rows[:limit] if from_id is not None else rows[-limit:]


def account(venue: Venue, account: str, params: Params) -> Any:
    """Return fees, rights and balances."""
    return payloads.account(
        venue.matching.accounts[account],
        venue.options.maker_fee_ppm,
        venue.options.taker_fee_ppm,
        venue.now_ms(),
        omit_zero=params.flag("omitZeroBalances", False),
    )


def key_permissions(venue: Venue, account: str, params: Params) -> Any:
    """Return what the key may do: read and trade spot, unless a fault says otherwise."""
    return payloads.key_permissions(may_withdraw=venue.faults.may_withdraw, may_trade=not venue.faults.may_not_trade)


# --- order lists ----------------------------------------------------------------------------------------------


def place_oco(venue: Venue, account: str, params: Params) -> Any:
    """Place two orders of which one cancels the other."""
    return _place_list(venue, account, params, requests.new_oco(params, _made_up_id(venue)))


def place_classic_oco(venue: Venue, account: str, params: Params) -> Any:
    """Place an OCO in its older form."""
    return _place_list(venue, account, params, requests.new_classic_oco(params, _made_up_id(venue)))


def place_oto(venue: Venue, account: str, params: Params) -> Any:
    """Place an order whose fill sets off another."""
    return _place_list(venue, account, params, requests.new_oto(params, _made_up_id(venue)))


def place_otoco(venue: Venue, account: str, params: Params) -> Any:
    """Place an order whose fill sets off an OCO."""
    return _place_list(venue, account, params, requests.new_otoco(params, _made_up_id(venue)))


def cancel_list(venue: Venue, account: str, params: Params) -> Any:
    """Cancel all of a list; -2011 where it is done."""
    params.symbol()
    placed = _find_list(venue, account, params)
    if placed is None or placed.is_done:
        raise cancel_rejected()
    cancel_id = params.client_id("newClientOrderId") or _made_up_id(venue)
    venue.matching.cancel(next(order for order in placed.orders if order.is_open), venue.now_ms(), cancel_id)
    return _list_answer(placed, venue.now_ms(), [payloads.canceled(order, cancel_id) for order in placed.orders])


def list_status(venue: Venue, account: str, params: Params) -> Any:
    """Return how a list stands; -2018 where there is none."""
    placed = _find_list(venue, account, params)
    if placed is None:
        raise Refused(-2018, "Order list does not exist.")
    return payloads.order_list(placed)


def all_lists(venue: Venue, account: str, params: Params) -> Any:
    """Return every list of an account, oldest first."""
    placed = venue.matching.lists.of_account(account)[-params.limit(500, 1_000) :]
    return [payloads.order_list(each) for each in placed]


def open_lists(venue: Venue, account: str, params: Params) -> Any:
    """Return the lists that are not done."""
    return [payloads.order_list(each) for each in venue.matching.lists.of_account(account) if not each.is_done]


# --- inside ---------------------------------------------------------------------------------------------------


def _made_up_id(venue: Venue) -> str:
    return f"paper-{venue.matching.register.next_order_id()}"


def _renderer(params: Params, order_type: str) -> Any:
    name = params.get("newOrderRespType") or ("FULL" if order_type in FULL_BY_DEFAULT else "ACK")
    if name not in RENDERERS:
        raise Refused(-1170, "Invalid newOrderRespType.")
    return RENDERERS[name]


def _find(
    venue: Venue, account: str, params: Params, by_id: str = "orderId", by_client_id: str = "origClientOrderId"
) -> Order:
    venue.matching.market(params.symbol())
    order_id, client_id = params.integer(by_id), params.client_id(by_client_id)
    if order_id is None and not client_id:
        raise Refused(-1102, f"Param '{by_client_id}' or '{by_id}' must be sent, but both were empty/null!")
    order = venue.matching.register.find(account, params.symbol(), order_id, client_id)
    if order is None:
        raise no_such_order()
    return order


def _cancel(venue: Venue, account: str, params: Params, by_id: str, by_client_id: str) -> Any:
    try:
        order = _find(venue, account, params, by_id, by_client_id)
    except Refused as refused:
        if refused.code == -2013:
            raise cancel_rejected() from None
        raise
    cancel_id = params.client_id("newClientOrderId" if by_id == "orderId" else "cancelNewClientOrderId")
    cancel_id = cancel_id or _made_up_id(venue)
    venue.matching.cancel(order, venue.now_ms(), cancel_id)
    return _cancel_answer(venue, order, cancel_id)


def _cancel_answer(venue: Venue, order: Order, cancel_id: str = "") -> Any:
    if order.list_id < 0:
        return payloads.canceled(order, cancel_id or _made_up_id(venue))
    placed = venue.matching.lists.get(order.list_id)
    return _list_answer(placed, venue.now_ms(), [payloads.canceled(leg, cancel_id) for leg in placed.orders])


def _place_list(venue: Venue, account: str, params: Params, new: NewOrderList) -> Any:
    placed = venue.matching.place_list(account, new, venue.now_ms())
    render = _renderer(params, "LIMIT")
    return _list_answer(placed, venue.now_ms(), [render(order) for order in placed.orders])


def _list_answer(placed: OrderList, now_ms: int, reports: list[Any]) -> Any:
    return {**payloads.order_list(placed, now_ms), "orderReports": reports}


def _find_list(venue: Venue, account: str, params: Params) -> OrderList | None:
    list_id = params.integer("orderListId")
    client_id = params.client_id("listClientOrderId") or params.client_id("origClientOrderId")
    if list_id is None and not client_id:
        raise mandatory("orderListId")
    for placed in reversed(venue.matching.lists.of_account(account)):
        if placed.list_id == list_id or (list_id is None and placed.request.client_list_id == client_id):
            return placed
    return None


def _attempt(act: Any) -> tuple[str, Any]:
    try:
        return "SUCCESS", act()
    except Refused as refused:
        return "FAILURE", {"code": refused.code, "msg": refused.message}


def _is_in_time(params: Params, time_ms: int) -> bool:
    start, end = params.integer("startTime"), params.integer("endTime")
    return (start is None or time_ms >= start) and (end is None or time_ms <= end)
