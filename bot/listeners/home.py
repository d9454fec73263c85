"""App Home: somebody opens it, or uses one of its controls; the answer stands on the page itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, cast

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from bot import ids
from bot.listeners.answer import worded
from bot.render import home as render
from bot.render.alert import Ticket
from bot.render.blocks import escape
from engine.wire.commands import AnyCommand, Close, Decide, GetPositions, Halt, Kill, ModeName, Resume, SetMode, Who
from engine.wire.line import LineDown
from engine.wire.replies import OrderPlaced, ProposalTaken
from engine.wire.views import PositionsView

Choice = Literal["buy", "sell", "dismiss"]


async def opened(event: dict[str, Any], context: AsyncBoltContext) -> None:
    """Publish their home to whoever looks at it; the app's messages tab is none."""
    if event.get("tab", "home") == "home":
        context["desk"].homes.on_opened(event["user"])


async def clicked(body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext) -> None:
    """Do what a control says, and show on the page what the engine said to it."""
    command = _COMMANDS[action["action_id"]](ids.of_click(body, action), context["who"], _value(action))
    await _give(context, command)


async def ask_for_the_word(
    body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext, client: AsyncWebClient
) -> None:
    """Open the modal that wants a word typed before everything is sold."""
    reply = await context["desk"].ask(GetPositions(id=ids.of_click(body, action), who=context["who"]))
    held = reply.result.positions if isinstance(reply.result, PositionsView) else ()
    await context["desk"].modals.open(client, body, render.flatten_modal([trade.symbol for trade in held]))


async def flatten(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any], context: AsyncBoltContext) -> None:
    """Kill and sell all, where the word was typed."""
    typed = str(view["state"]["values"][render.BLOCK][render.INPUT].get("value") or "").strip()
    if typed != render.WORD:
        await ack(
            response_action="errors", errors={render.BLOCK: f"Type {render.WORD}, in capitals. Nothing was done."}
        )
        return
    await ack()
    await _give(context, Kill(id=ids.of_modal(body), who=context["who"], flatten=True, reason="from App Home"))


async def _give(context: AsyncBoltContext, command: AnyCommand) -> None:
    desk = context["desk"]
    try:
        reply = await desk.ask(command)
    except LineDown as error:
        desk.homes.answer(command.who.user_id, f":rotating_light: {escape(str(error))}")
        return
    if isinstance(reply.result, ProposalTaken):
        desk.posts.on_taken(reply.result)
    elif isinstance(reply.result, OrderPlaced):
        for order in reply.result.orders:
            desk.posts.on_order(order)
    desk.homes.answer(command.who.user_id, worded(reply))


def _value(action: dict[str, Any]) -> str:
    return str(action.get("value") or (action.get("selected_option") or {}).get("value") or "")


def _decide(name: str, who: Who, value: str) -> AnyCommand:
    choice, _, rest = value.partition("|")
    ticket = Ticket.read(rest)
    choices = cast(Choice, choice)
    return Decide(id=name, who=who, proposal_id=ticket.proposal_id, choice=choices, fingerprint=ticket.fingerprint)


def _set_mode(name: str, who: Who, value: str) -> AnyCommand:
    return SetMode(id=name, who=who, mode=cast(ModeName, value))


_COMMANDS: Final[dict[str, Callable[[str, Who, str], AnyCommand]]] = {
    render.CLOSE: lambda name, who, value: Close(id=name, who=who, symbol=value),
    render.TAKE: _decide,
    render.DISMISS: _decide,
    render.HALT: lambda name, who, value: Halt(id=name, who=who, reason="from App Home"),
    render.RESUME: lambda name, who, value: Resume(id=name, who=who),
    render.MODE: _set_mode,
    render.KILL: lambda name, who, value: Kill(id=name, who=who, reason="from App Home"),
}
