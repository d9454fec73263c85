"""What technical strategies share: a state array for each symbol, and how a step's confidence becomes a signal."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from engine.core.config import StrategyConfig
from engine.core.instrument import exit_levels
from engine.core.types import Candle, Side, Signal, SignalId, Symbol, Trade


class Technical(ABC):
    """A jitted step over (state, parameters, price, signed lots, time) that returns a signed confidence."""

    name: ClassVar[str]
    kind: ClassVar[Literal["technical"]] = "technical"
    horizon_ns: ClassVar[int]

    def __init__(self, config: StrategyConfig, params: NDArray[np.float64]) -> None:
        self.config = config
        self._params = params
        self._states: dict[Symbol, NDArray[np.float64]] = {}

    @abstractmethod
    def new_state(self) -> NDArray[np.float64]:
        """Return the state of a symbol that was never seen."""

    @abstractmethod
    def step(self, state: NDArray[np.float64], price_ticks: float, signed_lots: float, ts_ns: int) -> float:
        """Run the kernel once; returns a signed confidence, 0 for nothing to say."""

    @abstractmethod
    def reason(self, confidence: float) -> str:
        """Say in words why a signal arose."""

    def follows(self, symbol: Symbol) -> bool:
        """Say whether this strategy looks at a symbol."""
        return not self.config.symbols or symbol in self.config.symbols

    def on_trade(self, trade: Trade) -> Signal | None:
        """Step once with a live trade; return a signal or None."""
        signed = -float(trade.qty_lots) if trade.is_buyer_maker else float(trade.qty_lots)
        state = self._states.get(trade.symbol)
        if state is None:
            state = self._state(trade.symbol)
        confidence = self.step(state, float(trade.price_ticks), signed, trade.ts_exchange_ns)
        return self._signal(trade, confidence) if confidence else None

    def on_candle(self, candle: Candle) -> None:
        """Warm the state up with a finished candle of history, as a trade at its close; what it says is ignored."""
        ts_ns = candle.open_ns + candle.interval_ns - 1
        self.step(self._state(candle.symbol), float(candle.close_ticks), 0.0, ts_ns)

    def _state(self, symbol: Symbol) -> NDArray[np.float64]:
        state = self._states.get(symbol)
        if state is None:
            state = self._states[symbol] = self.new_state()
        return state

    def _signal(self, trade: Trade, confidence: float) -> Signal:
        side = Side.BUY if confidence > 0 else Side.SELL
        price, config = trade.price_ticks, self.config
        stop, target = exit_levels(price, config.stop_pct, config.target_pct) if side is Side.BUY else (0, 0)
        return Signal(
            signal_id=SignalId(f"{self.name}:{trade.symbol}:{trade.fill_id}:{trade.ts_recv_ns}"),
            strategy=self.name,
            symbol=trade.symbol,
            side=side,
            confidence=abs(confidence),
            price_ticks=price,
            stop_ticks=stop,
            target_ticks=target,
            horizon_ns=self.horizon_ns,
            reasons=(self.reason(confidence),),
            ts_ns=trade.ts_recv_ns,
        )
