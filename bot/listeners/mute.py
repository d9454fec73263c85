"""`/mute [WHAT] [1h]`, `/mute list`, `/mute off [WHAT]`: what the channel does not want to hear for a while.

With `me` in front it is one's own: in which kinds of message one wants no mention, which rings on one's phone.
"""

from __future__ import annotations

from typing import Any, Final

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.desk import Desk
from bot.listeners.answer import tell
from bot.mutes import KINDS
from bot.quiet import KINDS as WHOSE
from bot.render import mutes as shown
from engine.wire.commands import Who
from engine.wire.words import BadWords, read_span

_USAGE: Final = "/mute SYMBOL|STRATEGY|proposals|news|notices [30m|1h|2d], /mute list, /mute off [WHAT]"
_USAGE_ME: Final = "/mute me all|orders|approvals|prices|desk [30m|1h|2d], /mute me off [WHAT], /mute me list"
_USUAL_S: Final = 3_600.0
_MOST_S: Final = 7 * 86_400.0


async def mute(respond: AsyncRespond, command: dict[str, Any], context: AsyncBoltContext) -> None:
    """Mute for the channel, end a mute, or list them; what changed is told to all, with who did it."""
    desk: Desk = context["desk"]
    words, mutes = command.get("text", "").split(), desk.posts.mutes
    if words and words[0].lower() == "me":
        await _mute_me(respond, desk, context["who"], words[1:])
    elif not words or words[0].lower() == "list":
        await tell(respond, shown.listed(mutes.left_s(), desk.posts.quiet.left_s(context["who"].user_id)))
    elif words[0].lower() == "off":
        ended = mutes.end(_named(desk, words[1]) if words[1:] else "")
        if not ended:
            raise BadWords(f"Nothing like that is muted. {_USAGE}")
        desk.posts.post(shown.ended(context["who"], ended))
    else:
        what, seconds = _named(desk, words[0]), _seconds(words[1:])
        mutes.set(what, seconds)
        desk.posts.post(shown.muted(context["who"], what, seconds))


async def _mute_me(respond: AsyncRespond, desk: Desk, who: Who, words: list[str]) -> None:
    """Name somebody no more, or again, or list in what they are not named; only they see it, and it is audited."""
    quiet, (first, *rest) = desk.posts.quiet, [word.lower() for word in words] or ["list"]
    if first != "list":
        await _set_me(desk, who, first, rest)
    await tell(respond, shown.own(quiet.left_s(who.user_id)))


async def _set_me(desk: Desk, who: Who, first: str, rest: list[str]) -> None:
    quiet = desk.posts.quiet
    seconds: float | None = None
    kind = (rest[:1] or ["all"])[0] if first == "off" else first
    if kind not in (*WHOSE, "all"):
        raise BadWords(f"{kind!r} is no kind of message that names you: {_USAGE_ME}")
    if first == "off":
        if not quiet.end(who.user_id, kind):
            raise BadWords(f"Nothing like that is muted for you. {_USAGE_ME}")
        seconds = 0.0
    else:
        seconds = _seconds(rest) if rest else None
        quiet.set(who.user_id, who.name, kind, seconds)
    desk.posts.keep()
    await desk.note_quiet(who, kind, seconds)


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
