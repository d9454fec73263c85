"""Size… on an alert: a modal that asks how much, shows what that comes to, and gives exactly that."""

from __future__ import annotations

from typing import Any, Literal, cast

import msgspec
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot import ids
from bot.listeners.answer import tell_reply
from bot.render import alert as alerts
from bot.render import size as render
from bot.render.preview import Ticket
from bot.render.size import Alert, Given
from engine.wire.commands import Confirm, Decide, Preview
from engine.wire.hand_views import PreviewView
from engine.wire.line import LineDown
from engine.wire.replies import OrderPlaced, ProposalTaken, Reply
from engine.wire.words import BadWords, read_amount

Side = Literal["buy", "sell"]


async def open_modal(
    respond: AsyncRespond,
    body: dict[str, Any],
    action: dict[str, Any],
    context: AsyncBoltContext,
    client: AsyncWebClient,
) -> None:
    """Open the modal; an alert that can't be taken any more says so instead."""
    side, _, ticket = action["value"].partition("|")
    read = alerts.Ticket.read(ticket)
    order = Decide(
        id=ids.of_click(body, action),
        who=context["who"],
        proposal_id=read.proposal_id,
        choice=cast(Side, side),
        fingerprint=read.fingerprint,
    )
    seen = await context["desk"].ask(Preview(id=f"{order.id}:preview", who=order.who, order=order))
    if not isinstance(seen.result, PreviewView):
        await tell_reply(respond, seen)
        return
    about = Alert(read.proposal_id, read.fingerprint, side, seen.result.symbol, context.channel_id or "")
    await context["desk"].modals.open(client, body, render.ask(about, seen.result))


async def check(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any], context: AsyncBoltContext) -> None:
    """Read the amount, ask the engine what it comes to, and show that; what can't be meant is said at the field."""
    about = msgspec.json.decode(view["private_metadata"], type=Alert)
    text = str(view["state"]["values"][render.BLOCK][render.INPUT].get("value") or "").strip()
    try:
        order = Decide(
            id=ids.of_modal(body),
            who=context["who"],
            proposal_id=about.proposal_id,
            choice=cast(Side, about.side),
            fingerprint=about.fingerprint,
            amount=read_amount(text.replace(" ", ""), about.symbol),
        )
        seen = await context["desk"].ask(Preview(id=f"{order.id}:preview", who=order.who, order=order))
    except (BadWords, LineDown) as error:
        await ack(response_action="errors", errors={render.BLOCK: str(error)})
        return
    result = seen.result
    if isinstance(result, PreviewView) and result.code == "OK":
        await ack(response_action="update", view=render.check(about, Ticket.of(order, result), result))
    elif isinstance(result, PreviewView):
        await ack(response_action="errors", errors={render.BLOCK: _why(result)})
    else:
        await ack(response_action="errors", errors={render.BLOCK: seen.text})


async def give(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any], context: AsyncBoltContext) -> None:
    """Give the order that the modal showed; the alert then says what became of it."""
    ticket = msgspec.json.decode(view["private_metadata"], type=Given).ticket
    confirm = Confirm(
        id=ids.of_modal(body),
        who=context["who"],
        order=ticket.order,
        shown=ticket.shown,
        fingerprint=ticket.fingerprint,
    )
    try:
        reply = await context["desk"].ask(confirm)
    except LineDown as error:
        await ack(response_action="update", view=render.said("Not known", str(error)))
        return
    _show(context, reply)
    title = ("Done" if reply.code == "OK" else "It waits") if reply.ok else "Nothing was done"
    await ack(response_action="update", view=render.said(title, reply.text))


def _show(context: AsyncBoltContext, reply: Reply) -> None:
    posts = context["desk"].posts
    if reply.ok and isinstance(reply.result, ProposalTaken):
        posts.on_taken(reply.result)
    elif reply.ok and isinstance(reply.result, OrderPlaced):
        for order in reply.result.orders:
            posts.on_order(order)


def _why(view: PreviewView) -> str:
    return f"{view.code}: {view.detail}. {view.advice}".rstrip()
