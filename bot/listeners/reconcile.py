"""`/reconcile`, and Adopt and Ignore on an order that somebody else placed on the account."""

from __future__ import annotations

from typing import Any, Final, Literal

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.listeners.answer import tell_reply, tell_unless_public
from bot.render.foreign import ADOPT, IGNORE
from engine.wire.commands import AcceptBalance, DecideForeign, Reconcile
from engine.wire.words import read_reconcile

_CHOICES: Final[dict[str, Literal["adopt", "ignore"]]] = {ADOPT: "adopt", IGNORE: "ignore"}


async def reconcile(respond: AsyncRespond, command: dict[str, Any], context: AsyncBoltContext) -> None:
    """Have the account compared, which is told in the channel; or do what the words say about what is not ours."""
    verb, what = read_reconcile(command.get("text", ""))
    name, who = ids.of_command(command), context["who"]
    asked: Reconcile | AcceptBalance | DecideForeign = Reconcile(id=name, who=who)
    if verb == "accept":
        asked = AcceptBalance(id=name, who=who, symbol=what)
    elif verb != "compare":
        asked = DecideForeign(id=name, who=who, client_order_id=what, choice=verb)
    await tell_reply(respond, await context["desk"].ask(asked))


async def decide_foreign(
    respond: AsyncRespond, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext
) -> None:
    """Put the choice to the engine; what it became is shown on the message itself."""
    choice, name = _CHOICES[action["action_id"]], action["value"]
    asked = DecideForeign(id=ids.of_click(body, action), who=context["who"], client_order_id=name, choice=choice)
    await tell_unless_public(respond, context, await context["desk"].ask(asked))
