"""How mutes read in a terminal: pure functions from wire types to plain text."""

from __future__ import annotations

from engine.wire.events import MutesChanged
from engine.wire.figures import day_and_clock
from engine.wire.mutes import MutesView, MuteView


def mutes_text(view: MutesView) -> str:
    """Write what the channel does not hear, one a line."""
    return "\n".join(map(_mute, view.mutes)) or "nothing is muted in the channel: mute news 2h"


def mutes_changed_text(event: MutesChanged) -> str:
    """Write who muted what, or hears it again."""
    if event.muted is not None:
        return f"muted in the channel: {_mute(event.muted)}"
    return f"not muted in the channel any more: {', '.join(event.ended)}  ({event.by})"


def _mute(mute: MuteView) -> str:
    return f"{mute.what} until {day_and_clock(mute.until_ns)}  ({mute.by})"
