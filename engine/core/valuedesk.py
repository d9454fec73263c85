"""The way of a fair value through the core: to a question or an order, and to what other strategies may hold."""

from __future__ import annotations

from engine.core.bands import Bands
from engine.core.strategies.fundamental.fair_value import FairValueStrategy
from engine.core.tidings import FairValue
from engine.core.trading import Trading
from engine.core.types import Symbol

_EVERY_NS = 3_600_000_000_000
"""How often the largest positions follow the price; the value itself is a day's."""


class ValueDesk:
    """Decides about fair values when they come, and about the largest positions each hour."""

    def __init__(self, trading: Trading, strategy: FairValueStrategy, bands: Bands) -> None:
        self._trading = trading
        self._strategy = strategy
        self._bands = bands
        self._looked_ns = 0
        self._held_to: dict[Symbol, FairValue] = {}
        """The values that the largest positions go by."""

    def on_value(self, value: FairValue) -> None:
        """Take what an asset is worth."""
        self._strategy.on_value(value, self._trading.markets)
        self._decide()

    def on_timer(self) -> None:
        """Say what a missing price or account kept back; let the largest positions follow the price."""
        self._decide()
        if self._strategy.values and self._trading.now_ns - self._looked_ns >= _EVERY_NS:
            self._set_parts()

    def _decide(self) -> None:
        if not self._trading.is_reconciled:
            return
        for said in self._strategy.take(self._trading.markets):
            if isinstance(said, str):
                self._trading.notice("warning", "FAIR_VALUE", said)
            else:
                self._bands.on_signal(said)
        if self._strategy.values and self._strategy.values != self._held_to:
            self._held_to = dict(self._strategy.values)
            self._set_parts()

    def _set_parts(self) -> None:
        """Leave the other strategies so much of the largest position (C3) as the price is not too dear for."""
        trading, strategy = self._trading, self._strategy
        self._looked_ns = trading.now_ns
        parts = {symbol: strategy.part(trading.markets[symbol]) for symbol in strategy.values}
        before = trading.limits.parts
        if before == parts:
            return
        trading.limits.set_parts(parts, but_for=strategy.name)
        trading.gate.take(trading.limits.account, trading.limits.narrower)
        for symbol in sorted(parts):
            if round(parts[symbol], 2) != round(before.get(symbol, 1.0), 2):
                reason = strategy.words(trading.markets[symbol])
                text = f"{symbol} is {reason}: other strategies may hold {parts[symbol]:.0%} of the largest position."
                trading.notice("info", "FAIR_VALUE", text)
