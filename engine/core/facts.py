"""What the gate decides on, and what it tries a request with."""

from __future__ import annotations

from typing import Final

import msgspec

from engine.core.instrument import Instrument
from engine.core.market import Market

KILLED: Final = "killed by"
"""How the reason for being halted begins after a kill."""
CLOCK_LIMIT_MS: Final = 500
"""No entry while our clock is further than this from the venue's (C17)."""


def clock_words(offset_ms: int) -> str:
    """Say how far the venue's clock is ahead of ours, or behind it."""
    if not offset_ms:
        return "the venue's is the same"
    return f"the venue's is {abs(offset_ms)} ms {'ahead' if offset_ms > 0 else 'behind'}"


class Facts(msgspec.Struct, frozen=True, gc=False):
    """What the gate decides on, as it stands at the moment of the check."""

    market: Market
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
    is_confirmed: bool
    """False on a live account until an admin has typed so (C1)."""
    is_repeat: bool
    """An order of the same cause was already approved."""
    orders_last_s: int
    """Orders that left within the last second, exits included."""
    silent_until_ns: int
    """The venue wants to hear nothing before; 0 where it doesn't mind."""
    clock_offset_ms: int | None
    """The venue's clock less ours; None while it is not known."""
    barred: tuple[str, str] = ("", "")
    """Code and numbers of what bars entries beside the limits: a breaker, a lock, a lost user stream (C9, C13)."""
    strategy: str = ""
    """Whose signal it is, for the limits that it has of its own; empty where it is nobody's."""
    offered_lots: int = 0
    """Of what is sellable: on sale at a limit already, which makes way for a sale at the market and for no other."""

    @property
    def instrument(self) -> Instrument:
        """The symbol's units and filters."""
        return self.market.instrument

    @property
    def bid_ticks(self) -> int:
        """The best bid."""
        return self.market.bid_ticks

    @property
    def ask_ticks(self) -> int:
        """The best ask."""
        return self.market.ask_ticks

    @property
    def last_ticks(self) -> int:
        """The last trade: the collar's reference, because a quote can jump without a trade."""
        return self.market.last_ticks


class Tried(msgspec.Struct, frozen=True, gc=False):
    """The size that a request was tried with, and what it may cost."""

    lots: int
    worst_ticks: int
    """The limit that it would leave with."""
    cost_e8: int
    """At that price, in 1e-8 of the quote asset."""
