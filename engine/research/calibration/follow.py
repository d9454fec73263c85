"""Follows what strategies say over a market as it was: each buy to its stop, its target or its horizon, after costs."""

from __future__ import annotations

from typing import NamedTuple

from engine.core.config import TradingConfig
from engine.core.instrument import Instrument, moved_levels
from engine.core.market import Market
from engine.core.strategies.technical.crew import Crew
from engine.core.strategies.technical.stepping import after_quote, after_trade
from engine.core.types import BUY, BookUpdate, Quote, Signal, Symbol, Trade
from engine.research.calibration.outcome import Outcome
from engine.venues.sinks import MarketSink


class _Open(NamedTuple):
    signal: Signal
    entry_ticks: int
    stop_ticks: int
    target_ticks: int


class Follower(MarketSink):
    """Steps every technical strategy, whether it is on or not, and keeps what came of its buys.

    While one of a strategy's is open in a symbol its next ones are not counted: they would be the same bet again. What
    began within a horizon of the end is left out whole, because only its quick ends would be known.
    """

    def __init__(
        self, config: TradingConfig, instruments: dict[Symbol, Instrument], spread_pct: float, *, only_bars: bool
    ) -> None:
        """Begin with nothing heard; ``spread_pct``: what getting in and out costs besides fees where no book is.

        ``only_bars``: count only who decides by bars, because the single trades are made up.
        """
        self._crew = Crew(config.strategies)
        self._counted = {it.name for it in self._crew if it.strategy.bar_ns or not only_bars}
        self._fee_pct = config.people.fee_pct
        self._spread_pct = spread_pct
        self._markets = {symbol: Market(it, self._crew.size) for symbol, it in instruments.items()}
        for market in self._markets.values():
            self._crew.follow(market, lambda name: True)
        self._open: dict[tuple[str, Symbol], _Open] = {}
        self._ended: list[Outcome] = []
        self._now_ns: dict[Symbol, int] = {}

    def on_trade(self, trade: Trade) -> None:
        """Take a public trade."""
        market = self._markets[trade.symbol]
        self._stirred(market, market.on_trade(trade) | after_trade(market.numbers), trade.ts_recv_ns)

    def on_quote(self, quote: Quote) -> None:
        """Take a new best bid and ask."""
        market = self._markets[quote.symbol]
        self._stirred(market, market.on_quote(quote) | after_quote(market.numbers), quote.ts_recv_ns)

    def on_book(self, update: BookUpdate) -> None:
        """Take a change of the book."""
        self._markets[update.symbol].on_book(update)

    def on_book_lost(self, symbol: Symbol, reason: str, ts_recv_ns: int) -> None:
        """Pass over that a book is lost: the best prices come with quotes."""

    def on_bad_frame(self, reason: str, ts_recv_ns: int) -> None:
        """Pass over a frame that made no sense, as the engine does."""

    def outcomes(self) -> list[Outcome]:
        """Return what has come of everything whose horizon was over before the end."""
        last_ns = max(self._now_ns.values(), default=0)
        return sorted(one for one in self._ended if one.ts_ns + one.horizon_ns <= last_ns)

    def _stirred(self, market: Market, stirred: int, now_ns: int) -> None:
        symbol = market.instrument.symbol
        self._now_ns[symbol] = now_ns
        if self._open:
            self._look(market, now_ns)
        for placed in self._crew.speakers[stirred]:
            signal = placed.signal(market)
            is_counted = signal.side is BUY and signal.confidence <= 1.0 and signal.strategy in self._counted
            if is_counted and (signal.strategy, symbol) not in self._open:
                self._begin(signal, market)

    def _begin(self, signal: Signal, market: Market) -> None:
        entry = market.ask_ticks or market.last_ticks
        stop, target = moved_levels(entry, signal.price_ticks, signal.stop_ticks, signal.target_ticks)
        levels = _Open(signal, entry, stop, target if signal.target_ticks else 0)
        self._open[signal.strategy, signal.symbol] = levels

    def _look(self, market: Market, now_ns: int) -> None:
        bid, symbol = market.bid_ticks or market.last_ticks, market.instrument.symbol
        for key, one in [(key, one) for key, one in self._open.items() if key[1] == symbol]:
            is_over = now_ns >= one.signal.ts_ns + one.signal.horizon_ns
            has_target = 0 < one.target_ticks <= bid
            if is_over or has_target or bid <= one.stop_ticks:
                del self._open[key]
                exit_ticks = one.target_ticks if has_target else bid
                self._ended.append(self._outcome(one, exit_ticks, has_book=bool(market.bid_ticks)))

    def _outcome(self, one: _Open, exit_ticks: int, *, has_book: bool) -> Outcome:
        gross_pct = 100.0 * (exit_ticks / one.entry_ticks - 1.0)
        fees_pct = self._fee_pct * (1.0 + exit_ticks / one.entry_ticks)
        net_pct = gross_pct - fees_pct - (0.0 if has_book else self._spread_pct)
        signal = one.signal
        return Outcome(signal.ts_ns, signal.strategy, signal.confidence, net_pct, signal.horizon_ns)
