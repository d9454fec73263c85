"""The journal's records: written and read back, older ones too; what a later version wrote is refused clearly."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from engine.core.asked import asked
from engine.core.record_codec import KINDS, AnyRecord, UnknownRecord, decode_record, encode_record
from engine.core.records import Asked, Audited, Decided, Declined, Listed, Proposed, Refused, Started
from engine.core.safeguard_records import EquityMarked, Killed, KillReset, LimitSet
from engine.core.types import Refusal, Side, Signal, SignalId, Symbol
from engine.wire.commands import Amount, AnyCommand, Buy, Close, Decide, Halt, Kill, Resume, Sell, SetMode, Who

ETH = Symbol("ETHUSDT")
ALICE = Who("U01ALICE", "Alice", "slack")
SIGNAL = Signal(SignalId("s-1"), "sma_cross", ETH, Side.BUY, 0.75, 200_000, 196_000, 0, 0, ("fast above slow",), 1)
NEW: list[AnyRecord] = [
    Listed(ETH, "ETH", "USDT", 1_000_000, 10_000, 1),
    Proposed("p-1", "technical", SIGNAL, 100, "", "", 2, 1),
    Decided("p-1", "bought", "slack:U01ALICE", "on its way", "tr-1", 2),
    EquityMarked(3, 2, 4, 1),
    Asked("c-1", "U01ALICE", "Alice", "slack", "halt", 1),
    Declined("c-1", "HALTED", "Trading is halted.", 1),
    Audited("U01ALICE", "slack", "limit max_order_pct", "1", "2", 1),
    Refused("command:1", "cli:ann", Refusal("HALTED", "", "Resume."), 1, ETH),
    Killed("slack:U01ALICE", "fat finger", ETH, True, 1),
    KillReset("slack:U01ALICE", "it was a drill", 2),
    LimitSet("max_order_pct", "", "sma_cross", 0.5, False, "slack:U01ALICE", "the weekend", 3),
]


@pytest.mark.parametrize("record", NEW, ids=[type(record).__name__ for record in NEW])
def test_a_record_is_read_back_as_it_was_written(record: AnyRecord) -> None:
    """Nothing is lost on the way."""
    assert decode_record(encode_record(record)) == record


def test_every_kind_can_be_named() -> None:
    """The list that unknown ones are told from has all of them."""
    assert len(KINDS) == len(get_args(AnyRecord))
    assert {"started", "listed", "audited"} <= KINDS


def test_a_refusal_of_an_older_version_has_no_symbol() -> None:
    """Journals from before fields were added can still be read."""
    payload = msgspec.msgpack.encode(
        ["refused", "command:1", "cli:ann", {"code": "HALTED", "detail": "", "advice": ""}, 1]
    )
    assert decode_record(payload) == Refused("command:1", "cli:ann", Refusal("HALTED", "", ""), 1, Symbol(""))


def test_a_field_of_a_later_version_is_passed_over() -> None:
    """It stands at the end, where this version does not look."""
    assert decode_record(msgspec.msgpack.encode(["started", "2.0", "abc", 1, "news"])) == Started("2.0", "abc", 1)


def test_a_kind_of_a_later_version_is_refused_with_what_to_do() -> None:
    """It may be the one that says that something was sold."""
    with pytest.raises(UnknownRecord, match=r"'teleported', which this version does not know.*Use that version"):
        decode_record(msgspec.msgpack.encode(["teleported", 1]))


@pytest.mark.parametrize("payload", [b"", b"nonsense", msgspec.msgpack.encode([]), msgspec.msgpack.encode(["started"])])
def test_what_is_no_record_is_refused(payload: bytes) -> None:
    """Bytes that were never written by any version, or only a part of a record."""
    with pytest.raises(UnknownRecord, match="this version can't read"):
        decode_record(payload)


SAID: list[tuple[AnyCommand, str]] = [
    (Buy(id="1", who=ALICE, symbol="eth", amount=Amount("quote", "250")), "buy symbol=eth amount=250 quote"),
    (
        Buy(id="1", who=ALICE, symbol="eth", amount=Amount("base", "0.1"), stop_pct=2.0),
        "buy symbol=eth amount=0.1 base stop_pct=2.0",
    ),
    (Sell(id="1", who=ALICE, symbol="eth", amount=Amount("all", "")), "sell symbol=eth amount=all"),
    (Close(id="1", who=ALICE, symbol="all"), "close symbol=all percent=100.0"),
    (SetMode(id="1", who=ALICE, mode="auto"), "set_mode mode=auto"),
    (Halt(id="1", who=ALICE, reason="gone for lunch"), "halt reason=gone for lunch"),
    (Resume(id="1", who=ALICE), "resume"),
    (Kill(id="1", who=ALICE, flatten=True, symbol="eth"), "kill flatten=True symbol=eth"),
    (
        Decide(id="1", who=ALICE, proposal_id="p-1", choice="buy", fingerprint="ab"),
        "decide proposal_id=p-1 choice=buy fingerprint=ab",
    ),
]


@pytest.mark.parametrize(("command", "words"), SAID, ids=[words for _, words in SAID])
def test_a_command_is_kept_in_words(command: AnyCommand, words: str) -> None:
    """Its name, and what was given; who and where from stand beside it."""
    assert asked(command, 7) == Asked("1", "U01ALICE", "Alice", "slack", words, 7)
