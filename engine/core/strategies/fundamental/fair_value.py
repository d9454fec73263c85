"""Fair value: a price outside its band becomes a signal, and a dear one leaves less of the largest position."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar, Final, Literal

from engine.core.config import FairValueBand
from engine.core.instrument import Instrument, exit_levels
from engine.core.market import Market
from engine.core.tidings import FairValue
from engine.core.types import Side, Signal, SignalId, Symbol

DOLLARS: Final = frozenset({"USD", "USDT", "USDC", "FDUSD", "TUSD", "DAI"})
"""Quote assets in which a price can be held against one in dollars."""
MOST_OFF: Final = 3.0
"""Times the price of the numbers' day that a price may be, or below it; as among the numbers from day to day."""


class FairValueStrategy:
    """One word a day for each symbol: how far its price is from fair, in halves of the band.

    Confidence is 0 up to the edge of the band and 1 at ``far`` halves from its middle, times the weight of those
    measures that agree.
    """

    name: ClassVar[str] = "fair_value"
    kind: ClassVar[Literal["fundamental"]] = "fundamental"
    horizon_ns: ClassVar[int] = 30 * 86_400_000_000_000

    def __init__(self, config: FairValueBand) -> None:
        self.config = config
        self.values: dict[Symbol, FairValue] = {}
        """The last one of each symbol that is believed."""
        self._new: dict[Symbol, FairValue] = {}
        """Those that wait for a price."""

    def follows(self, symbol: Symbol) -> bool:
        """Say whether this strategy looks at a symbol."""
        return not self.config.symbols or symbol in self.config.symbols

    def on_value(self, value: FairValue, markets: Mapping[Symbol, Market]) -> None:
        """Take what an asset is worth, for each of its symbols; the same day's value again changes nothing."""
        for symbol, market in markets.items():
            if not self.follows(symbol) or not _is_about(value, market.instrument):
                continue
            known = self._new.get(symbol) or self.values.get(symbol)
            if known is None or known.day < value.day:
                self._new[symbol] = value

    def take(self, markets: Mapping[Symbol, Market]) -> list[Signal | str]:
        """Believe the new values of symbols that have a price, once each; cheap where there are none.

        Returns what each says, if anything; words where its numbers are of another price than the market's: those of
        another coin of that name, or counted in another unit, and the value before stays.
        """
        ready = sorted(symbol for symbol in self._new if markets[symbol].last_ticks)
        said: list[Signal | str] = []
        for symbol in ready:
            value, market = self._new.pop(symbol), markets[symbol]
            if doubt := _doubt(value, market):
                said.append(doubt)
                continue
            self.values[symbol] = value
            if (signal := self._signal(value, market)).confidence:
                said.append(signal)
        return said

    def part(self, market: Market) -> float:
        """Return how much of the largest position (C3) a symbol may have, 0 to 1: less the dearer it is.

        A part outlives its numbers: only newer ones lift it.
        """
        value = self.values.get(market.instrument.symbol)
        if value is None or not market.last_ticks:
            return 1.0
        beyond = max(self._distance(value, market) - 1.0, 0.0) / (self.config.far - 1.0)
        return max(1.0 - (1.0 - self.config.least_part) * beyond, self.config.least_part)

    def words(self, market: Market) -> str:
        """Say where the price stands: ``28 % below fair value 3,200.00 (2,800.00 to 3,600.00)``."""
        return _where(self.values[market.instrument.symbol], market)

    def _signal(self, value: FairValue, market: Market) -> Signal:
        symbol, price, distance = market.instrument.symbol, market.last_ticks, self._distance(value, market)
        side = Side.SELL if distance > 0 else Side.BUY
        stop = target = 0
        if side is Side.BUY:
            target_pct = self.config.target_pct if self.config.exits.target else 0.0
            stop, target = exit_levels(price, self.config.stop_pct, target_pct)
            target = min(target, max(int(value.fair_usd / market.instrument.tick_size), price + 1))
        return Signal(
            signal_id=SignalId(f"{self.name}:{symbol}:{value.day}"),
            strategy=self.name,
            symbol=symbol,
            side=side,
            confidence=self._confidence(value, distance),
            price_ticks=price,
            stop_ticks=stop,
            target_ticks=target,
            horizon_ns=self.horizon_ns,
            reasons=_reasons(value, market),
            ts_ns=value.ts_recv_ns,
        )

    def _distance(self, value: FairValue, market: Market) -> float:
        """Return how many halves of the band the price is above fair value; negative below."""
        price = market.last_ticks * market.instrument.tick_size
        return 2.0 * math.log(price / value.fair_usd) / math.log(value.high_usd / value.low_usd)

    def _confidence(self, value: FairValue, distance: float) -> float:
        beyond = min(max((abs(distance) - 1.0) / (self.config.far - 1.0), 0.0), 1.0)
        agreeing = sum(one.weight for one in value.measures if (one.dearness > 1.0) is (distance > 0))
        return beyond * agreeing / sum(one.weight for one in value.measures)


def _doubt(value: FairValue, market: Market) -> str:
    """Say why a value is not believed of a market; empty where it is."""
    price = market.last_ticks * market.instrument.tick_size
    if value.price_usd / MOST_OFF <= price <= value.price_usd * MOST_OFF:
        return ""
    words = f"its numbers are of a price of {value.price_usd:,.6g}, and it is at {price:,.6g}"
    return f"{market.instrument.symbol} has no fair value: {words}."


def _is_about(value: FairValue, instrument: Instrument) -> bool:
    return instrument.base_asset == value.asset and instrument.quote_asset in DOLLARS


def _where(value: FairValue, market: Market) -> str:
    off = market.last_ticks * market.instrument.tick_size / value.fair_usd - 1.0
    where = "above" if off > 0 else "below"
    band = f"{value.low_usd:,.2f} to {value.high_usd:,.2f}"
    return f"{abs(off):.0%} {where} fair value {value.fair_usd:,.2f} ({band})"


def _reasons(value: FairValue, market: Market) -> tuple[str, ...]:
    measures = (f"{one.name} {one.dearness:.2f} times its usual" for one in value.measures)
    return (_where(value, market), *measures, *value.macro)
