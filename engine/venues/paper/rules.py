"""What a symbol allows: its filters, and an order's check against them.

Source: Binance spot documentation, "Filters". A filter that fails is answered with -1013 and its name.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import msgspec

from engine.core.instrument import E8
from engine.core.types import OrderType
from engine.venues.paper.errors import filter_failure, new_order_rejected
from engine.venues.paper.orders import AT_MARKET, CONDITIONAL, NewOrder
from engine.venues.paper.units import PPM, quote_of

ORDER_TYPES: Final = (
    OrderType.LIMIT,
    OrderType.LIMIT_MAKER,
    OrderType.MARKET,
    OrderType.STOP_LOSS,
    OrderType.STOP_LOSS_LIMIT,
    OrderType.TAKE_PROFIT,
    OrderType.TAKE_PROFIT_LIMIT,
)


class SymbolRules(msgspec.Struct, frozen=True, kw_only=True):
    """One symbol's units and limits; prices, quantities and notionals in 1e-8."""

    symbol: str
    base_asset: str
    quote_asset: str
    tick: int
    lot: int
    min_price: int
    max_price: int = 1_000_000 * E8
    min_qty: int
    max_qty: int = 9_000_000 * E8
    max_market_qty: int = 1_000_000 * E8
    min_notional: int = 5 * E8
    max_notional: int = 9_000_000 * E8
    price_up_ppm: int = 5 * PPM
    price_down_ppm: int = PPM // 5
    """PERCENT_PRICE_BY_SIDE: a buy up to five times, a sell down to a fifth of the average price, as ETHUSDT has."""
    max_orders: int = 200
    max_algo_orders: int = 5
    status: str = "TRADING"


def check(rules: SymbolRules, order: NewOrder, reference: int) -> None:
    """Pass an order or raise Refused: -2010 for a halted market, -1013 with the filter's name.

    ``reference`` is the average or last price in 1e-8, 0 where nothing traded yet.
    """
    if rules.status != "TRADING":
        raise new_order_rejected("Market is closed.")
    check_filters(rules, order, reference)


def check_filters(rules: SymbolRules, order: NewOrder, reference: int) -> None:
    """Pass an order or raise Refused (-1013) with the filter's name; ``reference`` as for ``check``."""
    for price in (order.price, order.stop_price):
        if price and not _fits(price, rules.min_price, rules.max_price, rules.tick):
            raise filter_failure("PRICE_FILTER")
    if order.quote_qty:
        _check_notional(rules, order.quote_qty)
        return
    if not _fits(order.qty, rules.min_qty, rules.max_qty, rules.lot):
        raise filter_failure("LOT_SIZE")
    if order.type in AT_MARKET and order.qty > rules.max_market_qty:
        raise filter_failure("MARKET_LOT_SIZE")
    price = order.price or order.stop_price or reference
    if price:
        _check_notional(rules, quote_of(price, order.qty))
    if order.price and reference:
        _check_distance(rules, order, reference)


def check_counts(rules: SymbolRules, orders: Collection[NewOrder], open_orders: int, open_conditionals: int) -> None:
    """Pass so many more open orders, or raise Refused (-1013) for MAX_NUM_ORDERS or MAX_NUM_ALGO_ORDERS."""
    if open_orders + len(orders) > rules.max_orders:
        raise filter_failure("MAX_NUM_ORDERS")
    if open_conditionals + sum(order.type in CONDITIONAL for order in orders) > rules.max_algo_orders:
        raise filter_failure("MAX_NUM_ALGO_ORDERS")


def _fits(value: int, low: int, high: int, step: int) -> bool:
    return low <= value <= high and value % step == 0


def _check_notional(rules: SymbolRules, notional: int) -> None:
    if not rules.min_notional <= notional <= rules.max_notional:
        raise filter_failure("NOTIONAL")


def _check_distance(rules: SymbolRules, order: NewOrder, reference: int) -> None:
    low, high = reference * rules.price_down_ppm // PPM, reference * rules.price_up_ppm // PPM
    if not low <= order.price <= high:
        raise filter_failure("PERCENT_PRICE_BY_SIDE")
