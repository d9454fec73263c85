"""The circle: three books of one exchange that now and then don't agree, made up, without end.

BTC and ETH wander around their prices. Once a minute what ETH costs in BTC parts from what both cost in dollars, by so
much that going once around pays after three fees, first one way and then the other; half a minute later it is back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Final, NamedTuple

import numpy as np

from engine.core.instrument import E8
from engine.venues.paper.rules import SymbolRules
from engine.venues.paper.tape.events import BookSnapshot, Frame, Kline, TapeEvent
from engine.venues.paper.tape.pace import pace
from engine.venues.paper.tape.synthetic import SyntheticMarket

BEGIN_MS: Final = 1_700_000_000_000
"""14 November 2023, 22:13:20 UTC; any moment would do."""
STEP_S: Final = 0.1
"""Wall time between two requotes: Binance's fastest depth stream."""
LONGEST_STEP_NS: Final = 2_000_000_000
MINUTE_NS: Final = 60_000_000_000
PARTED: Final = (10.0, 40.0)
"""Seconds of each minute between which the books don't agree: time for a person to read an alert and click."""
RAMP_S: Final = 2.0
GAP: Final = 0.012
"""By so much, as a part of the price: of 100 USDT three fees of 0.1 % and whole lots leave some 50 basis points."""
WANDER: Final = 0.00003
"""Standard deviation of a step of either coin's price; it is pulled back to where it began."""


class Coin(NamedTuple):
    """One of the three: its units, what it costs at first, and how much lies on a level, in lots."""

    rules: SymbolRules
    price: float
    lots: int


def _coin(base: str, quote: str, tick: int, lot: int, price: float, lots: int) -> Coin:
    rules = SymbolRules(
        symbol=base + quote, base_asset=base, quote_asset=quote, tick=tick, lot=lot, min_price=tick, min_qty=lot,
        min_notional=E8 // 10_000 if quote == "BTC" else 5 * E8,
    )  # fmt: skip
    return Coin(rules, price, lots)


COINS: Final = (
    _coin("BTC", "USDT", E8 // 100, 1_000, 50_000.0, 50_000),
    _coin("ETH", "USDT", E8 // 100, 10_000, 2_500.0, 100_000),
    _coin("ETH", "BTC", 1_000, 10_000, 0.05, 100_000),
)
"""Units as Binance has them."""
SYMBOLS: Final = tuple(coin.rules.symbol for coin in COINS)


class CircleTape:
    """Three books, without end."""

    has_news = False
    lap = 0

    def __init__(self, speed: float, seed: int) -> None:
        """Lay the three books out as they begin."""
        self.spec = "circle"
        self.speed = speed
        self._chance = np.random.default_rng(seed)
        self._markets = tuple(SyntheticMarket(coin.rules, coin.lots, self._chance) for coin in COINS)
        step = STEP_S * speed * 1e9 if math.isfinite(speed) else LONGEST_STEP_NS
        self._step_ns = max(1_000_000, min(int(step), LONGEST_STEP_NS))
        self._away = [0.0, 0.0]
        for market, price in zip(self._markets, self._prices(0), strict=True):
            market.requote(0, BEGIN_MS, _ticks(price, market.rules), 2)

    async def prepare(self) -> None:
        """Do nothing: it is made up as it goes."""

    @property
    def rules(self) -> Sequence[SymbolRules]:
        """Return those of all three."""
        return tuple(coin.rules for coin in COINS)

    def snapshots(self) -> Sequence[BookSnapshot]:
        """Return the three books as they begin."""
        return tuple(market.snapshot(0, BEGIN_MS) for market in self._markets)

    def history(self, symbol: str) -> Sequence[Kline]:
        """Return nothing: there is no before."""
        return ()

    async def play(self, listener: Callable[[TapeEvent], None]) -> None:
        """Play on and on."""
        await pace(self.events(), self.speed, listener)

    def events(self) -> Iterator[TapeEvent]:
        """Go through everything that happens, in order, for ever."""
        for step in count(1):
            at_ns = step * self._step_ns
            self._wander()
            for market, price in zip(self._markets, self._prices(at_ns), strict=True):
                yield from self._move(market, at_ns, price)

    def _move(self, market: SyntheticMarket, at_ns: int, price: float) -> Iterator[Frame]:
        ts_ms = BEGIN_MS + at_ns // 1_000_000
        yield from market.requote(at_ns, ts_ms, _ticks(price, market.rules), 1 + int(self._chance.integers(2)))
        yield market.trade(at_ns, ts_ms, bool(self._chance.random() < 0.5), 1 + int(self._chance.integers(1_000)))

    def _wander(self) -> None:
        for at, away in enumerate(self._away):
            self._away[at] = 0.999 * away + float(self._chance.normal(0.0, WANDER))

    def _prices(self, at_ns: int) -> tuple[float, float, float]:
        btc, eth = (coin.price * (1.0 + away) for coin, away in zip(COINS, self._away, strict=False))
        return btc, eth, eth / btc * (1.0 + gap_at(at_ns))


def gap_at(at_ns: int) -> float:
    """Return by how much ETH's price in BTC is off, as a part of it, so long after the beginning."""
    minute, since_ns = divmod(at_ns, MINUTE_NS)
    begin, end = PARTED
    inside = min(since_ns / 1e9 - begin, end - since_ns / 1e9) / RAMP_S
    return (-GAP if minute % 2 == 0 else GAP) * min(max(inside, 0.0), 1.0)


def _ticks(price: float, rules: SymbolRules) -> int:
    return round(price * E8 / rules.tick)
