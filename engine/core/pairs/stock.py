"""Buys on each venue what arbitrage will sell there: entries like any other, through that venue's gate."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Final

from engine.core.instrument import E8, exit_levels
from engine.core.market import Market
from engine.core.pairs.pair import Place
from engine.core.queries import is_fresh
from engine.core.risk import least_lots
from engine.core.strategies.arbitrage import ArbitrageStrategy
from engine.core.types import Refusal, Symbol

AGAIN_NS: Final = 10_000_000_000
"""Between two tries: a refusal is not likely to have gone sooner."""


class Stock:
    """Keeps ``stock_quote`` worth of each symbol on both venues together, first where there is none.

    Pairs move stock from one venue to the other. What both hold together stays what it was, so that nothing is bought
    again where one has sold all of its own: that comes back with the opposite difference, or by a person's transfer.
    """

    def __init__(self, places: tuple[Place, Place], strategy: ArbitrageStrategy) -> None:
        self._places, self._strategy = places, strategy
        self._tried_ns: dict[tuple[str, Symbol], int] = {}

    def look(self, now_ns: int, symbols: Iterable[Symbol], busy: Container[Symbol]) -> None:
        """Buy where stock is missing and nothing is under way."""
        for symbol in symbols:
            if symbol in busy or any(place.trading.orders.by_name_unsettled for place in self._places):
                continue
            for place in self._places:
                if now_ns - self._tried_ns.get((place.name, symbol), -AGAIN_NS) >= AGAIN_NS:
                    self._fill_up(place, symbol, now_ns)

    def _fill_up(self, place: Place, symbol: Symbol, now_ns: int) -> None:
        trading, market, config = place.trading, place.market(symbol), self._strategy.config
        if not is_fresh(trading, symbol):
            return
        wanted = market.instrument.lots_for_quote(int(config.stock_quote * E8), market.ask_ticks)
        own, in_all = trading.portfolio.position_lots(symbol), self._held_e8(symbol) // market.instrument.lot_e8
        room = trading.gate.largest_lots(trading.facts(symbol, "", self._strategy.name))
        lots = min(wanted - own, 2 * wanted - in_all, room)
        if own > wanted // 2 or lots < least_lots(market.ask_ticks, market):
            return
        self._tried_ns[place.name, symbol] = now_ns
        self._buy(place, market, lots, now_ns)

    def _held_e8(self, symbol: Symbol) -> int:
        held = ((place, place.trading.portfolio.position_lots(symbol)) for place in self._places)
        return sum(lots * place.market(symbol).instrument.lot_e8 for place, lots in held)

    def _buy(self, place: Place, market: Market, lots: int, now_ns: int) -> None:
        trading, name, symbol = place.trading, self._strategy.name, market.instrument.symbol
        stop, _ = exit_levels(market.ask_ticks, self._strategy.config.stop_pct, 0.0)
        cause = f"stock:{place.name}:{symbol}:{now_ns}"
        trading.last_hop.cause_in(cause)
        result = trading.submit(trading.entry(symbol, cause, f"strategy:{name}", lots, stop, 0), name)
        if isinstance(result, Refusal):
            trading.notice("warning", "PAIR_STOCK", f"No stock of {symbol} was bought: {result}. {result.advice}")
