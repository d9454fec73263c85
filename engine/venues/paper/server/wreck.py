"""Faults that strike at once instead of waiting for a request: to connections, to clocks, to the rules.

=================== ================================================================================================
``half_open``       connections stay open and fall silent: no data, no pong
``disconnect``      connections are dropped without a word
``server_shutdown`` the end is announced, as before the 24 hours are over; after ``ms`` it comes
``rules``           a symbol's ``tick``, ``lot`` (decimals) or ``status`` (``BREAK``, ``HALT``) changes
``balance``         an account's ``asset`` grows by ``amount``, or shrinks by a negative one, without an order
``inject``          messages that the exchange never made arrive: ``frames``, each as hexadecimal bytes
=================== ================================================================================================

``lines`` names the connections: ``raw``, ``combined``, ``ws_api``, ``news``; without it, all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from engine.venues.paper.defaults import PAPER_ACCOUNT
from engine.venues.paper.errors import Refused
from engine.venues.paper.server.lines import Line
from engine.venues.paper.server.venue import Venue
from engine.venues.paper.units import to_e8


class _Wreck(msgspec.Struct):
    kind: str
    lines: str = ""
    ms: int = 0
    symbol: str = ""
    tick: str = ""
    lot: str = ""
    status: str = ""
    account: str = PAPER_ACCOUNT
    asset: str = ""
    amount: str = "0"
    frames: tuple[str, ...] = ()


KINDS: Final = frozenset({"half_open", "disconnect", "server_shutdown", "rules", "balance", "inject"})


async def wreck(venue: Venue, lines: Mapping[Line, str], order: dict[str, Any]) -> bool:
    """Do what such a fault says; return whether it was one. Raises Refused, msgspec.ValidationError."""
    if order.get("kind") not in KINDS:
        return False
    fault = msgspec.convert(order, _Wreck)
    struck = [line for line, kind in lines.items() if fault.lines in ("", kind)]
    if fault.kind == "rules":
        _change_rules(venue, fault)
    elif fault.kind == "balance":
        _change_balance(venue, fault)
    elif fault.kind == "half_open":
        for line in struck:
            line.is_mute = True
    elif fault.kind == "disconnect":
        for line in struck:
            line.cut()
    elif fault.kind == "inject":
        _inject(struck, fault.frames)
    else:
        _announce_end(venue, {line: lines[line] for line in struck}, fault.ms)
    return True


def _change_rules(venue: Venue, fault: _Wreck) -> None:
    rules = venue.matching.market(fault.symbol).rules
    changes: dict[str, Any] = {"tick": fault.tick and to_e8(fault.tick), "lot": fault.lot and to_e8(fault.lot)}
    changes["status"] = fault.status
    venue.matching.list_symbol(msgspec.structs.replace(rules, **{k: v for k, v in changes.items() if v}))


def _change_balance(venue: Venue, fault: _Wreck) -> None:
    if fault.account not in venue.matching.accounts or not fault.asset:
        raise Refused(-1, f"There is no account {fault.account!r}, or the asset is missing.")
    amount = to_e8(fault.amount.removeprefix("-"))
    signed = -amount if fault.amount.startswith("-") else amount
    venue.matching.deposit(fault.account, fault.asset, signed, venue.now_ms())
    venue.flush()


def _inject(struck: Iterable[Line], frames: tuple[str, ...]) -> None:
    try:
        messages = [bytes.fromhex(frame) for frame in frames]
    except ValueError as error:
        raise Refused(-1, f"A frame to inject is no hexadecimal bytes: {error}.") from None
    for line in struck:
        for message in messages:
            line.send(message)


def _announce_end(venue: Venue, struck: Mapping[Line, str], after_ms: int) -> None:
    event = {"e": "serverShutdown", "E": venue.now_ms()}
    loop = asyncio.get_running_loop()
    for line, kind in struck.items():
        if kind == "combined":
            line.send(msgspec.json.encode({"stream": "!serverShutdown", "data": event}))
        elif kind == "ws_api":
            line.send(msgspec.json.encode({"event": event}))
        elif kind == "raw":
            line.send(msgspec.json.encode(event))
        loop.call_later(after_ms / 1000, line.cut)
