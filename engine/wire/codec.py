"""Commands, replies and events to bytes and back: JSON, typed, refused with a sentence when it doesn't fit."""

from __future__ import annotations

import msgspec

from engine.wire.commands import AnyCommand
from engine.wire.events import AnyEvent
from engine.wire.replies import Reply

_encoder = msgspec.json.Encoder()
_commands: msgspec.json.Decoder[AnyCommand] = msgspec.json.Decoder(AnyCommand)
_from_engine: msgspec.json.Decoder[Reply | AnyEvent] = msgspec.json.Decoder(Reply | AnyEvent)


class WireError(ValueError):
    """Bytes on the line that are no message of this contract; the text says where they differ."""


def encode(message: AnyCommand | Reply | AnyEvent) -> bytes:
    """Write one message as one JSON object, without a newline."""
    return _encoder.encode(message)


def decode_command(data: bytes | str) -> AnyCommand:
    """Read what a person's door sent; raises WireError."""
    try:
        return _commands.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(f"not a command: {error}") from None


def decode_from_engine(data: bytes | str) -> Reply | AnyEvent:
    """Read what the engine sent: a reply or an event; raises WireError."""
    try:
        return _from_engine.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(f"not a reply or an event: {error}") from None
