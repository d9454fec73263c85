"""How symbols and books look from outside: exchangeInfo and depth. Source: Binance spot, "General endpoints"."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from engine.core.types import OrderType
from engine.venues.paper.book import Book, BookSide
from engine.venues.paper.orders import StpMode
from engine.venues.paper.rules import ORDER_TYPES, SymbolRules
from engine.venues.paper.units import PPM, text8

Payload = dict[str, Any]
STP_MODES: Final = [mode.value for mode in StpMode]


def exchange_info(symbols: Iterable[SymbolRules], rate_limits: list[Payload], now_ms: int) -> Payload:
    """Return exchangeInfo of some symbols."""
    return {
        "timezone": "UTC",
        "serverTime": now_ms,
        "rateLimits": rate_limits,
        "exchangeFilters": [],
        "symbols": [symbol_info(rules) for rules in symbols],
    }


def symbol_info(rules: SymbolRules) -> Payload:
    """Return one symbol of exchangeInfo."""
    return {
        "symbol": rules.symbol,
        "status": rules.status,
        "baseAsset": rules.base_asset,
        "baseAssetPrecision": 8,
        "quoteAsset": rules.quote_asset,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": [OrderType(kind).value for kind in ORDER_TYPES],
        "icebergAllowed": False,
        "ocoAllowed": True,
        "otoAllowed": True,
        "opoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": True,
        "amendAllowed": False,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": filters(rules),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": StpMode.EXPIRE_MAKER.value,
        "allowedSelfTradePreventionModes": STP_MODES,
    }


def filters(rules: SymbolRules) -> list[Payload]:
    """Return a symbol's filters."""
    up, down = _ratio(rules.price_up_ppm), _ratio(rules.price_down_ppm)
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": text8(rules.min_price),
            "maxPrice": text8(rules.max_price),
            "tickSize": text8(rules.tick),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": text8(rules.min_qty),
            "maxQty": text8(rules.max_qty),
            "stepSize": text8(rules.lot),
        },
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": text8(0),
            "maxQty": text8(rules.max_market_qty),
            "stepSize": text8(0),
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": up,
            "bidMultiplierDown": down,
            "askMultiplierUp": up,
            "askMultiplierDown": down,
            "avgPriceMins": 5,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": text8(rules.min_notional),
            "applyMinToMarket": True,
            "maxNotional": text8(rules.max_notional),
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": rules.max_orders},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": rules.max_algo_orders},
    ]


def depth(book: Book, limit: int) -> Payload:
    """Return a book's best levels and the id of the last update that is in them."""
    return {"lastUpdateId": book.last_update_id, "bids": _levels(book.bids, limit), "asks": _levels(book.asks, limit)}


def _levels(side: BookSide, limit: int) -> list[tuple[str, str]]:
    return [(text8(price), text8(qty)) for price, qty in islice(side.walk(), limit)]


def _ratio(ppm: int) -> str:
    return f"{ppm / PPM:g}"
