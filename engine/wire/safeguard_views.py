"""How the safeguards look from outside: limits and controls, locks, alarms, and what the kill switch did.

Amounts and times are as in ``views``.
"""

from __future__ import annotations

import msgspec


class LimitView(msgspec.Struct, frozen=True):
    """One limit of the gate or the breakers, and how much of it is used now."""

    code: str
    name: str
    """Its name in ``trader.toml``."""
    limit: str
    used: str
    """Empty where nothing can be used up: a collar, a distance."""
    scope: str = ""
    """``symbol ETHUSDT`` or ``strategy sma_cross``; empty for the account."""
    changed: str = ""
    """Who set it while running, why, and what ``trader.toml`` has; empty where that counts."""


class ControlView(msgspec.Struct, frozen=True):
    """How a control stands that has no limit which could be changed while running."""

    code: str
    name: str
    state: str


class LockView(msgspec.Struct, frozen=True):
    """A symbol that has no entries for a while."""

    symbol: str
    left_s: float
    why: str


class RiskView(msgspec.Struct, frozen=True, tag="risk"):
    """The limits, what has tripped, and what is locked."""

    limits: tuple[LimitView, ...]
    tripped: tuple[str, ...]
    """``C9_DAILY_LOSS: limit=2.00% loss=2.31% …``; empty while no breaker has tripped."""
    locks: tuple[LockView, ...]
    controls: tuple[ControlView, ...] = ()
    """Those without a limit: with the limits there is a line for each of C1 to C23."""


class AlarmView(msgspec.Struct, frozen=True):
    """Something critical that somebody has to acknowledge (C20)."""

    alarm_id: str
    code: str
    texts: tuple[str, ...]
    """What was said since it was raised, newest last; at most five."""
    times: int
    """How often it was said."""
    ts_raised_ns: int
    ts_last_ns: int
    acknowledged_by: str
    """``slack:U01ALICE``, ``cli:ann``; empty while nobody has."""
    ts_acknowledged_ns: int
    subject: str = ""
    """What it is about: the id of a pair; empty where its code says all."""
    closing_loss: str = ""
    """What closing it now would lose: ``12.50 USDT``; empty where nothing can be closed."""


class KillSymbolView(msgspec.Struct, frozen=True):
    """What the kill switch did with one symbol, and what is left of it."""

    symbol: str
    base_asset: str
    quote_asset: str
    cancelled: int
    """Orders that the venue has confirmed as gone."""
    filled: int
    """Orders that filled before their cancel arrived."""
    still_open: int
    """Orders that have to go, and that the venue has not confirmed yet."""
    resting_sales: int
    """Sales that protect what is held, left at the venue on purpose."""
    sold_qty: str
    sold_quote: str
    held_qty: str
    why: str
    """Why something is left that should not be; empty where nothing is."""


class KillView(msgspec.Struct, frozen=True, tag="kill"):
    """What the kill switch did, as of now."""

    by: str
    """``slack:U01ALICE``, ``cli:ann``, ``signal:SIGUSR1``, ``file:ann``."""
    reason: str
    """Who and why, in words."""
    flatten: bool
    """Whether something was to be sold too."""
    is_done: bool
    """True once the venue has confirmed that nothing is left which should not be."""
    symbols: tuple[KillSymbolView, ...]
    """Those with orders or a position, before or now."""
