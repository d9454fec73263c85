"""How the bot hears Slack: a WebSocket that it opens itself (Socket Mode), or signed HTTP requests from Slack."""

from __future__ import annotations

import asyncio
import logging
from typing import Final, Protocol

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from bot.settings import BadSettings

_log = logging.getLogger(__name__)
HTTP_PATH: Final = "/slack/events"
_PING_S: Final = 4.0
_DEAF_S: Final = 5.0
_LOOKS: Final = 5
"""How often the watchdog looks within that time."""


class Ears(Protocol):
    """One of the two ways to hear Slack."""

    @property
    def is_connected(self) -> bool:
        """True while Slack can reach us."""

    async def listen(self) -> None:
        """Hear until cancelled."""


class SocketEars:
    """Socket Mode: no public address needed. Build it inside the running loop, as Slack's client wants it."""

    def __init__(self, app: AsyncApp, app_token: str, *, ping_s: float = _PING_S, deaf_s: float = _DEAF_S) -> None:
        """Prepare to hear; after ``deaf_s`` without a connection a new address is asked for."""
        self._handler = AsyncSocketModeHandler(app, app_token, ping_interval=ping_s)
        self._deaf_s = deaf_s

    @property
    def is_connected(self) -> bool:
        """True while the socket is open and answers pings."""
        client = self._handler.client
        return client.current_session is not None and not client.current_session.closed and not client.stale

    async def listen(self) -> None:
        """Connect, stay connected, and close at the end."""
        connecting = asyncio.create_task(self._handler.client.connect(), name="slack connect")  # type: ignore[no-untyped-call]
        try:
            await self._stay_awake()
        finally:
            connecting.cancel()
            await self._handler.client.close()  # type: ignore[no-untyped-call]
            await self._join()

    async def _stay_awake(self) -> None:
        """Heal a deafness of the aiohttp client: after one failed upgrade it retries the same dead address for ever.

        Without an address it asks Slack for a new one.
        """
        loop = asyncio.get_running_loop()
        heard_at = loop.time()
        while True:
            await asyncio.sleep(self._deaf_s / _LOOKS)
            if self.is_connected:
                heard_at = loop.time()
            elif loop.time() - heard_at > self._deaf_s:
                _log.warning("deaf: asking Slack for a new address", extra={"deaf_s": round(loop.time() - heard_at, 1)})
                self._handler.client.wss_uri = None
                heard_at = loop.time()

    async def _join(self) -> None:
        """Wait for the client's own tasks, which its close only cancels."""
        client = self._handler.client
        tasks = (client.message_processor, client.current_session_monitor, client.message_receiver)
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)


class HttpEars:
    """Signed requests from Slack, checked by Bolt: a forged or stale one gets 401."""

    def __init__(self, app: AsyncApp, port: int) -> None:
        self._web = app.web_app(path=HTTP_PATH)
        self._port = port
        self.address = ""
        self.is_connected = False

    async def listen(self) -> None:
        """Serve until cancelled."""
        runner = web.AppRunner(self._web, access_log=None)
        await runner.setup()
        try:
            # Every interface: Slack comes from outside, usually through a reverse proxy that ends TLS.
            site = web.TCPSite(runner, None, self._port)
            try:
                await site.start()
            except OSError as error:
                raise BadSettings(
                    f"Port {self._port} can't be used ({error.strerror}): choose another in SLACK_HTTP_PORT."
                ) from None
            host, port = runner.addresses[0][:2]
            self.address = f"{host}:{port}"
            _log.info("waiting for Slack's requests", extra={"address": self.address, "path": HTTP_PATH})
            self.is_connected = True
            await asyncio.Event().wait()
        finally:
            self.is_connected = False
            await runner.cleanup()
