"""What a person may ask about the past, the market and the strategies, and the little that they may set with it."""

from __future__ import annotations

from typing import Literal

from engine.wire.digest import GetDigest
from engine.wire.person import Command

PeriodName = Literal["today", "day", "week", "month", "all"]
BarName = Literal["1m", "5m", "15m", "1h", "4h", "1d"]
DirectionName = Literal["above", "below"]


class GetTrades(Command, frozen=True, tag="trades"):
    """Ask for round trips, open ones first, then the finished ones, newest first."""

    symbol: str = ""
    """Empty for all."""
    most: int = 10
    """At most so many; 1 to 500."""


class GetPnl(Command, frozen=True, tag="pnl"):
    """Ask what was made and lost: today (UTC), in the last 24 hours, 7 or 30 days, or ever."""

    period: PeriodName = "today"


class GetEquity(Command, frozen=True, tag="equity"):
    """Ask how the worth of the account moved."""

    span_s: float = 0.0
    """How far back; 0 for all that is remembered."""
    points: int = 500
    """At most so many; 2 to 500."""


class GetCandles(Command, frozen=True, tag="candles"):
    """Ask for a symbol's candles, made of its one-minute ones of the last seven days."""

    symbol: str
    bar: BarName = "5m"
    most: int = 200
    """At most so many, the newest; 1 to 1000."""


class GetStrategies(Command, frozen=True, tag="strategies"):
    """Ask how the strategies are set, what became of their signals, and what each last said."""


class GetWhy(Command, frozen=True, tag="why"):
    """Ask for the decision behind an order, a proposal or a trade."""

    what: str
    """Its id, or how that begins: ``tr-3f2a``, ``p-91``, ``t-0c``, or the same without the letters in front."""


class GetNews(Command, frozen=True, tag="headlines"):
    """Ask for the last headlines, and what was made of each."""

    most: int = 10
    """1 to 50."""


class GetBalance(Command, frozen=True, tag="balance"):
    """Ask what the account holds, free and locked, and what that is worth."""


class GetWatches(Command, frozen=True, tag="watches"):
    """Ask for the prices that somebody wants to be told of."""


class GetMissed(Command, frozen=True, tag="missed"):
    """Ask what the proposals would have made that nobody took."""


class GetPairs(Command, frozen=True, tag="pairs"):
    """Ask how arbitrage between the two venues goes."""


class SetParameter(Command, frozen=True, tag="set_parameter"):
    """Set a strategy's threshold or another of its numbers; it is audited, and kept over restarts."""

    strategy: str
    name: str
    """``ask``, ``act``, ``stop_pct``, ``target_pct``, ``expires_s`` …"""
    value: str
    """A plain decimal, or ``default`` for what ``trader.toml`` says."""


class Watch(Command, frozen=True, tag="watch"):
    """Be told once, when a symbol trades at a price or beyond it."""

    symbol: str
    direction: DirectionName
    price: str


class Unwatch(Command, frozen=True, tag="unwatch"):
    """Be told no more; ``all`` for every price that is watched."""

    watch_id: str


AnyQuestion = (
    GetTrades
    | GetPnl
    | GetEquity
    | GetCandles
    | GetStrategies
    | GetWhy
    | GetNews
    | GetBalance
    | GetWatches
    | GetMissed
    | GetDigest
    | GetPairs
)
