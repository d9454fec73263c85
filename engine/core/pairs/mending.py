"""Makes up for a leg that fell short: on whichever venue that is better now, within what a pair may lose."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from engine.core.instrument import E8, exit_levels
from engine.core.kernels.crossing import sweep
from engine.core.market import Market
from engine.core.pairs.pair import MEND, Pair, Place
from engine.core.queries import is_fresh
from engine.core.risk import least_lots
from engine.core.types import BUY, SELL, OrderRequest, Side


class Mend(NamedTuple):
    """An order that brings a pair to flat."""

    place: Place
    request: OrderRequest
    price: float
    """What a unit costs or brings by the book, after the fee, in the quote asset."""
    is_whole: bool
    """It makes up for all of it; False where too little is held there."""


def best_mend(
    pair: Pair, excess_e8: int, places: Iterable[Place], loss_e8: float, stop_pct: float, strategy: str
) -> Mend | None:
    """Return the order that makes up best for what a pair holds too much (or, negative, too little) of.

    None where no book that is fresh lets it be done without losing more than ``loss_e8`` (1e-8 of the quote asset):
    then there may be a better price in a moment. The order can't fill beyond that, nor beyond the collar, which alone
    counts where ``loss_e8`` is ``inf``.
    """
    side = SELL if excess_e8 > 0 else BUY
    mends = (_mend(pair, abs(excess_e8), side, place, loss_e8, stop_pct, strategy) for place in places)
    found = [mend for mend in mends if mend is not None]
    return max(found, key=lambda mend: (mend.is_whole, -side * mend.price), default=None)


def is_crumb(pair: Pair, excess_e8: int, places: Iterable[Place]) -> bool:
    """Say whether that is less than either venue takes an order for: it is left, and made up for with the next pair."""
    markets = [place.market(pair.symbol) for place in places]
    return all(
        market.bid_ticks > 0 and abs(excess_e8) // market.instrument.lot_e8 < least_lots(market.bid_ticks, market)
        for market in markets
    )


def lost_e8(pair: Pair, excess_e8: int, mend: Mend) -> float:
    """Return what a pair has lost once an order makes up for all of what is short, in 1e-8 of the quote asset."""
    return -(pair.money_e8 + excess_e8 * mend.price)


def worst_price(pair: Pair, excess_e8: int, side: Side, fee: float, loss_e8: float) -> float:
    """Return the worst price, in the quote asset, at which a pair that is made up for loses no more than it may.

    Selling, ``money + excess * price * (1 - fee) >= -loss``; buying, ``money - excess * price * (1 + fee) >= -loss``.
    """
    return -side * (-loss_e8 - pair.money_e8) / (abs(excess_e8) * (1.0 + side * fee))


def _mend(
    pair: Pair, base_e8: int, side: Side, place: Place, loss_e8: float, stop_pct: float, strategy: str
) -> Mend | None:
    trading, market = place.trading, place.market(pair.symbol)
    if not is_fresh(trading, pair.symbol):
        return None
    lots = whole = base_e8 // market.instrument.lot_e8
    if side is SELL:
        lots = min(lots, trading.unoffered_lots(pair.symbol))
    if lots < least_lots(market.bid_ticks, market):
        return None
    limit = _limit_ticks(pair, base_e8, side, place, market, loss_e8)
    quote_e8 = _by_the_book(market, side, lots)
    best = market.book.asks.best_ticks() if side is BUY else market.book.bids.best_ticks()
    if not quote_e8 or limit <= 0 or side * best > side * limit:
        return None
    cause, origin = pair.cause(f"{MEND}{pair.tries}"), f"strategy:{strategy}"
    if side is SELL:
        request = trading.reduction(pair.symbol, cause, origin, lots)
    else:
        stop, _ = exit_levels(best, stop_pct, 0.0)
        request = trading.entry(pair.symbol, cause, origin, lots, stop, 0)
    price = quote_e8 / (lots * market.instrument.lot_e8) * (1.0 + side * place.fee)
    return Mend(place, msgspec.structs.replace(request, limit_ticks=limit), price, lots == whole)


def _limit_ticks(pair: Pair, base_e8: int, side: Side, place: Place, market: Market, loss_e8: float) -> int:
    """Return the worst price that the loss limit and the collar (C4) both allow, in ticks."""
    collar = place.trading.gate.collar_ticks(side, market)
    if loss_e8 == math.inf:
        return collar
    worst = worst_price(pair, base_e8, side, place.fee, loss_e8) * E8 / market.instrument.tick_e8
    return min(math.floor(worst), collar) if side is BUY else max(math.ceil(worst), collar)


def _by_the_book(market: Market, side: Side, lots: int) -> float:
    levels, it = (market.book.asks if side is BUY else market.book.bids), market.instrument
    return sweep(levels.keys, levels.lots, levels.count, it.tick_e8, it.lot_e8, lots * it.lot_e8)[0]
