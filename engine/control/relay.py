"""The line of a core whose orders and notices are also told on another one, under its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from engine.control.server import ControlServer
from engine.wire.commands import AnyCommand
from engine.wire.events import AnyEvent, Notice, OrderChanged
from engine.wire.replies import Reply


class RelayedServer(ControlServer):
    """A line of its own; orders and notices go to the watchers of the first one as well."""

    def __init__(
        self, socket_path: Path, on_command: Callable[[AnyCommand], Reply], name: str, first: ControlServer | None
    ) -> None:
        """Prepare; ``name`` stands beside every symbol and in front of every notice."""
        super().__init__(socket_path, on_command)
        self._name, self._first = name, first

    @property
    def watchers(self) -> int:
        """How many would hear an event, here or there."""
        return super().watchers + (self._first.watchers if self._first else 0)

    def publish(self, event: AnyEvent) -> int:
        """Tell who watches this core, and of what concerns both, who watches the first; returns the number here."""
        if self._first is not None and (told := self._named(event)) is not None:
            self._first.publish(told)
        return super().publish(event)

    def _named(self, event: AnyEvent) -> AnyEvent | None:
        if isinstance(event, OrderChanged):
            order = msgspec.structs.replace(event.order, symbol=f"{event.order.symbol}@{self._name}")
            return msgspec.structs.replace(event, order=order)
        if isinstance(event, Notice):
            return msgspec.structs.replace(event, text=f"{self._name}: {event.text}")
        return None
