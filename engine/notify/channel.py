"""One way to reach people, by an address as the apprise library reads it; the address itself is told to nobody."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final, Protocol

import apprise

_log = logging.getLogger(__name__)
_SEND_S: Final = 60.0


class BadAddress(ValueError):
    """An address that nothing can be sent to; the text says which, without its secrets."""


class Channel(Protocol):
    """Something that takes a message."""

    name: str

    async def send(self, title: str, body: str) -> bool:
        """Send; False where it didn't go out."""


class AppriseChannel:
    """An address, for example ``mailtos://user:password@example.com?to=desk@example.com``. Source: apprise's manual."""

    def __init__(self, number: int, address: str) -> None:
        """Prepare the address that stands at this place; raises BadAddress."""
        scheme = address.partition("://")[0]
        self.name = f"{scheme} {number}"
        self._service: Any = apprise.Apprise.instantiate(address, suppress_exceptions=True)
        if self._service is None:
            raise BadAddress(f"NOTIFY_URLS, address {number} ({scheme}://…) can't be used: see `trader notify --help`.")

    async def send(self, title: str, body: str) -> bool:
        """Send in a thread, because these libraries wait; False where it didn't go out."""
        try:
            async with asyncio.timeout(_SEND_S):
                return bool(await asyncio.to_thread(self._service.notify, body=body, title=title))
        except (OSError, TypeError) as error:  # apprise raises TypeError for what it was told to send and can't
            _log.warning("a message didn't go out", extra={"channel": self.name, "why": type(error).__name__})
            return False


def open_channels(addresses: tuple[str, ...]) -> tuple[Channel, ...]:
    """Prepare every address; raises BadAddress. The library's own log is silenced: it names addresses."""
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    return tuple(AppriseChannel(number, address) for number, address in enumerate(addresses, start=1))
