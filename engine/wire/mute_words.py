"""The words of `mute`, read once for Slack, the desk and the command line."""

from __future__ import annotations

from typing import Final

from engine.wire.mutes import USUAL_MUTE_S, EndMute, GetMutes, SetMute, on_symbol
from engine.wire.person import Who
from engine.wire.words import BadWords, read_span

MUTE_USAGE: Final = (
    "mute SYMBOL|STRATEGY [on SYMBOL]|proposals|news|notices [30m|1h|2d], mute list, or mute off [WHAT]"
    "   for example: mute news 2h"
)


def read_mute(words: list[str], command_id: str, who: Who) -> SetMute | EndMute | GetMutes:
    """Read what follows ``mute``; nothing and ``list`` ask what is muted. Raises BadWords."""
    first = words[0].lower() if words else "list"
    if first == "me":
        raise BadWords(
            "mute me is about messages that mention you in Slack, where you have a name that can be called and a "
            "terminal has none: type /mute me there."
        )
    if first == "list" and len(words) <= 1:
        return GetMutes(id=command_id, who=who)
    if first == "off":
        what, rest = _what(words[1:])
        if rest:
            raise BadWords(f"Say what to hear again: {MUTE_USAGE}")
        return EndMute(id=command_id, who=who, what="" if what.lower() == "all" else what)
    what, rest = _what(words)
    return SetMute(id=command_id, who=who, what=what, seconds=read_seconds(rest, MUTE_USAGE) if rest else USUAL_MUTE_S)


def _what(words: list[str]) -> tuple[str, list[str]]:
    """Take what is meant from the front: ``eth``, or the three words ``sma_cross on eth``; return it and the rest."""
    if [word.lower() for word in words[1:2]] != ["on"]:
        return " ".join(words[:1]), words[1:]
    if len(words) < 3:
        raise BadWords(f"Say on which symbol: {MUTE_USAGE}")
    return on_symbol(words[0], words[2]), words[3:]


def read_seconds(words: list[str], usage: str) -> float:
    """Read ``1h`` or ``for 1h``; raises BadWords with the usage for more than that, or what is no time."""
    span = [word.lower() for word in words if word.lower() != "for"]
    if len(span) != 1:
        raise BadWords(f"Say what, and then for how long: {usage}")
    return read_span(span[0], f"write 30m, 1h or 2d. {usage}")
