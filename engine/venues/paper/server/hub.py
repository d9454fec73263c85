"""Who listens to what: market streams to their subscribers, user events to their accounts' connections."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from engine.venues.paper.server.lines import Line, text_frame

ALIASES = {"depth": "depth@100ms", "depth@1000ms": "depth@100ms"}
"""Names that are served from another stream; a client may ask for the slower one and gets the faster."""


class MarketHub:
    """Subscriptions to market streams."""

    def __init__(self) -> None:
        self._raw: dict[str, dict[Line, str]] = {}
        self._combined: dict[str, dict[Line, str]] = {}
        self.first_listener = asyncio.Event()
        """Set when somebody first listened to a market."""

    def subscribe(self, line: Line, stream: str, *, is_combined: bool) -> None:
        """Add a line to a stream, under the name that the client used."""
        listeners = self._combined if is_combined else self._raw
        listeners.setdefault(source_of(stream), {})[line] = stream
        if "@" in stream:
            self.first_listener.set()

    def unsubscribe(self, line: Line, stream: str) -> None:
        """Take a line from a stream."""
        for listeners in (self._raw, self._combined):
            listeners.get(source_of(stream), {}).pop(line, None)

    def leave(self, line: Line) -> None:
        """Take a line from all streams."""
        for listeners in (self._raw, self._combined):
            for lines in listeners.values():
                lines.pop(line, None)

    def streams_of(self, line: Line) -> list[str]:
        """Return the streams that a line listens to."""
        return [lines[line] for all_ in (self._raw, self._combined) for lines in all_.values() if line in lines]

    def has_listeners(self, stream: str) -> bool:
        """Say whether anybody listens to a stream."""
        return bool(self._raw.get(stream) or self._combined.get(stream))

    def listened_to(self, prefix: str) -> list[str]:
        """Return the streams with listeners whose names begin so."""
        names = {*self._raw, *self._combined}
        return sorted(name for name in names if name.startswith(prefix) and self.has_listeners(name))

    def publish(self, stream: str, data: bytes) -> None:
        """Send a message to whoever listens to its stream; ``data`` goes out unchanged."""
        if lines := self._raw.get(stream):
            frame = text_frame(data)
            for line in tuple(lines):
                line.send_frame(frame)
        if lines := self._combined.get(stream):
            frames: dict[str, bytes] = {}
            for line, name in tuple(lines.items()):
                if name not in frames:
                    frames[name] = text_frame(b'{"stream":"' + name.encode() + b'","data":' + data + b"}")
                line.send_frame(frames[name])


class UserHub:
    """Subscriptions to the events of accounts."""

    def __init__(self) -> None:
        self._listeners: dict[str, dict[tuple[Line, int], None]] = {}

    def subscribe(self, account: str, line: Line, subscription_id: int) -> None:
        """Let a line hear an account's events."""
        self._listeners.setdefault(account, {})[line, subscription_id] = None

    def unsubscribe(self, line: Line, subscription_id: int | None = None) -> None:
        """Let a line hear nothing more, or nothing more under one subscription."""
        for listeners in self._listeners.values():
            for key in [key for key in listeners if key[0] is line and subscription_id in (None, key[1])]:
                del listeners[key]

    def publish(self, account: str, event: dict[str, Any]) -> None:
        """Send an event to whoever hears an account."""
        if listeners := self._listeners.get(account):
            data = msgspec.json.encode(event)
            for line, subscription_id in tuple(listeners):
                line.send(b'{"subscriptionId":%d,"event":%b}' % (subscription_id, data))


def source_of(stream: str) -> str:
    """Return the stream that a name is served from."""
    symbol, at, kind = stream.partition("@")
    return f"{symbol}@{ALIASES.get(kind, kind)}" if at else stream
