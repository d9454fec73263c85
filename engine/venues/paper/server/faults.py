"""Faults on demand: what an exchange and a network do to a client on a bad day, ordered by ``POST /_fault``.

Each fault is ``{"kind": …, "after": m, "times": n, …}``: it spares the first m that it fits, strikes the next n and
is over; ``{"kind": "none"}`` ends all.
Off by default, and never reachable but over loopback.

=================== ================================================================================================
``lose_request``    the request is not carried out and never answered
``late_request``    the request arrives ``ms`` later
``lose_reply``      the request is carried out, the answer never comes
``late_reply``      the answer comes ``ms`` later
``error``           not carried out; answered with ``status``, ``code``, ``msg`` (5xx, -1006, -1007, 403)
``error_after``     carried out, and answered with that error all the same
``rate_limit``      429 (or ``status`` 418, with a ban) and Retry-After ``seconds``
``duplicate``       messages come twice: ``what`` is market, user, or the end of a stream's name
``reorder``         a message comes after the next one
``drop``            a message never comes: of depth, a gap
``clock_skew``      the exchange's clock is ``ms`` off, until told otherwise
``may_withdraw``    every key may withdraw, until told otherwise (``apiRestrictions``)
``may_not_trade``   no key may trade spot, likewise
=================== ================================================================================================

``operation`` (for the first seven) is a WebSocket API method's name, as ``order.place``; REST calls bear the same.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from engine.venues.paper.errors import Refused
from engine.venues.paper.tape.events import Frame

REQUEST_KINDS: Final = frozenset({"lose_request", "late_request", "error", "rate_limit"})
REPLY_KINDS: Final = frozenset({"lose_reply", "late_reply", "error_after"})
MESSAGE_KINDS: Final = frozenset({"duplicate", "reorder", "drop"})
LASTING_KINDS: Final = frozenset({"clock_skew", "may_withdraw", "may_not_trade"})
KINDS: Final = REQUEST_KINDS | REPLY_KINDS | MESSAGE_KINDS | LASTING_KINDS


class Fault(msgspec.Struct):
    """One fault that was ordered."""

    kind: str
    times: int = 1
    after: int = 0
    operation: str = ""
    """Empty for any."""
    what: str = "market"
    ms: int = 0
    status: int = 503
    code: int = -1007
    msg: str = "Timeout waiting for response from backend server. Send status unknown; execution status unknown."
    seconds: int = 1


class Faults:
    """The faults that are on order."""

    def __init__(self) -> None:
        self.clock_skew_ms = 0
        self.may_withdraw = self.may_not_trade = False
        self._ordered: list[Fault] = []
        self._held: dict[str, Any] = {}

    def order(self, fault: Fault) -> None:
        """Order a fault; raises Refused for a kind that doesn't exist."""
        if fault.kind == "none":
            self._ordered.clear()
            self.clock_skew_ms = 0
            self.may_withdraw = self.may_not_trade = False
        elif fault.kind == "clock_skew":
            self.clock_skew_ms = fault.ms
        elif fault.kind == "may_withdraw":
            self.may_withdraw = True
        elif fault.kind == "may_not_trade":
            self.may_not_trade = True
        elif fault.kind in KINDS:
            self._ordered.append(fault)
        else:
            raise Refused(-1, f"There is no fault {fault.kind!r}. Say one of {', '.join(sorted(KINDS))}, none.")

    def on_request(self, operation: str) -> Fault | None:
        """Return the fault that befalls a request before it is carried out."""
        return self._take(REQUEST_KINDS, operation)

    def on_reply(self, operation: str) -> Fault | None:
        """Return the fault that befalls an answer."""
        return self._take(REPLY_KINDS, operation)

    def on_market(self, frame: Frame) -> list[Frame]:
        """Return what becomes of a market message."""
        if not self._ordered and not self._held:
            return [frame]
        return self._befall(("market", frame.stream.partition("@")[2]), "market", frame)

    def on_user(self, account: str, event: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what becomes of an account's event."""
        if not self._ordered and not self._held:
            return [event]
        return self._befall(("user", str(event["e"])), f"user {account}", event)

    def _befall(self, names: tuple[str, str], place: str, message: Any) -> list[Any]:
        held = self._held.pop(place, None)
        late = [] if held is None else [held]
        fault = self._strike([f for f in self._ordered if f.kind in MESSAGE_KINDS and f.what in names])
        if fault is None:
            return [message, *late]
        if fault.kind == "drop":
            return late
        if fault.kind == "duplicate":
            return [message, message, *late]
        self._held[place] = message
        return late

    def _take(self, kinds: frozenset[str], operation: str) -> Fault | None:
        return self._strike([f for f in self._ordered if f.kind in kinds and f.operation in ("", operation)])

    def _strike(self, fitting: list[Fault]) -> Fault | None:
        """Return the first fault that spares nothing any more, and count it down; the others count what they spare."""
        for fault in fitting:
            if fault.after > 0:
                fault.after -= 1
                continue
            fault.times -= 1
            if fault.times <= 0:
                self._ordered.remove(fault)
            return fault
        return None
