"""Headlines: a classified news item about a symbol that we follow becomes a signal of its score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from engine.core.config import Headlines
from engine.core.instrument import exit_levels
from engine.core.market import Market
from engine.core.types import Headline, Side, Signal, SignalId, Symbol


class HeadlineStrategy:
    """The rules' score is the confidence; where nothing is resolved, too old or unknown to the market, silence."""

    name: ClassVar[str] = "headlines"
    kind: ClassVar[Literal["event"]] = "event"
    horizon_ns: ClassVar[int] = 3_600_000_000_000

    def __init__(self, config: Headlines) -> None:
        self.config = config

    def follows(self, symbol: Symbol) -> bool:
        """Say whether this strategy looks at a symbol."""
        return not self.config.symbols or symbol in self.config.symbols

    def on_headline(self, headline: Headline, markets: Mapping[Symbol, Market]) -> list[Signal]:
        """Return one signal for each symbol of the headline that has a market; none for a score of 0 or stale news."""
        if not headline.score or self.is_stale(headline, markets):
            return []
        return [
            self._signal(headline, symbol, markets[symbol])
            for symbol in headline.symbols
            if symbol in markets and self.follows(symbol) and markets[symbol].last_ticks
        ]

    def is_stale(self, headline: Headline, markets: Mapping[Symbol, Market]) -> bool:
        """Say whether a headline is older than ``max_age_s``, or from the future by as much, by the market's clock.

        The named symbols' own time, carried on from their last trades, is the measure, because a tape runs in a time
        of its own; where none of them has traded yet, the time of receipt is.
        """
        recv_ns = headline.item.ts_recv_ns
        named = [markets[symbol] for symbol in headline.symbols if symbol in markets]
        times = [m.ts_exchange_ns + recv_ns - m.trade_recv_ns for m in named if m.last_ticks]
        return abs(max(times, default=recv_ns) - headline.item.ts_published_ns) > self.config.max_age_s * 1e9

    def _signal(self, headline: Headline, symbol: Symbol, market: Market) -> Signal:
        item, price = headline.item, market.last_ticks
        side = Side.BUY if headline.score > 0 else Side.SELL
        target_pct = self.config.target_pct if self.config.exits.target else 0.0
        levels = exit_levels(price, self.config.stop_pct, target_pct)
        stop, target = levels if side is Side.BUY else (0, 0)
        return Signal(
            signal_id=SignalId(f"{self.name}:{symbol}:{item.source}:{item.news_id}"),
            strategy=self.name,
            symbol=symbol,
            side=side,
            confidence=min(abs(headline.score), 1.0),
            price_ticks=price,
            stop_ticks=stop,
            target_ticks=target,
            horizon_ns=self.horizon_ns,
            reasons=headline.rules,
            ts_ns=item.ts_recv_ns,
        )
