"""What is written to the journal of the safeguards: kill switch, breakers, locks, limits, alarms, and the equity that
they are measured on."""

from __future__ import annotations

from engine.core.records import Record
from engine.core.types import Symbol


class EquityMarked(Record, frozen=True, tag="equity"):
    """What the account was worth, and its highest worth until then; 1e-8 of the quote asset."""

    equity_e8: int
    cash_e8: int
    peak_e8: int
    ts_ns: int


class Killed(Record, frozen=True, tag="killed"):
    """The kill switch was thrown; it holds until a ``KillReset``, over restarts too (C11)."""

    by: str
    reason: str
    symbol: Symbol
    """Empty for all."""
    flatten: bool
    ts_ns: int


class KillReset(Record, frozen=True, tag="kill_reset"):
    """An admin let the kill switch go, and said why."""

    by: str
    reason: str
    ts_ns: int


class DayOpened(Record, frozen=True, tag="day"):
    """A day (UTC, counted since the epoch) began with the account worth so much; 1e-8 of the quote asset."""

    day: int
    equity_e8: int
    ts_ns: int


class Tripped(Record, frozen=True, tag="tripped"):
    """A breaker has tripped (C9); it holds until a ``BreakersReset``."""

    code: str
    detail: str
    ts_ns: int


class BreakersReset(Record, frozen=True, tag="breakers_reset"):
    """An admin let the breakers go: losses count from here on."""

    by: str
    reason: str
    equity_e8: int
    ts_ns: int


class Locked(Record, frozen=True, tag="locked"):
    """Somebody barred entries of a symbol until a moment; one that has passed takes the lock away."""

    symbol: Symbol
    until_ns: int
    by: str
    reason: str
    ts_ns: int


class LimitSet(Record, frozen=True, tag="limit"):
    """An admin set a limit of the account, or of the symbol or strategy that is named.

    Its words are in an ``Audited`` of their own.
    """

    name: str
    symbol: str
    strategy: str
    value: float | None
    """None: the one in ``trader.toml`` counts again."""
    is_loose: bool
    """It was said in so many words that it may be looser than in ``trader.toml``."""
    by: str
    reason: str
    ts_ns: int


class AlarmRaised(Record, frozen=True, tag="alarm"):
    """Something critical was said that somebody has to acknowledge (C20)."""

    code: str
    text: str
    ts_ns: int
    subject: str = ""
    """What it is about, where alarms of one code may be about several things: a pair's id."""
    closing_loss: str = ""
    """What closing it now would lose: ``12.50 USDT``; empty where nothing can be closed."""


class AlarmAcknowledged(Record, frozen=True, tag="alarm_acknowledged"):
    """Somebody acknowledged an alarm."""

    alarm_id: str
    by: str
    ts_ns: int


SafeguardRecord = (
    EquityMarked
    | Killed
    | KillReset
    | DayOpened
    | Tripped
    | BreakersReset
    | Locked
    | LimitSet
    | AlarmRaised
    | AlarmAcknowledged
)
