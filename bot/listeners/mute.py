"""`/mute [WHAT] [1h]`, `/mute list`, `/mute off [WHAT]`: what the channel does not want to hear for a while.

The engine keeps that. With `me` in front it is one's own, and the bot's: in which kinds of message one wants no
mention, which rings on one's phone.
"""

from __future__ import annotations

from typing import Any, Final

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.desk import Desk
from bot.listeners.answer import tell, tell_refusal, tell_unless_public
from bot.quiet import KINDS as WHOSE
from bot.render import mutes as shown
from bot.render.alert import Ticket
from engine.wire.commands import Who
from engine.wire.mute_words import read_mute, read_seconds
from engine.wire.mutes import GetMutes, MutesView, SetMute, on_symbol
from engine.wire.words import BadWords

_USAGE_ME: Final = "/mute me all|orders|approvals|prices|desk [30m|1h|2d], /mute me off [WHAT], /mute me list"
_HOUR_S: Final = 3_600.0
"""As the button of an alert says."""
_LONGEST_S: Final = 7 * 86_400.0
"""Of one's own with an end; without one it holds until it is taken back."""


async def mute(respond: AsyncRespond, command: dict[str, Any], context: AsyncBoltContext) -> None:
    """Mute for the channel, end a mute, or list them; what changed is told to all, with who did it."""
    desk: Desk = context["desk"]
    words, who = command.get("text", "").split(), context["who"]
    if words and words[0].lower() == "me":
        return await _mute_me(respond, desk, who, words[1:])
    asked = read_mute(words, ids.of_command(command), who)
    reply = await desk.ask(asked)
    if isinstance(asked, GetMutes) and isinstance(reply.result, MutesView):
        return await tell(respond, shown.listed(reply.result, desk.posts.quiet.left_s(who.user_id)))
    if not reply.ok:
        return await tell_refusal(respond, command, reply)
    return await tell_unless_public(respond, context, reply)


async def mute_alerts(
    respond: AsyncRespond, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext
) -> None:
    """Let a strategy ask no more about a symbol for a while, from an alert; that one stands until it expires."""
    desk: Desk = context["desk"]
    proposal = desk.posts.proposal(Ticket.read(action["value"]).proposal_id)
    if proposal is None:
        return await tell(respond, "That alert is gone.")
    what = on_symbol(proposal.strategy, proposal.symbol)
    reply = await desk.ask(SetMute(id=ids.of_click(body, action), who=context["who"], what=what, seconds=_HOUR_S))
    return await tell_unless_public(respond, context, reply)


async def _mute_me(respond: AsyncRespond, desk: Desk, who: Who, words: list[str]) -> None:
    """Name somebody no more, or again, or list in what they are not named; only they see it, and it is audited."""
    quiet, (first, *rest) = desk.posts.quiet, [word.lower() for word in words] or ["list"]
    if first == "list" and rest:
        raise BadWords(f"Say no more than that: {_USAGE_ME}")
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
        if len(rest) > 1:
            raise BadWords(f"Say what to be named in again: {_USAGE_ME}")
        if not quiet.end(who.user_id, kind):
            raise BadWords(f"Nothing like that is muted for you. {_USAGE_ME}")
        seconds = 0.0
    else:
        seconds = _own_seconds(rest)
        quiet.set(who.user_id, who.name, kind, seconds)
    desk.posts.keep()
    await desk.note_quiet(who, kind, seconds)


def _own_seconds(words: list[str]) -> float | None:
    if not words:
        return None
    if (seconds := read_seconds(words, _USAGE_ME)) > _LONGEST_S:
        raise BadWords("Seven days at most, or without a time until you say /mute me off.")
    return seconds
