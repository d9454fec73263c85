"""The technical strategies at their places in every market's array: who follows what, warming up, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np

from engine.core.instrument import exit_levels
from engine.core.kernels.bars import ATR
from engine.core.kernels.market import (
    CANDLE_NS,
    EXCHANGE_NS,
    FILL_ID,
    FOLLOWED,
    HEARD_NS,
    LAST,
    LAST_LOTS,
    TAPE,
)
from engine.core.market import Market
from engine.core.strategies.technical.base import AtrStrategy, Technical
from engine.core.strategies.technical.catalog import TECHNICAL
from engine.core.strategies.technical.stepping import (
    AFTER_PLACES,
    FIRST_BIT,
    KERNELS,
    PLACES,
)
from engine.core.strategy_config import StrategyConfig
from engine.core.types import BUY, SELL, Candle, Signal, Symbol, as_signal_id

_NEAREST: Final = 0.25
"""Exits in average true ranges are no nearer than this part of the percentages."""


class Placed:
    """One strategy with its places: the same in every market."""

    def __init__(self, number: int, strategy: Technical, params_at: int) -> None:
        """Place a strategy, the ``number``-th of the list, whose parameters begin at ``params_at`` of ``minds``."""
        self.strategy = strategy
        self._config: StrategyConfig = strategy.config
        self.name, self.kind, self.horizon_ns = strategy.name, strategy.kind, strategy.horizon_ns
        self.bit: Final = 1 << number + FIRST_BIT
        self.said: Final = number
        self._params = np.array(strategy.params(), np.float64)
        self._kernel = KERNELS[number]
        state_at = params_at + len(self._params)
        self.params: Final = slice(params_at, state_at)
        self.state: Final = slice(state_at, state_at + self._kernel.state_size(self._params))
        """Its state in ``Market.minds``: a copy of this part saves it, and writing that back restores it."""
        self._places: Final = slice(PLACES + 3 * number, PLACES + 3 * number + 3)
        self._atr_at = state_at + ATR if isinstance(strategy, AtrStrategy) else -1
        self._buys, self._sells = strategy.buys, strategy.sells
        self._target_pct = _target_pct(strategy.config)

    @property
    def config(self) -> StrategyConfig:
        """Its settings. New ones may differ in what a running strategy can change: thresholds and exits."""
        return self._config

    @config.setter
    def config(self, config: StrategyConfig) -> None:
        self._config = self.strategy.config = config
        self._target_pct = _target_pct(config)
        self._params = np.array(self.strategy.params(), np.float64)

    def follows(self, symbol: Symbol) -> bool:
        """Say whether this strategy looks at a symbol."""
        return not self._config.symbols or symbol in self._config.symbols

    def sit_down(self, market: Market) -> None:
        """Write place and parameters into a market's array."""
        market.numbers[self._places] = self.params.start, self.state.start, self.state.stop
        market.minds[self.params] = self._params

    def follow(self, market: Market) -> None:
        """Begin to step in a market, as warm as the candles there make it; one that follows already goes on."""
        if market.numbers[FOLLOWED] & self.bit:
            return
        market.numbers[FOLLOWED] |= self.bit
        market.minds[self.state] = 0.0
        for row in market.last_candles(len(market.candles)):
            self.on_candle(Candle(market.instrument.symbol, int(row[0]), CANDLE_NS, *map(int, row[1:])), market)

    def leave(self, market: Market) -> None:
        """Step no more in a market."""
        market.numbers[FOLLOWED] &= ~self.bit

    def on_candle(self, candle: Candle, market: Market) -> None:
        """Warm the state up with a candle of history, as trades at its four prices; what is said is ignored.

        Bars that candles don't divide into are not warmed up: they would be made of too few prices.
        """
        bar_ns = self.strategy.bar_ns
        if not bar_ns or bar_ns % candle.interval_ns:
            return
        numbers, minds, last_ns = np.zeros(TAPE, np.int64), market.minds, candle.open_ns + candle.interval_ns - 1
        for price, lots, ts_ns in (
            (candle.open_ticks, 0, candle.open_ns),
            (candle.high_ticks, 0, candle.open_ns),
            (candle.low_ticks, 0, candle.open_ns),
            (candle.close_ticks, candle.volume_lots, last_ns),
        ):
            numbers[LAST], numbers[LAST_LOTS], numbers[EXCHANGE_NS] = price, lots, ts_ns
            self._kernel.step(minds[self.state], minds[self.params], numbers)

    def signal(self, market: Market) -> Signal:
        """Word what the last step said."""
        symbol, ints, floats = market.symbol, market.ints, market.floats
        price, ts_recv_ns = ints[LAST], ints[HEARD_NS]
        confidence = floats[self.said]
        is_buy = confidence > 0.0
        stop = target = 0
        if is_buy:
            stop, target = exit_levels(price, self._config.stop_pct, self._target_pct)
            if self._atr_at >= 0:
                stop, target = self._nearer(price, stop, target, floats[self._atr_at])
        return Signal(
            as_signal_id(f"{self.name}:{symbol}:{ints[FILL_ID]}:{ts_recv_ns}"),
            self.name,
            symbol,
            BUY if is_buy else SELL,
            abs(confidence),
            price,
            stop,
            target,
            self.horizon_ns,
            self._buys if is_buy else self._sells,
            ts_recv_ns,
        )

    def reasons(self, signal: Signal, market: Market) -> tuple[str, ...]:
        """Say for people why it spoke, with the numbers, before anything else is heard."""
        return (*signal.reasons, *self.strategy.numbers(market.minds[self.state].tolist()))

    def _nearer(self, price: int, stop: int, target: int, atr: float) -> tuple[int, int]:
        """Draw exits in percent in to so many average true ranges, to a quarter of the way at most."""
        below, above = price - stop, target - price
        below = int(min(max(self.strategy.config.stop_atrs * atr, _NEAREST * below), below))
        if target:
            target = price + int(min(max(self.strategy.config.target_atrs * atr, _NEAREST * above), above))
        return price - below, target


def _target_pct(config: StrategyConfig) -> float:
    return config.target_pct if config.exits.target else 0.0


class Crew:
    """All of them."""

    def __init__(self, settings: Any) -> None:
        """Give each its place; ``settings`` has those of each under its name (``config.Strategies``)."""
        self._placed: list[Placed] = []
        self.size = AFTER_PLACES
        """How long the strategies' part of a market's array is."""
        for number, strategy in enumerate(TECHNICAL):
            placed = Placed(number, strategy(getattr(settings, strategy.name)), self.size)
            self._placed.append(placed)
            self.size = placed.state.stop
        self.speakers: Final = _Speakers(self._placed)
        """Who spoke, by what a call of the kernels answered: in the order of the list."""
        self._by_name = {placed.name: placed for placed in self._placed}

    def __iter__(self) -> Iterator[Placed]:
        return iter(self._placed)

    def __getitem__(self, name: str) -> Placed:
        return self._by_name[name]

    def follow(self, market: Market, is_on: Callable[[str], bool]) -> None:
        """Let those step in a market that look at it and are on, or that one which is on listens to; and no others."""
        wanted = {placed.name for placed in self if is_on(placed.name)}
        wanted |= {name for placed in self if placed.name in wanted for name in placed.strategy.listens_to()}
        for placed in self:
            placed.sit_down(market)
            if placed.name in wanted and placed.follows(market.instrument.symbol):
                placed.follow(market)
            else:
                placed.leave(market)

    def on_candle(self, candle: Candle, market: Market) -> None:
        """Warm those that follow up with a finished candle of history."""
        for placed in self:
            if market.numbers[FOLLOWED] & placed.bit:
                placed.on_candle(candle, market)


class _Speakers(dict[int, tuple[Placed, ...]]):
    """Finds each answer's strategies once, so that the next time is a look-up in a dict."""

    def __init__(self, crew: Sequence[Placed]) -> None:
        self._crew = crew

    def __missing__(self, stirred: int) -> tuple[Placed, ...]:
        found = self[stirred] = tuple(placed for placed in self._crew if stirred & placed.bit)
        return found
