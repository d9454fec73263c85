"""What anybody may ask of the market. Source: Binance spot, "General endpoints" and "Market Data endpoints"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from engine.venues.paper.errors import Refused, invalid_symbol
from engine.venues.paper.rules import SymbolRules
from engine.venues.paper.server import klines as candles
from engine.venues.paper.server import listing
from engine.venues.paper.server import venue as venues
from engine.venues.paper.server.params import Params
from engine.venues.paper.server.venue import Venue
from engine.venues.paper.units import quote_of, text8, to_e8


def ping(venue: Venue, account: str, params: Params) -> Any:
    """Answer that the exchange is there."""
    return {}


def time(venue: Venue, account: str, params: Params) -> Any:
    """Return the exchange's clock."""
    return {"serverTime": venue.now_ms()}


def exchange_info(venue: Venue, account: str, params: Params) -> Any:
    """Return limits, symbols and their filters."""
    rules = [market.rules for market in venue.matching.markets.values()]
    wanted = _symbols(params)
    if wanted is not None:
        rules = [_rules(venue, symbol) for symbol in wanted]
    return listing.exchange_info(rules, venue.limiter.table(), venue.now_ms())


def depth(venue: Venue, account: str, params: Params) -> Any:
    """Return a book's best levels."""
    book = venue.matching.market(params.symbol()).book
    return listing.depth(book, params.limit(100, 5_000))


def trades(venue: Venue, account: str, params: Params) -> Any:
    """Return the last public trades, oldest first."""
    symbol = params.symbol()
    venue.matching.market(symbol)
    return [
        {
            "id": trade.trade_id,
            "price": trade.price,
            "qty": trade.qty,
            "quoteQty": text8(quote_of(to_e8(trade.price), to_e8(trade.qty))),
            "time": trade.time_ms,
            "isBuyerMaker": trade.is_buyer_maker,
            "isBestMatch": True,
        }
        for trade in list(venue.trades[symbol])[-params.limit(500, 1_000) :]
    ]


def klines(venue: Venue, account: str, params: Params) -> Any:
    """Return candles, in the tape's own time."""
    symbol = params.symbol()
    venue.matching.market(symbol)
    rows = venue.klines[symbol].rows(
        params.text("interval"), params.integer("startTime"), params.integer("endTime"), params.limit(500, 1_000)
    )
    return [candles.row(candle) for candle in rows]


def price(venue: Venue, account: str, params: Params) -> Any:
    """Return last prices."""
    return _each(
        venue,
        params,
        lambda symbol: {"symbol": symbol, "price": text8(venue.matching.market(symbol).reference)},
    )


def book_ticker(venue: Venue, account: str, params: Params) -> Any:
    """Return best bids and asks."""
    return _each(venue, params, lambda symbol: venues.book_ticker(venue, symbol))


def average_price(venue: Venue, account: str, params: Params) -> Any:
    """Return the price that the percentage filter goes by: here the last one."""
    reference = venue.matching.market(params.symbol()).reference
    return {"mins": 5, "price": text8(reference), "closeTime": venue.tape_ms}


def day(venue: Venue, account: str, params: Params) -> Any:
    """Return statistics of the last 24 hours of tape time."""
    return _each(venue, params, lambda symbol: _day(venue, symbol))


def _day(venue: Venue, symbol: str) -> dict[str, Any]:
    touch = venues.book_ticker(venue, symbol)
    candle = venue.klines[symbol].day()
    opened, high, low, last, volume, quote, count = (
        (0, 0, 0, 0, 0, 0, 0)
        if candle is None
        else (candle.open, candle.high, candle.low, candle.close, candle.volume, candle.quote_volume, candle.trades)
    )
    change = last - opened
    return {
        "symbol": symbol,
        "priceChange": text8(change),
        "priceChangePercent": f"{100 * change / opened if opened else 0.0:.3f}",
        "weightedAvgPrice": text8(quote * 100_000_000 // volume if volume else 0),
        "prevClosePrice": text8(opened),
        "lastPrice": text8(last),
        "lastQty": venue.trades[symbol][-1].qty if venue.trades[symbol] else text8(0),
        **{name: value for name, value in touch.items() if name != "symbol"},
        "openPrice": text8(opened),
        "highPrice": text8(high),
        "lowPrice": text8(low),
        "volume": text8(volume),
        "quoteVolume": text8(quote),
        "openTime": venue.tape_ms - 86_400_000,
        "closeTime": venue.tape_ms,
        "firstId": venue.trades[symbol][0].trade_id if venue.trades[symbol] else -1,
        "lastId": venue.trades[symbol][-1].trade_id if venue.trades[symbol] else -1,
        "count": count,
    }


def _each(venue: Venue, params: Params, of: Callable[[str], dict[str, Any]]) -> Any:
    if params.get("symbol"):
        return of(_rules(venue, params["symbol"]).symbol)
    wanted = _symbols(params)
    return [of(_rules(venue, symbol).symbol) for symbol in (venue.matching.markets if wanted is None else wanted)]


def _symbols(params: Params) -> list[str] | None:
    if params.get("symbol"):
        return [params["symbol"]]
    if not params.get("symbols"):
        return None
    try:
        return msgspec.json.decode(params["symbols"], type=list[str])
    except msgspec.DecodeError:
        raise Refused(-1100, "Illegal characters found in parameter 'symbols'.") from None


def _rules(venue: Venue, symbol: str) -> SymbolRules:
    market = venue.matching.markets.get(symbol)
    if market is None:
        raise invalid_symbol()
    return market.rules
