"""The health page for containers and people: ``GET /health`` on loopback."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

import msgspec
from aiohttp import web

from engine.control.server import ControlError
from engine.wire.views import StatusView

HOST: Final = "127.0.0.1"
USUAL_PORT: Final = 8780
_OUR_NAMES: Final = frozenset({HOST, "localhost"})
_log = logging.getLogger(__name__)


class HealthServer:
    """Answers ``GET /health`` with the status as JSON: 200 when every part is well, 503 when one is not."""

    def __init__(self, port: int | None, status: Callable[[], StatusView]) -> None:
        """Prepare; port 0 takes any free one, None the usual one or, where that is taken, any free one."""
        self._port = USUAL_PORT if port is None else port
        self._has_choice = port is None
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
            await self._listen()
        except OSError as error:
            await self._runner.cleanup()
            raise ControlError(
                f"The health page can't use port {self._port} ({error.strerror}): stop what uses it, or set "
                "ENGINE_HTTP_PORT to another."
            ) from error
        self._port = self._runner.addresses[0][1]
        _log.info("the health page is %s", self.url)

    async def _listen(self) -> None:
        try:
            await web.TCPSite(self._runner, HOST, self._port).start()
        except OSError:
            if not self._has_choice:
                raise
            await web.TCPSite(self._runner, HOST, 0).start()

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
