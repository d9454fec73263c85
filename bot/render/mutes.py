"""What the channel does not want to hear for a while."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.render.blocks import Message, context, escape, message, section
from bot.render.say import who
from engine.wire.events import MutesChanged
from engine.wire.figures import day_and_clock, plural, span
from engine.wire.mutes import MutesView, MuteView

_OWN = "Your name stands there instead, which rings on no phone. Alarms call whom they must all the same."
_CRITICAL = "What is critical, and what strategies do by themselves, is told all the same. `/mute off` ends it."


def changed(event: MutesChanged) -> Message:
    """Say who muted what and for how long, or whose mute is over and who ended it."""
    if event.muted is not None:
        for_s = (event.muted.until_ns - event.muted.ts_ns) / 1e9
        line = f"{who(event.by)} muted {escape(event.muted.what)} here for {span(for_s)}"
        return message(line, [section(f":no_bell: {line}."), context(_CRITICAL)])
    line = f"{who(event.by)} ended the mute of {', '.join(map(escape, event.ended))}"
    return message(line, [section(f":bell: {line}.")])


def listed(view: MutesView, own_s: Mapping[str, float | None] = MappingProxyType({})) -> Message:
    """List what is muted, with the time that is left, and what is muted for the one who asks."""
    lines = [_line(mute) for mute in view.mutes]
    line = f"Muted here: {len(lines)}" if lines else "Nothing is muted here"
    blocks = [section("\n".join([f"*{line}*", *lines])), context(_CRITICAL)]
    return message(line, [*blocks, *(own(own_s).blocks if own_s else [])])


def own(left_s: Mapping[str, float | None]) -> Message:
    """List in which kinds of message somebody is not named."""
    lines = [f"• {escape(kind)}: {_left(left)}" for kind, left in left_s.items()]
    line = (
        f"You are not named in {plural(len(lines), 'kind')} of message"
        if lines
        else "You are named wherever you are meant"
    )
    return message(line, [section("\n".join([f"*{line}*", *lines])), context(_OWN)])


def _left(left_s: float | None) -> str:
    return "until you say `/mute me off`" if left_s is None else f"{span(left_s)} left"


def _line(mute: MuteView) -> str:
    return f"• {escape(mute.what)}: until {day_and_clock(mute.until_ns)}, by {who(mute.by)}"
