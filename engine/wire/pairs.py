"""How arbitrage between two venues and in circles looks from outside, and the order to close a pair.

Amounts and times are as in ``views``.
"""

from __future__ import annotations

from typing import Final

import msgspec

from engine.wire.person import Command

SECOND_FOLDER: Final = "second"
"""In the home folder: the journal of the second venue's core, and the socket of its line."""


class ClosePair(Command, frozen=True, tag="close_pair"):
    """Make up for a pair's leg now, beyond its loss limit: only the collar and ``most_loss`` still count."""

    pair: str
    """Its id, or its symbol; ``circle`` for the open circle."""
    most_loss: str = ""
    """What closing was said to cost, in the quote asset; a quarter more is taken. Empty for whatever it costs."""


class VenueSideView(msgspec.Struct, frozen=True):
    """One of the two venues."""

    name: str
    is_armed: bool
    equity_quote: str
    free_quote: str
    """Of the quote asset, less what open buys may still cost."""
    held: tuple[str, ...]
    """What could be sold there, with its symbol: ``81.2 IOTAUSDT``."""
    open_orders: int
    answer_ms: float
    """What it takes to answer an order, on average; 0 while that is not known."""


class PairView(msgspec.Struct, frozen=True):
    """One pair that is over, or one that is still open."""

    text: str
    """What was bought and sold where, in words."""
    profit_quote: str
    """After all fees; of an open pair as of now."""
    is_open: bool
    ts_ns: int


class PairsView(msgspec.Struct, frozen=True, tag="pairs"):
    """What ``/pairs`` shows."""

    quote_asset: str
    mode: str
    """Of the strategy, capped by the global one."""
    bar: str
    """Why nothing new is tried; empty where nothing is in the way."""
    sides: tuple[VenueSideView, ...]
    """None where there is no second venue."""
    taken: int
    mended: int
    """Of those, how many had a leg that fell short."""
    refused: int
    made_quote: str
    """By all pairs since the engine started, after fees."""
    pairs: tuple[PairView, ...]
    """Open ones first, then the last ones, newest first."""
    circles: tuple[str, ...] = ()
    """How circles within the first venue go, in words, and the last of them; none where none is named."""
