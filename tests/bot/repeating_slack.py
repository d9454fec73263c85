"""A Slack that delivers twice: it stands between the bot and the local Slack and repeats what a person did."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web
from yarl import URL

from bot.local_slack import workspace

REPEATED = frozenset({"slash_commands", "interactive"})


class RepeatingSlack:
    """Passes everything on in both directions, commands and clicks twice, as Slack does when an ack was lost."""

    def __init__(self, page: str, session: aiohttp.ClientSession) -> None:
        self.page = ""
        self.repeated: list[str] = []
        self.acks: Counter[str] = Counter()
        self._slack = URL(page)
        self._session = session

    @property
    def env(self) -> dict[str, str]:
        """The settings by which a bot takes this for its workspace, as somebody writes them into ``.env``."""
        return {
            "SLACK_API_URL": f"{self.page}/api/",
            "SLACK_BOT_TOKEN": workspace.BOT_TOKEN,
            "SLACK_APP_TOKEN": workspace.APP_TOKEN,
            "SLACK_CHANNEL": "#trading",
            "SLACK_ADMINS": workspace.ADMIN,
            "SLACK_VIEWERS": workspace.VIEWER,
        }

    async def call(self, request: web.Request) -> web.Response:
        """Pass on a call of the Web API; an address of the real socket becomes one of ours."""
        asked = await request.read()
        headers = {name: request.headers[name] for name in ("Authorization", "Content-Type") if name in request.headers}
        url = self._slack.join(request.rel_url)
        async with self._session.request(request.method, url, data=asked, headers=headers) as answer:
            told = (await answer.text()).replace(f"ws://{self._slack.authority}", f"ws://{URL(self.page).authority}")
            return web.Response(text=told, status=answer.status, content_type=answer.content_type)

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        """Pass on the socket's frames, what a person did twice."""
        bot = web.WebSocketResponse()
        await bot.prepare(request)
        async with self._session.ws_connect(self._slack.join(request.rel_url)) as slack:
            downwards = asyncio.create_task(self._deliver(slack, bot))
            async for frame in bot:
                if frame.type is aiohttp.WSMsgType.TEXT:
                    self.acks[json.loads(frame.data).get("envelope_id", "")] += 1
                    await slack.send_str(frame.data)
            downwards.cancel()
            await asyncio.gather(downwards, return_exceptions=True)
        return bot

    async def _deliver(self, slack: aiohttp.ClientWebSocketResponse, bot: web.WebSocketResponse) -> None:
        async for frame in slack:
            envelope = json.loads(frame.data)
            await bot.send_str(frame.data)
            if envelope.get("type") in REPEATED:
                self.repeated.append(envelope["envelope_id"])
                await bot.send_str(frame.data)
        await bot.close()


@contextlib.asynccontextmanager
async def repeating_slack(page: str) -> AsyncIterator[RepeatingSlack]:
    """Stand in front of the local Slack at ``page``, on a free port."""
    async with aiohttp.ClientSession() as session:
        slack = RepeatingSlack(page, session)
        application = web.Application()
        application.router.add_get("/socket/{name}", slack.socket)
        application.router.add_route("*", "/{path:.*}", slack.call)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        slack.page = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield slack
        finally:
            await runner.cleanup()
