"""What is written to the journal: every fact that a restart needs to know where it stood, in the order it happened."""

from __future__ import annotations

import msgspec

from engine.core.types import ApprovedOrder, ExecutionReport, Refusal, SendFailed, Symbol


class Record(msgspec.Struct, frozen=True, tag_field="type", array_like=True):
    """What every record has: its kind, as the first element of a MessagePack array."""


class Started(Record, frozen=True, tag="started"):
    """The engine started, with which version and settings (C21)."""

    version: str
    config_hash: str
    ts_ns: int


class Intended(Record, frozen=True, tag="intended"):
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


AnyRecord = Started | Intended | Reported | Failed | Refused | ModeSet | ArmedSet | Answered | Shrunk

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[AnyRecord] = msgspec.msgpack.Decoder(AnyRecord)


def encode_record(record: AnyRecord) -> bytes:
    """Write one record as MessagePack."""
    return _encoder.encode(record)


def decode_record(payload: bytes) -> AnyRecord:
    """Read one record; raises msgspec.ValidationError where the bytes are no record of this version."""
    return _decoder.decode(payload)
