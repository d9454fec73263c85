"""What technical strategies share: their places in a market's arrays, and how what they say becomes a signal."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from engine.core.config import StrategyConfig
from engine.core.instrument import exit_levels
from engine.core.kernels.market import FILL_ID, FOLLOWED, LAST, TRADE_RECV_NS
from engine.core.market import Market
from engine.core.types import BUY, SELL, Candle, Signal, SignalId, Symbol


class Technical(ABC):
    """A jitted step that ``kernels.market`` runs at each trade, and that leaves a signed confidence behind."""

    name: ClassVar[str]
    kind: ClassVar[Literal["technical"]] = "technical"
    horizon_ns: ClassVar[int]
    bit: ClassVar[int]
    """By which a market knows who follows it, and who has something to say."""
    said: ClassVar[int]
    params: ClassVar[slice]
    state: ClassVar[slice]
    """Its places in a market's ``minds``."""

    def __init__(self, config: StrategyConfig, params: NDArray[np.float64], reasons: tuple[str, str]) -> None:
        """Keep the settings; ``reasons``: why it would buy, and why it would sell, in words."""
        self.config = config
        self._params = params
        self._target_pct = config.target_pct if config.exits.target else 0.0
        self._buys, self._sells = ((words,) for words in reasons)

    @abstractmethod
    def on_candle(self, candle: Candle, market: Market) -> None:
        """Warm the state up with a finished candle of history."""

    def follows(self, symbol: Symbol) -> bool:
        """Say whether this strategy looks at a symbol."""
        return not self.config.symbols or symbol in self.config.symbols

    def follow(self, market: Market) -> None:
        """Step with every trade of a market from now on, if its symbol is one that this strategy looks at."""
        market.minds[self.params] = self._params
        if self.follows(market.instrument.symbol):
            market.numbers[FOLLOWED] |= self.bit

    def signal(self, market: Market) -> Signal:
        """Word what the last step said."""
        symbol, config, ints = market.instrument.symbol, self.config, market.ints
        price, fill_id, ts_recv_ns = ints[LAST], ints[FILL_ID], ints[TRADE_RECV_NS]
        confidence = market.floats[self.said]
        is_buy = confidence > 0.0
        stop, target = exit_levels(price, config.stop_pct, self._target_pct) if is_buy else (0, 0)
        return Signal(
            SignalId(f"{self.name}:{symbol}:{fill_id}:{ts_recv_ns}"),
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
