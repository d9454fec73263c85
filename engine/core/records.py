"""What is written to the journal: every fact that a restart needs to know where it stood, in the order it happened."""

from __future__ import annotations

import msgspec

from engine.core.instrument import E8, Instrument
from engine.core.types import ApprovedOrder, ClientOrderId, ExecutionReport, Refusal, SendFailed, Signal, Symbol


class Record(msgspec.Struct, frozen=True, tag_field="type", array_like=True):
    """What every record has: its kind, as the first element of a MessagePack array."""


class Started(Record, frozen=True, tag="started"):
    """The engine started, with which version and settings (C21)."""

    version: str
    config_hash: str
    ts_ns: int


class Intended(Record, frozen=True, gc=False, tag="intended"):
    """An order is about to leave. Written before its bytes do."""

    order: ApprovedOrder


class Reported(Record, frozen=True, tag="reported"):
    """The venue said something of an order of ours that changed it."""

    report: ExecutionReport


class Failed(Record, frozen=True, tag="failed"):
    """A send was refused, or its outcome is unknown."""

    failure: SendFailed


class Refused(Record, frozen=True, tag="refused"):
    """The gate refused a request (C22)."""

    cause_id: str
    origin: str
    refusal: Refusal
    ts_ns: int
    symbol: Symbol = Symbol("")
    """Empty in journals from before it was written."""


class ModeSet(Record, frozen=True, tag="mode"):
    """Somebody set the auto-trade mode; empty ``strategy`` for the global one."""

    strategy: str
    mode: str
    by: str
    ts_ns: int


class ArmedSet(Record, frozen=True, tag="armed"):
    """Trading was armed or halted, by whom and why."""

    is_armed: bool
    by: str
    reason: str
    ts_ns: int


class Answered(Record, frozen=True, tag="answered"):
    """A command that may trade was answered: its id gets the same answer again, and nothing else happens."""

    command_id: str
    ok: bool
    code: str
    text: str
    ts_ns: int


class Shrunk(Record, frozen=True, tag="shrunk"):
    """The venue held less than we thought, so the position was brought down to that, in 1e-8 of the base asset."""

    symbol: Symbol
    base_e8: int
    ts_ns: int


class Listed(Record, frozen=True, tag="listed"):
    """A symbol's units, written at each start: what the ticks and lots of its orders are worth, for whoever reads
    the journal without the venue."""

    symbol: Symbol
    base_asset: str
    quote_asset: str
    tick_e8: int
    lot_e8: int
    ts_ns: int

    def instrument(self) -> Instrument:
        """Return what the journal knows of a symbol; the venue's limits take no part in what is past."""
        units = (self.tick_e8, self.lot_e8)
        return Instrument(self.symbol, self.base_asset, self.quote_asset, *units, 1, E8, 0, 0, 1, E8, is_trading=True)


class Proposed(Record, frozen=True, tag="proposed"):
    """A strategy's signal became a question to people, or the engine acts on it (C22)."""

    proposal_id: str
    kind: str
    """``technical``, ``event`` …: how it came about."""
    signal: Signal
    lots: int
    """What it would be sized to, or was."""
    title: str
    """Of the headline behind it, and its source; empty where there is none."""
    source: str
    expires_ns: int
    ts_ns: int
    url: str = ""
    """Of the headline."""
    settings: str = ""
    """The fingerprint of what the strategy went by, so that its signals can be calibrated later."""
    worth: str = ""
    """What such a score had been worth by then, in words."""


class Decided(Record, frozen=True, tag="decided"):
    """Something became of a proposal. The last of these counts: an order that ends says more about the outcome."""

    proposal_id: str
    state: str
    """``bought``, ``sold``, ``dismissed``, ``expired``, ``refused`` or ``acted``."""
    decided_by: str
    """``slack:U01ALICE``, ``auto``; empty where nobody did (it expired)."""
    outcome: str
    client_order_id: str
    """Of the order that it led to; empty for none."""
    ts_ns: int


class Asked(Record, frozen=True, tag="asked"):
    """Somebody gave a command that may change something. Written before it is carried out."""

    command_id: str
    user_id: str
    name: str
    door: str
    """Where they came in: ``slack``, ``cli`` or ``desk``."""
    text: str
    """The command in words, see ``asked``."""
    ts_ns: int


class Declined(Record, frozen=True, tag="declined"):
    """A click was refused. Unlike what was ``Answered``, it may be tried again."""

    command_id: str
    code: str
    text: str
    ts_ns: int


class Audited(Record, frozen=True, tag="audited"):
    """Somebody changed something that has no record of its own: a limit, a breaker, an acknowledgement."""

    who: str
    """``U01ALICE``, or ``engine`` where it was nobody."""
    source: str
    """Where it came from: a door, ``file``, ``signal`` …"""
    what: str
    before: str
    after: str
    ts_ns: int
    reason: str = ""


class Missed(Record, frozen=True, tag="missed"):
    """A proposal that nobody took is followed as if it had been bought at that moment; again when it ended."""

    proposal_id: str
    strategy: str
    symbol: Symbol
    state: str
    """How it was let go: ``expired``, ``dismissed``, ``refused``."""
    lots: int
    entry_ticks: int
    stop_ticks: int
    target_ticks: int
    """0 for none."""
    until_ns: int
    ts_ns: int
    end: str = ""
    """``stop``, ``target`` or ``horizon``; empty while it is followed."""
    exit_ticks: int = 0
    profit_e8: int = 0
    """After fees, in 1e-8 of the quote asset."""


class StopMoved(Record, frozen=True, tag="stop_moved"):
    """A plan has raised the stop of a position, far enough for it to be moved at the exchange."""

    symbol: Symbol
    trade_id: str
    stop_ticks: int
    high_ticks: int
    """The highest price so far, which a trail hangs on."""
    kind: str
    """``trailing_stop`` or ``break_even``."""
    ts_ns: int


class Adopted(Record, frozen=True, tag="adopted"):
    """Somebody made an order ours that was placed by hand or by another program: it is followed as any of ours."""

    order: ApprovedOrder
    by: str
    ts_ns: int


class Ignored(Record, frozen=True, tag="ignored"):
    """Somebody said that a foreign order is no business of ours: nobody is asked about it again."""

    symbol: Symbol
    client_order_id: ClientOrderId
    by: str
    ts_ns: int


class Unbalanced(Record, frozen=True, tag="unbalanced"):
    """The venue holds another amount of a symbol's base asset than was counted (1e-8 of it): no entries until a
    ``Balanced``."""

    symbol: Symbol
    counted_e8: int
    held_e8: int
    is_ours: bool
    """Part of our own position is gone, which a ``Shrunk`` says as well."""
    ts_ns: int


class Balanced(Record, frozen=True, tag="balanced"):
    """What the account holds of a symbol's base asset besides our positions, 1e-8 of it: counted from here on."""

    symbol: Symbol
    aside_e8: int
    by: str
    """Empty where the account was compared for the first time, or adds up again by itself."""
    ts_ns: int


class CircleEnded(Record, frozen=True, tag="circle_ended"):
    """A circle is back to money; what it has left of a coin is too little for an order."""

    circle_id: str
    """The symbol of its first leg, and when it began: ``BTCUSDT-1700000000000000000``."""
    ts_ns: int


class Watched(Record, frozen=True, tag="watched"):
    """Somebody wants to be told when a symbol trades at a price or beyond it; until a ``WatchEnded`` of its number."""

    number: int
    symbol: Symbol
    is_above: bool
    price_ticks: int
    by: str
    ts_ns: int


class WatchEnded(Record, frozen=True, tag="watch_ended"):
    """A watched price was reached, or somebody took the watch away."""

    number: int
    by: str
    """Empty where the market reached it."""
    ts_ns: int


class Muted(Record, frozen=True, tag="muted"):
    """Somebody keeps something out of the channel until a moment; the last one of what it names counts."""

    what: str
    """A kind of message, a strategy, a symbol, or ``sma_cross on ETHUSDT``."""
    until_ns: int
    by: str
    ts_ns: int


class MuteEnded(Record, frozen=True, tag="mute_ended"):
    """Somebody wants to hear it again before that moment."""

    what: str
    by: str
    ts_ns: int


TradingRecord = (
    Started
    | Intended
    | Reported
    | Failed
    | Refused
    | ModeSet
    | ArmedSet
    | Answered
    | Shrunk
    | Listed
    | Proposed
    | Decided
    | Asked
    | Declined
    | Audited
    | Missed
    | StopMoved
    | Adopted
    | Ignored
    | Unbalanced
    | Balanced
    | CircleEnded
    | Watched
    | WatchEnded
    | Muted
    | MuteEnded
)
