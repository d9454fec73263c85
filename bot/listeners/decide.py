"""Buy, Sell and Dismiss on an alert: the click carries exactly what the person saw, and the engine checks it anew."""

from __future__ import annotations

from typing import Any, Final, Literal

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.listeners.answer import tell_reply, tell_unless_public
from bot.render.alert import BUY, DISMISS, SELL, Ticket
from engine.wire.commands import Decide
from engine.wire.replies import ProposalTaken

_CHOICES: Final[dict[str, Literal["buy", "sell", "dismiss"]]] = {BUY: "buy", SELL: "sell", DISMISS: "dismiss"}


async def decide(
    respond: AsyncRespond, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext
) -> None:
    """Put the choice to the engine; what it became is shown on the alert, a refusal only to the one who clicked."""
    ticket = Ticket.read(action["value"])
    choice = _CHOICES[action["action_id"]]
    reply = await context["desk"].ask(
        Decide(
            id=ids.of_click(body, action),
            who=context["who"],
            proposal_id=ticket.proposal_id,
            choice=choice,
            fingerprint=ticket.fingerprint,
        )
    )
    if reply.ok and isinstance(reply.result, ProposalTaken):
        context["desk"].posts.on_taken(reply.result)
    if reply.ok and choice != "dismiss":
        await tell_reply(respond, reply)
    else:
        await tell_unless_public(respond, context, reply)
