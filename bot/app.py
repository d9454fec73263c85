"""The bot, put together: settings, Slack app, listeners, the line to the engine; then run until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from functools import partial
from typing import Final

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot import listeners
from bot.access import Access
from bot.channel import find_channel
from bot.curve import Curve
from bot.desk import Desk
from bot.digests import Digests
from bot.drawing import Drawing
from bot.ears import Ears, HttpEars, SocketEars
from bot.health import Vitals, others, serve
from bot.home import Homes
from bot.outbox import Outbox
from bot.pictures import Pictures
from bot.posts import Posts
from bot.reach import tell_reach
from bot.settings import Settings
from engine.wire.line import EngineLine, socket_path

_log = logging.getLogger(__name__)
_SLACK_TIMEOUT_S: Final = 10


async def run(settings: Settings) -> None:
    """Run the bot until SIGTERM or SIGINT; raises BadSettings for what only Slack can tell is wrong."""
    # No retries in the client: the outbox and the loop below know better when, and whether it is still true.
    client = AsyncWebClient(settings.bot_token, base_url=settings.api_url, timeout=_SLACK_TIMEOUT_S, retry_handlers=[])
    work = asyncio.create_task(_work(settings, client), name="bot")
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, work.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await work


async def _work(settings: Settings, client: AsyncWebClient) -> None:
    vitals = Vitals()
    async with serve(settings.home / "bot.sock", vitals), Drawing() as drawing:
        channel = await find_channel(client, settings.channel)
        outbox = vitals.outbox = Outbox(gap_s=settings.gap_s)
        async with EngineLine(socket_path(settings.home), watch=True) as line, asyncio.TaskGroup() as tasks:
            pictures = Pictures(client, outbox, line.ask, drawing, settings.chart_theme)
            mentions = tuple(sorted(settings.admins))
            posts = Posts(client, outbox, channel, settings.home / "bot-state.json", mentions, pictures)
            desk = vitals.desk = Desk(line, posts)
            desk.health, desk.others = vitals.parts, partial(others, settings.home)
            access = Access(settings, desk, channel)
            curve = Curve(client, drawing, settings.chart_theme, settings.curve_gap_s, by_address=settings.is_local)
            desk.homes = Homes(client, line.ask, access.may, posts.opened_homes, settings.home_gap_s, curve)
            desk.hearers.append(desk.homes.on_heard)
            ears = vitals.ears = build_ears(settings, build_app(settings, client, access))
            digests = Digests(line.ask, posts, settings.digests)
            tasks.create_task(digests.run(), name="post digests")
            tasks.create_task(desk.homes.run(), name="publish homes")
            tasks.create_task(curve.run(), name="draw the curve of the homes")
            tasks.create_task(outbox.run(), name="outbox")
            tasks.create_task(posts.alarms.repeat(), name="repeat alarms")
            tasks.create_task(desk.follow(), name="follow the engine")
            tasks.create_task(desk.watch(), name="watch the engine")
            tasks.create_task(ears.listen(), name="hear Slack")
            tasks.create_task(tell_reach(line, ears), name="tell whether people can be reached")
            _log.info("the bot is up", extra={"slack": settings.api_url, "channel": channel, "mode": settings.mode})


def build_app(settings: Settings, client: AsyncWebClient, access: Access) -> AsyncApp:
    """Make the Slack app: access in front, then the listeners."""
    app = AsyncApp(client=client, signing_secret=settings.signing_secret)
    app.use(access.check)
    listeners.register(app)
    return app


def build_ears(settings: Settings, app: AsyncApp) -> Ears:
    """Choose how to hear Slack."""
    return HttpEars(app, settings.http_port) if settings.mode == "http" else SocketEars(app, settings.app_token)
