"""Words what becomes of kill switch, breakers, locks, alarms, mutes and of what is not ours for the audit trail:
before and after."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from engine.core.instrument import scaled_text
from engine.core.records import Adopted, Balanced, Ignored, Muted, MuteEnded, Unbalanced
from engine.core.safeguard_records import (
    AlarmAcknowledged,
    AlarmRaised,
    BreakersReset,
    Killed,
    KillReset,
    Locked,
    Tripped,
)
from engine.store.ledger.readable import utc_text

Safeguard: TypeAlias = (
    Killed
    | KillReset
    | Tripped
    | BreakersReset
    | Locked
    | AlarmRaised
    | AlarmAcknowledged
    | Adopted
    | Ignored
    | Unbalanced
    | Balanced
    | Muted
    | MuteEnded
)


class Change(NamedTuple):
    """What changed, what it was before, and what it is from now on."""

    what: str
    before: str
    after: str


class Safeguards:
    """Remembers how each one stands."""

    def __init__(self) -> None:
        self._states: dict[str, str] = {}

    def take(self, record: Safeguard) -> Change:
        """Take what happened to one of them."""
        what, after = _words(record)
        before, self._states[what] = self._states.get(what, ""), after
        return Change(what, before, after)


def _words(record: Safeguard) -> tuple[str, str]:
    match record:
        case Killed(symbol=symbol, flatten=flatten, reason=reason):
            return "kill switch", f"thrown for {symbol or 'everything'}{', and sell' if flatten else ''}: {reason}"
        case KillReset(reason=reason):
            return "kill switch", f"reset: {reason}"
        case Tripped(code=code, detail=detail):
            return "breakers", f"tripped: {code} {detail}"
        case BreakersReset(reason=reason):
            return "breakers", f"reset: {reason}"
        case AlarmRaised(code=code, text=text):
            return f"alarm {code}", f"raised: {text}"
        case AlarmAcknowledged(alarm_id=alarm_id):
            return f"alarm {alarm_id.rpartition(':')[0]}", "acknowledged"
        case Locked(symbol=symbol, until_ns=until_ns, reason=reason):
            return f"lock of {symbol}", f"until {utc_text(until_ns)}: {reason}"
        case Muted(what, until_ns):
            return f"mute of {what}", f"until {utc_text(until_ns)}"
        case MuteEnded(what):
            return f"mute of {what}", "ended"
        case Adopted(order):
            return f"foreign order {order.client_order_id}", f"adopted, {order.symbol}"
        case Ignored(symbol, name):
            return f"foreign order {name}", f"ignored, {symbol}"
        case Unbalanced(symbol, counted_e8, held_e8):
            words = f"{scaled_text(held_e8, 8)} held, {scaled_text(counted_e8, 8)} counted: no entries"
            return f"balance of {symbol}", words
        case Balanced(symbol, aside_e8):
            return f"balance of {symbol}", f"{scaled_text(aside_e8, 8)} held besides our positions"
