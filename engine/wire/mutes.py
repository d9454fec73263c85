"""What the channel does not want to hear for a while: said at any door, and the same for all of them."""

from __future__ import annotations

from typing import Final

import msgspec

from engine.wire.person import Command

MUTE_KINDS: Final = ("proposals", "news", "notices")
"""Questions of strategies; headlines that led to nothing; notices that are not critical."""
USUAL_MUTE_S: Final = 3_600.0
"""Where no time is said."""


class SetMute(Command, frozen=True, tag="set_mute"):
    """Keep something out of the channel for a while; what is critical comes all the same."""

    what: str
    """A kind of message, a strategy, a symbol as people write it, or ``sma_cross on eth``."""
    seconds: float = USUAL_MUTE_S


class EndMute(Command, frozen=True, tag="end_mute"):
    """Let one mute end, or all of them."""

    what: str = ""
    """Empty for all."""


class GetMutes(Command, frozen=True, tag="mutes"):
    """Ask what is muted now."""


class MuteView(msgspec.Struct, frozen=True):
    """One thing that the channel does not want to hear."""

    what: str
    """By its one name: ``news``, ``sma_cross``, ``ETHUSDT``, ``sma_cross on ETHUSDT``."""
    until_ns: int
    by: str
    """``slack:U01ALICE``, ``cli:ann``."""
    ts_ns: int
    """When it was said."""


class MutesView(msgspec.Struct, frozen=True, tag="mutes"):
    """What is muted now, oldest first."""

    mutes: tuple[MuteView, ...]


def on_symbol(strategy: str, symbol: str) -> str:
    """Name what one strategy says of one symbol: ``sma_cross on ETHUSDT``."""
    return f"{strategy} on {symbol}"
