"""Turns the words of the desk and the command line into the engine's commands."""

from __future__ import annotations

from typing import Final

from engine.cli.arguments import VERBS
from engine.wire.buy_words import read_buy
from engine.wire.commands import (
    AcceptBalance,
    Acknowledge,
    AnyCommand,
    Buy,
    Close,
    DecideForeign,
    GetOrders,
    GetPositions,
    GetStatus,
    Halt,
    Kill,
    LockSymbol,
    Reconcile,
    ResetKill,
    Resume,
    Sell,
    SetMode,
    Who,
)
from engine.wire.helps import HELPS, nearest
from engine.wire.question_words import read_question
from engine.wire.risk_words import read_risk, risk_command
from engine.wire.words import (
    BadWords,
    read_auto,
    read_close,
    read_kill,
    read_lock,
    read_nothing,
    read_reconcile,
    read_resume,
    read_sell,
)

_PLAIN: Final[dict[str, type[GetStatus | GetPositions | GetOrders]]] = {
    "status": GetStatus,
    "positions": GetPositions,
    "orders": GetOrders,
}


def read_command(verb: str, text: str, command_id: str, who: Who) -> AnyCommand:
    """Read what follows a verb; raises BadWords with a sentence that says what to write."""
    words = text.split()
    match verb:
        case "status" | "positions" | "orders":
            read_nothing(verb, text)
            return _PLAIN[verb](id=command_id, who=who)
        case "buy":
            return Buy(id=command_id, who=who, **read_buy(text)._asdict())
        case "sell":
            return Sell(id=command_id, who=who, **read_sell(text)._asdict())
        case "close":
            symbol, percent = read_close(text)
            return Close(id=command_id, who=who, symbol=symbol, percent=percent)
        case "auto":
            mode, strategy = read_auto(text)
            return SetMode(id=command_id, who=who, mode=mode, strategy=strategy)
        case "halt":
            return Halt(id=command_id, who=who, reason=" ".join(words))
        case "kill":
            flatten, symbol, reason, is_reset = read_kill(text)
            if is_reset:
                return ResetKill(id=command_id, who=who, reason=reason)
            return Kill(id=command_id, who=who, flatten=flatten, symbol=symbol)
        case "risk":
            return risk_command(read_risk(text), command_id, who)
        case "lock":
            symbol, seconds, reason = read_lock(text)
            return LockSymbol(id=command_id, who=who, symbol=symbol, seconds=seconds, reason=reason)
        case "ack":
            return Acknowledge(id=command_id, who=who, alarm=_only_word(words, "ack CODE|all"))
        case "reconcile":
            return _reconcile(text, command_id, who)
        case "resume":
            return Resume(id=command_id, who=who, confirm=read_resume(text))
        case _:
            if (question := read_question(verb, text, command_id, who)) is not None:
                return question
            if verb in HELPS:
                raise BadWords(f"{verb} is no word of the desk: type trader {verb} in a shell, or /{verb} in Slack.")
            if near := nearest(verb):
                raise BadWords(f"I don't know {verb!r}. Did you mean {near}?")
            raise BadWords(f"I don't know {verb!r}: use one of {', '.join(sorted(VERBS))}, yes, no, help or quit.")


def _reconcile(text: str, command_id: str, who: Who) -> Reconcile | DecideForeign | AcceptBalance:
    """Read what follows ``reconcile``; raises BadWords."""
    verb, what = read_reconcile(text)
    if verb == "accept":
        return AcceptBalance(id=command_id, who=who, symbol=what)
    if verb == "compare":
        return Reconcile(id=command_id, who=who)
    return DecideForeign(id=command_id, who=who, client_order_id=what, choice=verb)


def _only_word(words: list[str], usage: str) -> str:
    if len(words) != 1:
        raise BadWords(f"Say which one: {usage}")
    return words[0]
