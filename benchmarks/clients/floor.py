"""The floor: a bare uvloop protocol that answers every frame with the same bytes, and looks at nothing."""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import uvloop

from benchmarks.lab.server import ECHO_BYTES

_ANSWER = b"." * ECHO_BYTES


class Echo(asyncio.Protocol):
    """Writes as soon as something was read."""

    _transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Introduce itself."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(b"GET /echo HTTP/1.1\r\n\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer."""
        self._transport.write(_ANSWER)


async def main(port: int) -> None:
    """Answer until the process is ended."""
    loop = asyncio.get_running_loop()
    await loop.create_connection(Echo, "127.0.0.1", port)
    await loop.create_future()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
