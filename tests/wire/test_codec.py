"""The codec: bytes in, bytes out, and a sentence for what doesn't fit."""

from __future__ import annotations

import msgspec
import pytest

from engine.wire.codec import WireError, decode_command, decode_from_engine, encode
from engine.wire.commands import Amount, Buy, Close, GetSnapshot, Who
from engine.wire.events import Notice, TradingHalted
from engine.wire.replies import Reply

ANN = Who("ann", "ann", "cli")
RAW_BUY = (
    b'{"type":"buy","symbol":"ETHUSDT","amount":{"unit":"quote","value":"250"},"stop_pct":2.0,"target_pct":null,'
    b'"exits":null,"limit_price":"","good_s":null,"id":"c-1","who":{"user_id":"ann","name":"ann","door":"cli"}}'
)
NO_COMMANDS = [
    b"",
    b"{}",
    b"[]",
    b"null",
    b"\xff",
    b'{"type":"launch","id":"1"}',
    RAW_BUY[:-1],
    RAW_BUY.replace(b'"id":"c-1",', b""),
    RAW_BUY.replace(b'"quote"', b'"tons"'),
    RAW_BUY.replace(b'"cli"', b'"pub"'),
    RAW_BUY.replace(b"2.0", b'"two"'),
    encode(Reply("c-1", True, "OK", "done")),
]


def test_a_command_is_these_bytes() -> None:
    buy = Buy(id="c-1", who=ANN, symbol="ETHUSDT", amount=Amount("quote", "250"), stop_pct=2.0)
    assert encode(buy) == RAW_BUY
    assert decode_command(RAW_BUY) == buy
    assert decode_command(RAW_BUY.decode()) == buy


def test_what_may_be_left_out_has_its_default() -> None:
    raw = '{"type":"close","id":"c-2","who":{"user_id":"ann","name":"ann","door":"cli"},"symbol":"all"}'
    assert decode_command(raw) == Close(id="c-2", who=ANN, symbol="all", percent=100.0)


@pytest.mark.parametrize(
    "message", [Reply("c-1", True, "OK", "done"), Notice(seq=7, ts_ns=1, severity="info", code="X", text="t")]
)
def test_replies_and_events_come_back_as_they_went(message: Reply | Notice) -> None:
    assert decode_from_engine(encode(message)) == message


@pytest.mark.parametrize("data", NO_COMMANDS)
def test_bytes_that_are_no_command_are_refused(data: bytes) -> None:
    with pytest.raises(WireError, match="not a command"):
        decode_command(data)


def test_a_command_is_nothing_that_the_engine_sends() -> None:
    with pytest.raises(WireError, match="not a reply or an event"):
        decode_from_engine(encode(GetSnapshot(id="1", who=ANN)))


def test_events_are_immutable() -> None:
    event = TradingHalted(ts_ns=1, by="cli:ann", reason="lunch")
    with pytest.raises(AttributeError):
        event.reason = "none"  # type: ignore[misc]
    assert msgspec.structs.replace(event, seq=3).seq == 3
