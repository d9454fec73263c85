"""Who may do what: roles by Slack user id, and where; one middleware in front of every command, click and modal."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import Any, Final

import msgspec
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_bolt.response import BoltResponse

from bot.desk import Desk
from bot.render.help import GO_ON, HELP_WORDS
from bot.render.home import May
from bot.render.size import said
from bot.settings import Settings
from engine.wire.commands import Who

_log = logging.getLogger(__name__)


class Role(IntEnum):
    """What somebody may do; each role may do all that the one below may."""

    NOBODY = 0
    VIEWER = 1
    TRADER = 2
    ADMIN = 3


NEEDS: Final[dict[str, Role]] = {
    "/positions": Role.VIEWER,
    "/orders": Role.VIEWER,
    "/status": Role.VIEWER,
    "/chart": Role.VIEWER,
    "/risk": Role.VIEWER,
    "/balance": Role.VIEWER,
    "/pnl": Role.VIEWER,
    "/trades": Role.VIEWER,
    "/digest": Role.VIEWER,
    "/strategies": Role.VIEWER,
    "/why": Role.VIEWER,
    "/news": Role.VIEWER,
    "/latency": Role.VIEWER,
    "/watch": Role.VIEWER,
    "/help": Role.VIEWER,
    "/cancel": Role.TRADER,
    "/missed": Role.VIEWER,
    "/pairs": Role.VIEWER,
    "/buy": Role.TRADER,
    "/sell": Role.TRADER,
    "/close": Role.TRADER,
    "/halt": Role.TRADER,
    "/lock": Role.TRADER,
    "/mute": Role.TRADER,
    "/health": Role.VIEWER,
    "decide_buy": Role.TRADER,
    "decide_sell": Role.TRADER,
    "decide_dismiss": Role.TRADER,
    "decide_size": Role.TRADER,
    "size_ask": Role.TRADER,
    "size_give": Role.TRADER,
    "mute_alerts": Role.TRADER,
    "confirm_order": Role.TRADER,
    "cancel_preview": Role.VIEWER,
    "approve_order": Role.TRADER,
    "decline_order": Role.TRADER,
    "close_position": Role.TRADER,
    "halt_now": Role.TRADER,
    "acknowledge": Role.TRADER,
    "close_pair": Role.TRADER,
    "home_close": Role.TRADER,
    "home_take": Role.TRADER,
    "home_dismiss": Role.TRADER,
    "home_halt": Role.TRADER,
    "home_resume": Role.ADMIN,
    "home_mode": Role.ADMIN,
    "home_kill": Role.ADMIN,
    "home_flatten": Role.ADMIN,
    "home_flattened": Role.ADMIN,
    "/auto": Role.ADMIN,
    "/drill": Role.ADMIN,
    "/resume": Role.ADMIN,
    "/kill": Role.ADMIN,
    "kill_now": Role.ADMIN,
    "/reconcile": Role.ADMIN,
    "foreign_adopt": Role.ADMIN,
    "foreign_ignore": Role.ADMIN,
}
"""The role that each command and button needs; what isn't listed needs an admin."""
NEEDS_WITH_WORDS: Final = {"/risk": Role.ADMIN, "/strategies": Role.ADMIN, "/pairs": Role.TRADER}
"""What a command needs when anything is typed after it."""
FOR_ONESELF: Final = frozenset({"/mute"})
"""What everybody who may look may do where `me` comes first: it concerns nobody else."""
HOME: Final = "home_"
"""How the names of App Home's controls begin; a click there comes from no channel, and is answered on the page."""
_PLURALS: Final = {Role.VIEWER: "viewers", Role.TRADER: "traders", Role.ADMIN: "admins"}


class Access:
    """Knows everybody's role, and lets through what that role may do."""

    def __init__(self, settings: Settings, desk: Desk, channel: str) -> None:
        """Let people act in ``channel`` (an id) and in direct messages only."""
        self._settings = settings
        self._desk = desk
        self._channel = channel

    def role_of(self, user_id: str) -> Role:
        """Return somebody's role: nobody, unless the settings name them."""
        settings = self._settings
        if settings.is_local and not self._desk.is_paper:
            # The embedded Slack checks no identity: whoever opens its page may be its admin.
            return Role.NOBODY
        if user_id in settings.admins:
            role = Role.ADMIN
        elif user_id in settings.traders:
            role = Role.TRADER
        else:
            role = Role.VIEWER if user_id in settings.viewers else Role.NOBODY
        row = self._desk.row_of(user_id)
        return role if row is None else min(role, Role[row.role.upper()])

    def may(self, user_id: str) -> May | None:
        """Return which controls somebody's App Home has; None where they may see nothing."""
        role = self.role_of(user_id)
        return None if role == Role.NOBODY else May(role >= Role.TRADER, role >= Role.ADMIN)

    async def check(
        self,
        body: dict[str, Any],
        context: AsyncBoltContext,
        ack: AsyncAck,
        respond: AsyncRespond,
        next: Callable[[], Awaitable[BoltResponse]],
    ) -> BoltResponse:
        """Acknowledge a request; let it through with ``who`` and ``desk`` in its context, or refuse it in private.

        A modal's submission is acknowledged by its listener, because the acknowledgement says what is shown next.
        The acknowledgement is here and not in the listeners: it has to be out before the engine is asked, and when
        a listener raised within 10 ms of its own, Bolt took it for not given and tried the next listener too.
        """
        is_modal = body.get("type") == "view_submission"  # whose acknowledgement is the answer
        done = BoltResponse(status=200) if is_modal else await ack()
        asked = _asked_for(body)
        if asked is None:
            context["desk"] = self._desk
            return await next()
        is_home = asked.startswith(HOME)
        channel = None if is_home else context.channel_id or _channel_of(body)
        who = Who(context.user_id or "", _name(body), "slack", channel or "")
        refusal = self._refusal(_needed(asked, body), who.user_id, channel)
        if not refusal:
            context["desk"], context["who"] = self._desk, who
            return await next()
        _log.warning("refused", extra={"by": who.user_id, "asked": asked, "where": channel})
        await self._desk.note_refusal(who, asked, refusal)
        if is_modal:
            return await ack(response_action="update", view=said("Nothing was done", refusal))
        if is_home:
            self._desk.homes.answer(who.user_id, f":no_entry: {refusal}")
        elif context.response_url:
            await respond(text=refusal, response_type="ephemeral", replace_original=False)
        return done

    def _refusal(self, needed: Role, user_id: str, channel: str | None) -> str:
        if channel is not None and channel != self._channel and not channel.startswith("D"):
            return f"I take this only in <#{self._channel}> and in direct messages. Nothing was done."
        row = self._desk.row_of(user_id)
        is_private = channel is None or channel.startswith("D")
        if row is not None and row.channels and not is_private and channel not in row.channels:
            places = ", ".join(f"<#{place}>" for place in row.channels)
            return f"You may do this in {places} and in direct messages. Nothing was done."
        if self.role_of(user_id) >= needed:
            return ""
        if self._settings.is_local and not self._desk.is_paper:
            return self._local_refusal()
        return f"Sorry, {_PLURALS[needed]} only: nothing was done. {self._who_can_grant(needed)}"

    def _local_refusal(self) -> str:
        if self._desk.status is None:
            return (
                "The engine is still starting, the first time for a minute: I say here when it is up. Nothing was done."
            )
        return "This throwaway Slack checks nobody's identity, so nobody may trade a live account from it."

    def _who_can_grant(self, needed: Role) -> str:
        setting = f"SLACK_{_PLURALS[needed].upper()}"
        if admins := " or ".join(f"<@{admin}>" for admin in sorted(self._settings.admins)):
            return f"{admins} can have you added to `{setting}`."
        return f"Whoever runs the trader can add your user id to `{setting}` in its `.env`."


def _asked_for(body: dict[str, Any]) -> str | None:
    """Name the command, button or modal of a request; None for events, which do nothing but show something."""
    if "command" in body:
        return str(body["command"])
    if body.get("actions"):
        return str(body["actions"][0].get("action_id", ""))
    if body.get("view") and str(body.get("type", "")).startswith("view_"):
        return str(body["view"].get("callback_id", ""))
    return None


def _channel_of(body: dict[str, Any]) -> str | None:
    """Find where the alert of a modal stands: a submission itself comes from no channel."""
    try:
        meta = msgspec.json.decode(body.get("view", {}).get("private_metadata") or "{}")
    except msgspec.MsgspecError:
        return None
    channel = meta.get("channel") if isinstance(meta, dict) else None
    return channel if isinstance(channel, str) and channel else None


def _needed(asked: str, body: dict[str, Any]) -> Role:
    """Return the role that a request needs; a button that carries a command on needs what that one does."""
    text = str(body.get("text", "")).strip()
    if asked.startswith(GO_ON):
        asked, _, text = str(body["actions"][0].get("value", "")).partition(" ")
    if "command" in body and text.lower() in HELP_WORDS:
        return Role.VIEWER
    if asked in FOR_ONESELF and text.lower().split()[:1] == ["me"]:
        return Role.VIEWER
    if asked in NEEDS_WITH_WORDS and text:
        return NEEDS_WITH_WORDS[asked]
    return NEEDS.get(asked, Role.ADMIN)


def _name(body: dict[str, Any]) -> str:
    user = body.get("user")
    if isinstance(user, dict):
        return str(user.get("name") or user.get("username") or user.get("id", ""))
    return str(body.get("user_name") or body.get("user_id", ""))
