"""A Slack on a bad day: it stands between the bot and the local Slack, and does to both what a network does."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from typing import Final, Literal

import aiohttp
from aiohttp import web
from yarl import URL

from bot.local_slack import workspace

Fault = Literal["", "limited", "broken", "cut", "lost"]
"""Of one call: answered 429 with Retry-After, answered 500, cut before it arrives, taken but its answer lost."""
DELIVERED: Final = frozenset({"slash_commands", "interactive", "events_api"})
RETRY_AFTER_S: Final = 1


class RoughSlack:
    """Passes everything on in both directions, but for what it was told to do otherwise."""

    def __init__(self, page: str, session: aiohttp.ClientSession) -> None:
        self.page = ""
        self.weather: Callable[[str], Fault] = lambda _method: ""
        """Asked for each call of the Web API, with the method's name."""
        self.delay_s = 0.0
        """How much later each call of the Web API is answered."""
        self.is_away = False
        """True: every call and every upgrade is refused."""
        self.refuses_upgrades = False
        self.swallows_upgrades = False
        """True: an upgrade is never answered."""
        self.repeats = False
        """True: what a person did is delivered twice."""
        self.holds: Callable[[str], bool] = lambda _envelope: False
        """Asked for each envelope, as text: what is held is delivered, twice, by ``release``."""
        self.held: list[str] = []
        self.drops = 0
        """So many envelopes are delivered a second later only, as when the first delivery was lost."""
        self.calls: Counter[str] = Counter()
        self.impatient: list[str] = []
        """Calls that came before a Retry-After was over."""
        self.repeated: list[str] = []
        self.acks: Counter[str] = Counter()
        self._quiet_until = 0.0
        self._sockets: set[web.WebSocketResponse] = set()
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

    @property
    def listeners(self) -> int:
        """How many sockets of the bot stand."""
        return len(self._sockets)

    async def leave(self) -> None:
        """Go away: hang up, and take nothing more until ``is_away`` is false again."""
        self.is_away = True
        await self.hang_up()

    async def release(self) -> None:
        """Deliver what was held, all of it at once and each of it twice."""
        held, self.held = self.held, []
        for bot in list(self._sockets):
            await asyncio.gather(*(bot.send_str(envelope) for envelope in (*held, *held)))

    async def hang_up(self) -> None:
        """Cut every socket without a goodbye."""
        for bot in list(self._sockets):
            transport = bot._req.transport if bot._req is not None else None
            if transport is not None:
                transport.abort()

    async def call(self, request: web.Request) -> web.StreamResponse:
        """Pass on a call of the Web API; an address of the real socket becomes one of ours."""
        method = request.path.rpartition("/")[2]
        self.calls[method] += 1
        asked = await request.read()
        await asyncio.sleep(self.delay_s)
        fault: Fault = "cut" if self.is_away else self.weather(method)
        now = asyncio.get_running_loop().time()
        if method.startswith("chat.") and now < self._quiet_until:
            self.impatient.append(method)
        if fault == "limited":
            self._quiet_until = now + RETRY_AFTER_S
            headers = {"Retry-After": str(RETRY_AFTER_S)}
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
        if fault == "broken":
            return web.Response(status=500, text="upstream is having a bad day")
        if fault == "cut":
            return _hang_up(request)
        answer = await self._pass_on(request, asked)
        return _hang_up(request) if fault == "lost" else answer

    async def _pass_on(self, request: web.Request, asked: bytes) -> web.Response:
        headers = {name: request.headers[name] for name in ("Authorization", "Content-Type") if name in request.headers}
        url = self._slack.join(request.rel_url)
        async with self._session.request(request.method, url, data=asked, headers=headers) as answer:
            told = (await answer.text()).replace(f"ws://{self._slack.authority}", f"ws://{URL(self.page).authority}")
            return web.Response(text=told, status=answer.status, content_type=answer.content_type)

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """Pass on the socket's frames, some of them twice or late."""
        if self.swallows_upgrades:
            await asyncio.Event().wait()
        if self.is_away or self.refuses_upgrades:
            return web.Response(status=503)
        bot = web.WebSocketResponse()
        await bot.prepare(request)
        self._sockets.add(bot)
        try:
            async with self._session.ws_connect(self._slack.join(request.rel_url)) as slack:
                downwards = asyncio.create_task(self._deliver(slack, bot))
                async for frame in bot:
                    if frame.type is aiohttp.WSMsgType.TEXT:
                        self.acks[json.loads(frame.data).get("envelope_id", "")] += 1
                        await slack.send_str(frame.data)
                downwards.cancel()
                await asyncio.gather(downwards, return_exceptions=True)
        finally:
            self._sockets.discard(bot)
        return bot

    async def _deliver(self, slack: aiohttp.ClientWebSocketResponse, bot: web.WebSocketResponse) -> None:
        late: deque[str] = deque()
        async for frame in slack:
            envelope = json.loads(frame.data)
            is_ours = envelope.get("type") in DELIVERED
            if is_ours and self.holds(frame.data):
                self.held.append(frame.data)
                continue
            if is_ours and self.drops:
                self.drops -= 1
                late.append(frame.data)
                asyncio.get_running_loop().call_later(1.0, lambda: asyncio.ensure_future(bot.send_str(late.popleft())))
                continue
            await bot.send_str(frame.data)
            if is_ours and self.repeats:
                self.repeated.append(envelope["envelope_id"])
                await bot.send_str(frame.data)
        await bot.close()


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


@contextlib.asynccontextmanager
async def rough_slack(page: str) -> AsyncIterator[RoughSlack]:
    """Stand in front of the local Slack at ``page``, on a free port."""
    async with aiohttp.ClientSession() as session:
        slack = RoughSlack(page, session)
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
