"""`/mute [WHAT] [1h]`, `/mute list`, `/mute off [WHAT]`: what the channel does not want to hear for a while."""

from __future__ import annotations

from typing import Any, Final

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.desk import Desk
from bot.listeners.answer import tell
from bot.mutes import KINDS
from bot.render import mutes as shown
from engine.wire.words import BadWords, read_span

_USAGE: Final = "/mute SYMBOL|STRATEGY|proposals|news|notices [30m|1h|2d], /mute list, /mute off [WHAT]"
_USUAL_S: Final = 3_600.0
_MOST_S: Final = 7 * 86_400.0


async def mute(respond: AsyncRespond, command: dict[str, Any], context: AsyncBoltContext) -> None:
    """Mute for the channel, end a mute, or list them; what changed is told to all, with who did it."""
    desk: Desk = context["desk"]
    words, mutes = command.get("text", "").split(), desk.posts.mutes
    if not words or words[0].lower() == "list":
        await tell(respond, shown.listed(mutes.left_s()))
    elif words[0].lower() == "off":
        ended = mutes.end(_named(desk, words[1]) if words[1:] else "")
        if not ended:
            raise BadWords(f"Nothing like that is muted. {_USAGE}")
        desk.posts.post(shown.ended(context["who"], ended))
    else:
        what, seconds = _named(desk, words[0]), _seconds(words[1:])
        mutes.set(what, seconds)
        desk.posts.post(shown.muted(context["who"], what, seconds))


def _seconds(words: list[str]) -> float:
    span = [word for word in words if word.lower() != "for"]
    if not span:
        return _USUAL_S
    if (seconds := read_span(span[0].lower(), _USAGE)) > _MOST_S:
        raise BadWords("Seven days at most: what is muted for longer is better switched off, see /auto.")
    return seconds


def _named(desk: Desk, word: str) -> str:
    """Find what is meant: a kind of message, a strategy, or a symbol as people write it; raises BadWords."""
    strategies = [strategy.name for strategy in desk.status.strategies] if desk.status else []
    symbols = [price.symbol for price in desk.status.prices] if desk.status else []
    if word.lower() in (*KINDS, *strategies):
        return word.lower()
    plain = word.upper().removeprefix("$").replace("/", "").replace("-", "")
    for symbol in symbols:
        if plain == symbol or (plain and symbol.startswith(plain)):
            return symbol
    raise BadWords(f"{word!r} is nothing that can be muted: {', '.join((*KINDS, *strategies, *symbols))}. {_USAGE}")
