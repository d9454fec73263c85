"""What the channel does not want to hear for a while."""

from __future__ import annotations

from bot.render.blocks import Message, context, escape, message, section
from bot.render.say import seconds
from engine.wire.commands import Who

_CRITICAL = "What is critical, and what strategies do by themselves, is told all the same. `/mute off` ends it."


def muted(who: Who, what: str, for_s: float) -> Message:
    """Say who muted what, and for how long."""
    line = f"<@{escape(who.user_id)}> muted {_words(what)} here for {seconds(int(for_s * 1e9))}"
    return message(line, [section(f":no_bell: {line}."), context(_CRITICAL)])


def ended(who: Who, what: tuple[str, ...]) -> Message:
    """Say whose mute is over, and who ended it."""
    line = f"<@{escape(who.user_id)}> ended the mute of {', '.join(map(_words, what))}"
    return message(line, [section(f":bell: {line}.")])


def listed(left_s: dict[str, float]) -> Message:
    """List what is muted, with the time that is left."""
    lines = [f"• {_words(what)}: {seconds(int(left * 1e9))} left" for what, left in left_s.items()]
    line = f"Muted here: {len(lines)}" if lines else "Nothing is muted here"
    return message(line, [section("\n".join([f"*{line}*", *lines])), context(_CRITICAL)])


def _words(what: str) -> str:
    strategy, _, symbol = what.partition("|")
    return f"{escape(strategy)} on {escape(symbol)}" if symbol else escape(what)
