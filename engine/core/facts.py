"""What the gate decides on, and what it tries a request with."""

from __future__ import annotations

from typing import Final

import msgspec

from engine.core.instrument import Instrument

CLOCK_LIMIT_MS: Final = 500
"""No entry while our clock is further than this from the venue's (C17)."""


class Facts(msgspec.Struct, frozen=True):
    """What the gate decides on, as it stands at the moment of the check."""

    instrument: Instrument
    bid_ticks: int
    ask_ticks: int
    last_ticks: int
    """The last trade: the collar's reference, because a quote can jump without a trade."""
    heard_ns: int
    """When the last frame of this symbol was received."""
    is_in_sync: bool
    now_ns: int
    equity_e8: int
    cash_e8: int
    """Quote asset that no open order has reserved."""
    position_lots: int
    sellable_lots: int
    """The position less what open sell orders have reserved."""
    symbol_exposure_e8: int
    gross_exposure_e8: int
    """Positions at their bid plus what working, in-flight and unknown buys may still add (C3)."""
    is_armed: bool
    halt_reason: str
    needs_live_confirmation: bool
    is_repeat: bool
    """An order of the same cause was already approved."""
    orders_last_s: int
    """Orders that left within the last second, exits included."""
    silent_until_ns: int
    """The venue wants to hear nothing before; 0 where it doesn't mind."""
    clock_offset_ms: int | None
    """The venue's clock less ours; None while it is not known."""


class Tried(msgspec.Struct, frozen=True, gc=False):
    """The size that a request is tried with, and what it may cost: worked out once for all controls."""

    lots: int
    worst_ticks: int
    """The limit that it would leave with."""
    cost_e8: int
    """At that price, in 1e-8 of the quote asset."""
