"""How the bot hears: a Socket Mode client that would stay deaf for ever is woken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.ears import SocketEars

WITHIN_S = 30.0


class FlakySlack:
    """Hands out a dead address first, as a Slack that restarts does, and a good one from then on."""

    def __init__(self) -> None:
        self.base = ""
        self.opened = 0
        self.pinged = asyncio.Event()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_post("/api/apps.connections.open", self._open)
        app.router.add_get("/good", self._socket)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0]
        self.base = f"{host}:{port}"
        try:
            yield
        finally:
            await runner.cleanup()

    async def _open(self, _request: web.Request) -> web.Response:
        self.opened += 1
        path = "dead" if self.opened == 1 else "good"
        return web.json_response({"ok": True, "url": f"ws://{self.base}/{path}"})

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        async for _frame in socket:
            self.pinged.set()
        return socket


async def test_after_a_dead_address_a_new_one_is_asked_for() -> None:
    """The SDK's aiohttp client retries the same dead address for ever; the watchdog makes it ask again."""
    slack = FlakySlack()
    async with slack.serving():
        client = AsyncWebClient("xoxb-test-token", base_url=f"http://{slack.base}/api/")
        ears = SocketEars(AsyncApp(client=client), "xapp-test-token", ping_s=0.1, deaf_s=0.2)
        assert not ears.is_connected
        listening = asyncio.create_task(ears.listen())
        async with asyncio.timeout(WITHIN_S):
            await slack.pinged.wait()
        assert ears.is_connected
        assert slack.opened == 2
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
