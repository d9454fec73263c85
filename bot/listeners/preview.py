"""What stands between a typed order and the order: its preview, with Confirm and Cancel."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.listeners.answer import replace, tell, tell_refusal, tell_reply
from bot.listeners.placed import show_placed
from bot.render import preview as render
from bot.render.preview import Ticket
from engine.wire.commands import Buy, Confirm, Decide, Preview, Sell
from engine.wire.hand_views import PreviewView
from engine.wire.replies import Reply


async def place(respond: AsyncRespond, context: AsyncBoltContext, order: Buy | Sell, command: dict[str, Any]) -> None:
    """Show what an order would be; give it at once where the settings make it one step.

    What Slack delivers twice may have been ordered by the time its second preview is asked for: that is shown then.
    """
    desk = context["desk"]
    seen = await desk.ask(Preview(id=f"{order.id}:preview", who=order.who, order=order))
    if not seen.ok:
        await tell_refusal(respond, command, seen)
    elif not isinstance(seen.result, PreviewView):
        await _tell(respond, context, order, seen)
    elif not seen.result.is_one_step:
        await tell(respond, render.preview(seen.result, order))
    else:
        await _tell(respond, context, order, await desk.ask(order))


async def confirm(
    respond: AsyncRespond, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext
) -> None:
    """Give the order that the preview showed; a refusal leaves the preview where it is."""
    ticket = Ticket.read(action["value"])
    reply = await context["desk"].ask(
        Confirm(
            id=ids.of_click(body, action),
            who=context["who"],
            order=ticket.order,
            shown=ticket.shown,
            fingerprint=ticket.fingerprint,
        )
    )
    if reply.ok:
        await replace(respond, render.ended(f"Confirmed. {reply.text}"))
    if not isinstance(ticket.order, Decide):
        await _tell(respond, context, ticket.order, reply)


async def cancel(respond: AsyncRespond) -> None:
    """Take the preview away: nothing was ordered."""
    await replace(respond, render.ended("Cancelled: nothing was ordered."))


async def _tell(respond: AsyncRespond, context: AsyncBoltContext, order: Buy | Sell, reply: Reply) -> None:
    if not show_placed(context, reply, order.amount) and not (reply.ok and reply.code == "OK"):
        await tell_reply(respond, reply)
