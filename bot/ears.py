"""How the bot hears Slack: a WebSocket that it opens itself (Socket Mode), or signed HTTP requests from Slack."""

from __future__ import annotations

import asyncio
import logging
from typing import Final, Protocol

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient

from bot.outbox import reason_of, wait_asked_for
from bot.settings import BadSettings

_log = logging.getLogger(__name__)
HTTP_PATH: Final = "/slack/events"
_PING_S: Final = 4.0
_DEAF_S: Final = 5.0
_LOOKS: Final = 5
"""How often the watchdog looks within that time."""
_RETRY_S: Final = 2.0
_GOODBYE_S: Final = 1.0


class Ears(Protocol):
    """One of the two ways to hear Slack."""

    refused: int
    """Requests whose signature was forged or stale; each got 401."""

    @property
    def is_connected(self) -> bool:
        """True while Slack can reach us."""

    async def listen(self) -> None:
        """Hear until cancelled."""


class SocketEars:
    """Socket Mode: no public address needed. Build it inside the running loop, as Slack's client wants it."""

    refused = 0

    def __init__(self, app: AsyncApp, app_token: str, *, ping_s: float = _PING_S, deaf_s: float = _DEAF_S) -> None:
        """Prepare to hear; after ``deaf_s`` without a connection another client begins from the beginning."""
        self._app = app
        self._token = app_token
        self._ping_s = ping_s
        self._deaf_s = deaf_s
        self._client = self._new_client()
        self._connecting: asyncio.Task[None] | None = None

    @property
    def is_connected(self) -> bool:
        """True while the socket is open and answers pings."""
        session = self._client.current_session
        return session is not None and not session.closed and not self._client.stale

    async def listen(self) -> None:
        """Connect, stay connected, and close at the end."""
        try:
            while True:
                self._connecting = asyncio.create_task(self._client.connect(), name="slack connect")  # type: ignore[no-untyped-call]
                await self._until_deaf()
                await self._hang_up()
                self._client = self._new_client()
                self._client.wss_uri = await self._address()
        finally:
            await self._hang_up()

    async def _until_deaf(self) -> None:
        """Heal what the aiohttp client can't: it retries a dead address for ever, and waits minutes for an upgrade."""
        loop = asyncio.get_running_loop()
        heard_at = loop.time()
        while loop.time() - heard_at <= self._deaf_s:
            await asyncio.sleep(self._deaf_s / _LOOKS)
            if self.is_connected:
                heard_at = loop.time()
        _log.warning("deaf: beginning anew with Slack", extra={"deaf_s": round(loop.time() - heard_at, 1)})

    async def _address(self) -> str:
        """Ask Slack where to connect, until it says; as seldom as it wants to be asked."""
        while True:
            try:
                answer = await self._app.client.apps_connections_open(app_token=self._token)
                return str(answer["url"])
            except SlackApiError as error:
                wait_s, why = wait_asked_for(error, _RETRY_S) or _RETRY_S, reason_of(error)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                wait_s, why = _RETRY_S, repr(error)
            _log.warning("Slack gives no address", extra={"why": why, "retry_s": wait_s})
            await asyncio.sleep(wait_s)

    def _new_client(self) -> SocketModeClient:
        return AsyncSocketModeHandler(self._app, self._token, ping_interval=self._ping_s).client

    async def _hang_up(self) -> None:
        """Close the client and wait for its own tasks, which its close only cancels."""
        client = self._client
        if self._connecting is not None:
            self._connecting.cancel()
        try:
            async with asyncio.timeout(_GOODBYE_S):
                await client.close()  # type: ignore[no-untyped-call]
        except TimeoutError:
            _log.info("Slack doesn't answer our goodbye")
        tasks = (client.message_processor, client.current_session_monitor, client.message_receiver, self._connecting)
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)


class HttpEars:
    """Signed requests from Slack, checked by Bolt: a forged or stale one gets 401."""

    def __init__(self, app: AsyncApp, port: int) -> None:
        self._web = app.web_app(path=HTTP_PATH)
        self._web.middlewares.append(self._count_refused)
        self._port = port
        self.refused = 0
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

    @web.middleware
    async def _count_refused(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        answer = await handler(request)
        if answer.status == web.HTTPUnauthorized.status_code:
            self.refused += 1
            _log.warning("a request that Slack has not signed", extra={"from": request.remote})
        return answer
