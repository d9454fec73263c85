"""The health page for containers and people: ``GET /health`` on loopback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from aiohttp import web

from engine.control.server import ControlError
from engine.wire.views import StatusView

HOST: Final = "127.0.0.1"
_OUR_NAMES: Final = frozenset({HOST, "localhost"})


class HealthServer:
    """Answers ``GET /health`` with the status as JSON: 200 when every part is well, 503 when one is not."""

    def __init__(self, port: int, status: Callable[[], StatusView]) -> None:
        """Prepare; port 0 takes any free one."""
        self._port = port
        self._status = status
        app = web.Application()
        app.router.add_get("/health", self._health)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)

    @property
    def url(self) -> str:
        """Return where it answers, once it has been started."""
        return f"http://{HOST}:{self._port}/health"

    async def start(self) -> None:
        """Listen; raises ControlError."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, HOST, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise ControlError(
                f"The health page can't use port {self._port} ({error.strerror}): stop what uses it or set another."
            ) from error
        self._port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def _health(self, request: web.Request) -> web.Response:
        if request.url.host not in _OUR_NAMES:  # a web page that points a name of its own here (DNS rebinding)
            raise web.HTTPForbidden(text=f"Ask for {self.url}.\n")
        status = self._status()
        is_well = all(part.is_ok for part in status.health)
        return web.Response(
            status=200 if is_well else 503, body=msgspec.json.encode(status), content_type="application/json"
        )
