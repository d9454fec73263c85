"""What the channel does not want to hear for a while."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.render.blocks import Message, context, escape, message, section
from bot.render.say import plural, seconds
from engine.wire.commands import Who

_OWN = "Your name stands there instead, which rings on no phone. Alarms call whom they must all the same."
_CRITICAL = "What is critical, and what strategies do by themselves, is told all the same. `/mute off` ends it."


def muted(who: Who, what: str, for_s: float) -> Message:
    """Say who muted what, and for how long."""
    line = f"<@{escape(who.user_id)}> muted {_words(what)} here for {seconds(int(for_s * 1e9))}"
    return message(line, [section(f":no_bell: {line}."), context(_CRITICAL)])


def ended(who: Who, what: tuple[str, ...]) -> Message:
    """Say whose mute is over, and who ended it."""
    line = f"<@{escape(who.user_id)}> ended the mute of {', '.join(map(_words, what))}"
    return message(line, [section(f":bell: {line}.")])


def listed(left_s: Mapping[str, float], own_s: Mapping[str, float | None] = MappingProxyType({})) -> Message:
    """List what is muted, with the time that is left, and what is muted for the one who asks."""
    lines = [f"• {_words(what)}: {_left(left)}" for what, left in left_s.items()]
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
    return "until you say `/mute me off`" if left_s is None else f"{seconds(int(left_s * 1e9))} left"


def _words(what: str) -> str:
    strategy, _, symbol = what.partition("|")
    return f"{escape(strategy)} on {escape(symbol)}" if symbol else escape(what)
