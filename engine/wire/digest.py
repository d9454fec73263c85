"""What a day or a week came to, in one answer: for the digest that is posted by itself, and for who asks."""

from __future__ import annotations

from typing import Literal

import msgspec

from engine.wire.answers import PnlView, RoundTripView
from engine.wire.person import Command
from engine.wire.views import TradeView

DigestPeriod = Literal["day", "week"]


class GetDigest(Command, frozen=True, tag="digest"):
    """Ask what the last 24 hours, or the last 7 days, came to."""

    period: DigestPeriod = "day"


class IncidentView(msgspec.Struct, frozen=True):
    """A breaker that tripped, or trading that was halted."""

    ts_ns: int
    by: str
    """``slack:U01ALICE``, or the control that did it: ``C9_DAILY_LOSS``."""
    text: str
    is_breaker: bool


class LetGoView(msgspec.Struct, frozen=True):
    """What came of the proposals that nobody took and that reached their end in the period."""

    ended: int
    won: int
    net_quote: str
    net_r: float


class DigestView(msgspec.Struct, frozen=True, tag="digest"):
    """What ``/digest`` shows."""

    period: DigestPeriod
    since_ns: int
    until_ns: int
    pnl: PnlView
    equity_from: str
    """What the account was worth when the period began, or when it was first known; empty where it never was."""
    equity_now: str
    best: RoundTripView | None
    worst: RoundTripView | None
    """Of the trades that closed in the period; None where it has none, or the one that is the best."""
    positions: tuple[TradeView, ...]
    incidents: tuple[IncidentView, ...]
    """Oldest first, the last 20 of the period."""
    let_go: LetGoView
