"""The story: IOTA's announcement of 28 November 2017, re-enacted from its known figures, day after day.

Known are five figures of the day (see ``ANCHORS`` and ``HOUR_VOLUME``); what lies between them is seeded noise
around straight lines. Also ours is the quarter of an hour before: prices had drifted down a little, and a small
rise from 13:48 lets a moving average cross upwards before the news. Every lap is one day later in tape time.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import count, pairwise
from typing import Final

import msgspec
import numpy as np

from engine.core.instrument import E8
from engine.venues.paper.rules import SymbolRules
from engine.venues.paper.tape.events import BookSnapshot, Frame, Kline, Publication, TapeEvent
from engine.venues.paper.tape.pace import pace
from engine.venues.paper.tape.synthetic import SyntheticMarket
from engine.venues.paper.units import quote_of

IOTA: Final = SymbolRules(
    symbol="IOTAUSDT",
    base_asset="IOTA",
    quote_asset="USDT",
    tick=E8 // 10_000,
    lot=E8 // 100,
    min_price=E8 // 10_000,
    min_qty=E8 // 100,
)
BEGIN_MS: Final = 1_511_876_700_000
"""28 November 2017, 13:45 UTC."""
DAY_MS: Final = 86_400_000
MINUTES: Final = 75
HEADLINE_MINUTE: Final = 15
HISTORY_MINUTES: Final = 75
STEP_S: Final = 0.1
"""Wall time between two requotes: Binance's fastest depth stream."""
LONGEST_STEP_NS: Final = 2_000_000_000

ANCHORS: Final = ((14, 1.0349), (17, 1.0505), (20, 1.0861), (59, 1.2447))
"""Minute after 13:45 and what IOT/USD traded at in its last seconds: 13:59, 14:02, 14:05, and the top at 14:44.
Source: one-minute candles of a large exchange for that day."""
HOUR_VOLUME: Final = 18_200_000
QUIET_VOLUME: Final = 3_300_000
"""IOT traded from 14:00 to 15:00, and in the hour before. Same source."""
ANCHOR_HOLD: Final = 0.25
"""Minutes for which the price stands at an anchor, up to the end of its minute."""
KNOTS: Final = (
    (0.0, 1.0330),
    (3.0, 1.0300),
    (10.0, 1.0370),
    *((minute + at, price) for minute, price in ANCHORS[:1] for at in (1.0 - ANCHOR_HOLD, 1.0)),
    (16.0, 1.0380),
    *((minute + at, price) for minute, price in ANCHORS[1:] for at in (1.0 - ANCHOR_HOLD, 1.0)),
    (65.0, 1.2300),
    (75.0, 1.2350),
)
HISTORY_FROM: Final = 1.0380

# The event is dated 2017-11-28 by the source; the minute was not verified, 14:00 precedes the first sustained move.
HEADLINE: Final = "IOTA launches data marketplace with Microsoft, Fujitsu and other participants"
SOURCE: Final = "story"
"""A re-enactment speaks for itself; the page that it follows is at the address."""
URL: Final = "https://coinsquare.com/en-ca/learn/iota-microsoft-partnership-announcement-gaffe-raises-trust-concerns"


class Minute(msgspec.Struct, frozen=True):
    """What one minute of a lap will hold: when somebody trades, which way, and how much."""

    offsets_ns: list[int]
    is_buy: list[bool]
    lots: list[int]


class StoryTape:
    """The story, without end."""

    has_news = True

    def __init__(self, speed: float, seed: int) -> None:
        self.spec = "story"
        self.speed = speed
        self._seed = seed
        self._lap = 0
        self._market = SyntheticMarket(IOTA, 900_000, np.random.default_rng(seed))
        step = STEP_S * speed * 1e9 if math.isfinite(speed) else LONGEST_STEP_NS
        self._step_ns = max(1_000_000, min(int(step), LONGEST_STEP_NS))
        self._market.requote(0, BEGIN_MS, _ticks(KNOTS[0][1]), 2)

    async def prepare(self) -> None:
        """Do nothing: the story is known."""

    @property
    def rules(self) -> Sequence[SymbolRules]:
        """Return IOTAUSDT's."""
        return (IOTA,)

    @property
    def lap(self) -> int:
        """How often it has begun anew."""
        return self._lap

    def snapshots(self) -> Sequence[BookSnapshot]:
        """Return the book of 13:45."""
        return (self._market.snapshot(0, BEGIN_MS),)

    def history(self, symbol: str) -> Sequence[Kline]:
        """Return the hour and a quarter before: calm, drifting down a little."""
        chance = np.random.default_rng(self._seed)
        closes = np.linspace(HISTORY_FROM, KNOTS[0][1], HISTORY_MINUTES + 1) + chance.normal(
            0, 0.0003, HISTORY_MINUTES + 1
        )
        closes[-1] = KNOTS[0][1]
        volume = QUIET_VOLUME * E8 // 60
        return [
            _quiet_candle(BEGIN_MS - (HISTORY_MINUTES - i) * 60_000, before, after, volume)
            for i, (before, after) in enumerate(pairwise(closes.tolist()))
        ]

    async def play(self, listener: Callable[[TapeEvent], None]) -> None:
        """Play lap after lap."""
        await pace(self.events(), self.speed, listener)

    def events(self) -> Iterator[TapeEvent]:
        """Go through everything that happens, in order, for ever."""
        for lap in count():
            self._lap = lap
            yield from self._play_lap(lap)

    def _play_lap(self, lap: int) -> Iterator[TapeEvent]:
        chance = np.random.default_rng((self._seed, lap))
        starts_ns, begin_ms = lap * MINUTES * 60_000_000_000, BEGIN_MS + lap * DAY_MS
        noise = 0.0
        for minute in range(MINUTES):
            if minute == HEADLINE_MINUTE:
                yield _headline(starts_ns + minute * 60_000_000_000, begin_ms + minute * 60_000, lap)
            plan = _plan(minute, chance)
            trades = list(zip(plan.offsets_ns, plan.is_buy, plan.lots, strict=True))[::-1]
            for offset_ns in range(0, 60_000_000_000, self._step_ns):
                at = minute + offset_ns / 6e10
                noise = 0.9 * noise + float(chance.normal(0.0, 0.0004))
                since_ns = minute * 60_000_000_000 + offset_ns
                ask = _ticks(price_at(at) * (1.0 + noise * _freedom(at)))
                spread = 1 + int(chance.integers(3))
                yield from self._market.requote(
                    starts_ns + since_ns, begin_ms + since_ns // 1_000_000, min(ask, _ticks(ANCHORS[-1][1])), spread
                )
                while trades and trades[-1][0] < offset_ns + self._step_ns:
                    trade_ns, is_buy, lots = trades.pop()
                    since_ns = minute * 60_000_000_000 + trade_ns
                    yield self._trade(starts_ns + since_ns, begin_ms + since_ns // 1_000_000, is_buy, lots)

    def _trade(self, at_ns: int, ts_ms: int, is_buy: bool, lots: int) -> Frame:
        return self._market.trade(at_ns, ts_ms, is_buy, lots)


def price_at(minute: float) -> float:
    """Return the price without noise, so many minutes after 13:45: straight lines between the knots."""
    after = min(bisect_right(KNOTS, (minute, math.inf)), len(KNOTS) - 1)
    (x0, y0), (x1, y1) = KNOTS[after - 1], KNOTS[after]
    return y0 + (y1 - y0) * (minute - x0) / (x1 - x0)


def _freedom(minute: float) -> float:
    """Say how much noise there is: none while an anchor holds, all of it a minute away from any."""
    nearest = min(max(anchor + 1.0 - ANCHOR_HOLD - minute, minute - anchor - 1.0, 0.0) for anchor, _ in ANCHORS)
    return min(1.0, nearest)


def _plan(minute: int, chance: np.random.Generator) -> Minute:
    """Draw a minute's trades; their quantities add up to the minute's share of its hour's volume."""
    lots_in_all = _volume_lots(minute)
    trades = 20 if minute < HEADLINE_MINUTE else 60
    offsets = np.sort(chance.integers(0, 60_000_000_000, trades))
    offsets[-1] = 59_900_000_000
    lean = 0.5 + 12.0 * (price_at(minute + 1.0) - price_at(float(minute)))
    is_buy = chance.random(trades) < min(0.85, max(0.25, lean))
    if any(minute == anchor for anchor, _ in ANCHORS):
        is_buy[-1] = True  # bought at the ask, which stands at the anchor: the minute closes there exactly
    parts = np.floor(chance.dirichlet(np.full(trades, 1.5)) * (lots_in_all - trades)).astype(np.int64) + 1
    parts[0] += lots_in_all - int(parts.sum())
    return Minute(offsets.tolist(), is_buy.tolist(), parts.tolist())


def _volume_lots(minute: int) -> int:
    """Return a minute's volume: even before the news, heaviest some minutes after it."""
    lots_per_iot = E8 // IOTA.lot
    if minute < HEADLINE_MINUTE:
        return QUIET_VOLUME * lots_per_iot // 60
    weights = [1.0 + 3.0 * math.exp(-((m - 5) ** 2) / 40.0) for m in range(MINUTES - HEADLINE_MINUTE)]
    edges = np.rint(np.cumsum([0.0, *weights]) / sum(weights) * HOUR_VOLUME * lots_per_iot).astype(np.int64)
    return int(edges[minute - HEADLINE_MINUTE + 1] - edges[minute - HEADLINE_MINUTE])


def _headline(at_ns: int, ts_ms: int, lap: int) -> Publication:
    return Publication(at_ns, ts_ms, f"iota-marketplace-2017-11-28-lap-{lap + 1}", SOURCE, HEADLINE, URL)


def _quiet_candle(open_ms: int, before: float, after: float, volume: int) -> Kline:
    first, last = _ticks(before) * IOTA.tick, _ticks(after) * IOTA.tick
    high, low = max(first, last) + 2 * IOTA.tick, min(first, last) - 2 * IOTA.tick
    quote = quote_of((high + low) // 2, volume)
    return Kline(open_ms, 60_000, first, high, low, last, volume, quote, 20, volume // 2, quote // 2)


def _ticks(price: float) -> int:
    return round(price * E8 / IOTA.tick)
