"""`/balance`, `/pnl`, `/trades`, `/why` and the other questions, and `/cancel`: answered in private."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot import ids
from bot.listeners.answer import tell, tell_refusal, tell_reply
from bot.render import past
from bot.render.blocks import Message
from bot.render.digest import digest
from bot.render.missed import missed
from bot.render.pairs import pairs
from engine.wire.answers import (
    BalancesView,
    HeadlinesView,
    PnlView,
    RoundTripsView,
    StrategiesView,
    WatchesView,
    WhyView,
)
from engine.wire.digest import DigestView
from engine.wire.hand_views import MissedView
from engine.wire.pairs import PairsView
from engine.wire.question_words import read_question
from engine.wire.replies import Reply
from engine.wire.views import LatencyView


async def ask(respond: AsyncRespond, command: dict[str, Any], context: AsyncBoltContext) -> None:
    """Ask the engine what the words say, and show its answer to the one who asked."""
    verb, text = command["command"].removeprefix("/"), command.get("text", "")
    question = read_question(verb, text, ids.of_command(command), context["who"])
    if question is None:
        raise LookupError(f"{verb} is no question")
    reply = await context["desk"].ask(question)
    shown = _shown(reply)
    if shown is not None and not reply.text:
        await tell(respond, shown)
    elif reply.ok:
        await tell_reply(respond, reply)
    else:
        await tell_refusal(respond, command, reply)


def _shown(reply: Reply) -> Message | None:
    match reply.result:
        case RoundTripsView():
            return past.trades(reply.result)
        case PnlView():
            return past.pnl(reply.result)
        case BalancesView():
            return past.balances(reply.result)
        case StrategiesView():
            return past.strategies(reply.result)
        case WhyView():
            return past.why(reply.result)
        case HeadlinesView():
            return past.headlines(reply.result)
        case WatchesView():
            return past.watches(reply.result)
        case DigestView():
            return digest(reply.result)
        case MissedView():
            return missed(reply.result)
        case PairsView():
            return pairs(reply.result)
        case LatencyView():
            return past.latency(reply.result)
        case _:
            return None
