"""What a fold of the journal came to, as plain values: enough to go on from there instead of from the beginning.

Orders, trades and proposals are kept as they are by then. What people set is kept as its records, and folded again: it
depends on ``trader.toml`` and on the time of the start, which may be others then.
"""

from __future__ import annotations

from typing import Final

import msgspec

from engine.core.circle_trips import OpenCircle
from engine.core.instrument import Instrument
from engine.core.orders import Order
from engine.core.plan import ExitPlan
from engine.core.portfolio import RoundTrip
from engine.core.proposals import Proposal
from engine.core.record_codec import AnyRecord
from engine.core.story_turns import KeptTurns
from engine.core.types import Signal, Symbol
from engine.wire.answers import HeadlineView


class KeptOrders(msgspec.Struct, frozen=True):
    """Every order that is remembered, each once, and by its place here whose lists it is in."""

    orders: list[Order]
    known: list[int]
    unsettled: list[int]
    finished: list[int]
    legs: dict[Symbol, list[int]]
    """The protective ones."""


class KeptTrip(msgspec.Struct, frozen=True):
    """A round trip: its fields by name, besides what can't be a number or a text."""

    symbol: Symbol
    plan: ExitPlan | None
    numbers: dict[str, int]
    texts: dict[str, str]
    sales: list[tuple[int, int]]


class KeptCircle(msgspec.Struct, frozen=True):
    """A circle that is not over: its round trip, and what it holds of each coin."""

    trip: KeptTrip
    nets_e8: dict[str, int]


class KeptProposal(msgspec.Struct, frozen=True):
    """A proposal, likewise; its record of earlier signals, and that it goes by itself, are forgotten at a restart."""

    signal: Signal
    numbers: dict[str, int]
    texts: dict[str, str]


class KeptProposals(msgspec.Struct, frozen=True):
    """Every proposal that is remembered, each once, and by its place here whose lists it is in."""

    proposals: list[KeptProposal]
    known: list[int]
    open: list[int]
    unwritten: list[int]
    """Decided by their orders, without a word about it in the journal."""


class Kept(msgspec.Struct, frozen=True):
    """The whole of it; amounts in 1e-8 of their asset."""

    records: list[AnyRecord]
    """Of people and safeguards, in their order."""
    orders: KeptOrders
    open_trips: list[KeptTrip]
    closed_trips: list[KeptTrip]
    circles: dict[str, KeptCircle]
    """By their ids."""
    proposals: KeptProposals
    watched: list[Symbol]
    """Whose trades and quotes are looked at because something is held."""
    causes: list[str]
    cash_e8: int
    realised_e8: int
    peak_e8: int
    breakers_peak_e8: int
    aside_e8: dict[str, int]
    spent: dict[str, tuple[int, int]]
    """By origin: a day, and what was ordered on it."""
    answers: list[tuple[str, bool, str, str]]
    equity: bytes
    """Marks of equity: int64, little-endian, time and equity in turn."""
    stories: KeptTurns
    headlines: list[HeadlineView]
    """The last ones, oldest first."""


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Kept)


def encode_kept(kept: Kept) -> bytes:
    """Write it as MessagePack."""
    return _encoder.encode(kept)


def decode_kept(payload: bytes) -> Kept:
    """Read it; raises msgspec.MsgspecError for what this version does not know."""
    return _decoder.decode(payload)


def kept_trip(trip: RoundTrip) -> KeptTrip:
    """Return a round trip as values."""
    numbers, texts = _fields(trip, RoundTrip.__slots__)
    return KeptTrip(trip.instrument.symbol, trip.plan, numbers, texts, list(trip.sales))


def trip_of(kept: KeptTrip, instrument: Instrument) -> RoundTrip:
    """Return the round trip that was kept."""
    trip = RoundTrip.__new__(RoundTrip)
    trip.instrument, trip.plan, trip.sales = instrument, kept.plan, list(kept.sales)
    for name, value in (*kept.numbers.items(), *kept.texts.items()):
        setattr(trip, name, value)
    return trip


def kept_circle(circle: OpenCircle) -> KeptCircle:
    """Return a circle as values."""
    return KeptCircle(kept_trip(circle.trip), dict(circle.nets_e8))


def circle_of_kept(kept: KeptCircle, instrument: Instrument) -> OpenCircle:
    """Return the circle that was kept; ``instrument``: of its round trip."""
    circle = OpenCircle(trip_of(kept.trip, instrument))
    circle.nets_e8 = dict(kept.nets_e8)
    return circle


def kept_proposal(proposal: Proposal) -> KeptProposal:
    """Return a proposal as values."""
    return KeptProposal(proposal.signal, *_fields(proposal, Proposal.__slots__))


def proposal_of(kept: KeptProposal) -> Proposal:
    """Return the proposal that was kept."""
    proposal = Proposal("", kept.signal, "technical", 0, 0)
    for name, value in (*kept.numbers.items(), *kept.texts.items()):
        setattr(proposal, name, value)
    return proposal


def _fields(thing: object, names: tuple[str, ...]) -> tuple[dict[str, int], dict[str, str]]:
    values = {name: getattr(thing, name) for name in names}
    numbers = {name: value for name, value in values.items() if type(value) is int}
    return numbers, {name: value for name, value in values.items() if isinstance(value, str)}
