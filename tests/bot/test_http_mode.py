"""HTTP mode: the real local Slack's signed requests, the same one twice, and forged ones."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import time
import urllib.parse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from local_desk import ALICE, CHANNEL, LocalSlack, ScriptedEngine, free_port, local_slack, running_bot, short_home
from sample_views import order
from test_bot_process import health

from bot import settings as bot_settings
from bot.ears import HTTP_PATH
from bot.local_slack import workspace
from engine.wire.commands import Buy
from engine.wire.line import socket_path
from engine.wire.replies import OrderPlaced


def configured(page: str, home: Path, port: int) -> bot_settings.Settings:
    """Settings as somebody with a real workspace writes them, who chose HTTP and a channel by name."""
    values = {
        "SLACK_API_URL": f"{page}/api/",
        "SLACK_BOT_TOKEN": workspace.BOT_TOKEN,
        "SLACK_SIGNING_SECRET": workspace.SIGNING_SECRET,
        "SLACK_CHANNEL": "#trading",
        "SLACK_MODE": "http",
        "SLACK_HTTP_PORT": str(port),
        "SLACK_TRADERS": ALICE,
        "TRADER_HOME": str(home),
    }
    return bot_settings.load(values, env_file=home / "no.env")


@asynccontextmanager
async def http_desk() -> AsyncIterator[tuple[LocalSlack, ScriptedEngine, str, Path]]:
    """Run Slack, bot and engine; then come where the bot takes requests, and its home."""
    engine, port = ScriptedEngine(), free_port()
    url = f"http://127.0.0.1:{port}{HTTP_PATH}"
    with short_home() as home:
        async with (
            local_slack(home, request_url=url) as slack,
            engine.serving(socket_path(home)),
            running_bot(configured(slack.page, home, port)),
        ):
            await slack.sees_text("The engine is up")
            await listening(port)
            yield slack, engine, url, home


async def listening(port: int) -> None:
    """Wait until the bot takes requests, which may be after it has told of the engine."""
    async with asyncio.timeout(40.0):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.02)


def signed(body: str, secret: str = workspace.SIGNING_SECRET, age_s: int = 0) -> dict[str, str]:
    """Sign a request as Slack does. Source: Slack, "Verifying requests from Slack"."""
    stamp = str(int(time.time()) - age_s)
    digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest}",
        "Content-Type": "application/x-www-form-urlencoded",
    }


def buy_body(page: str) -> str:
    """One `/buy` as Slack delivers it."""
    return urllib.parse.urlencode(
        {
            "command": "/buy",
            "text": "ETHUSDT 250",
            "user_id": ALICE,
            "user_name": "alice",
            "channel_id": CHANNEL,
            "team_id": "T01DESK",
            "api_app_id": "A01APP",
            "trigger_id": "13345224609.738474920.8088930838d88f008e0",
            "response_url": f"{page}/_hooks/response/none",
        }
    )


async def post(url: str, body: str, headers: dict[str, str]) -> int:
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as response:
        return response.status


async def test_a_command_typed_in_slack_arrives_by_http() -> None:
    async with http_desk() as (slack, engine, _url, _home):
        engine.answer(Buy, OrderPlaced((order(),)))
        await slack.command(ALICE, "/buy", "ETHUSDT 250")
        assert (await engine.has(Buy)).symbol == "ETHUSDT"
        await slack.sees_text("buys ETH for 250 USDT")


async def test_app_home_is_published_where_slack_is_heard_by_http() -> None:
    async with http_desk() as (slack, _engine, _url, _home):
        assert await slack.home(ALICE, "Trading is *armed*")


async def test_the_same_request_delivered_twice_buys_once() -> None:
    """Slack redelivers what it thinks was not acknowledged; the command's id is Slack's own, so the engine knows it."""
    async with http_desk() as (slack, engine, url, _home):
        engine.answer(Buy, OrderPlaced((order(),)))
        body = buy_body(slack.page)
        assert await post(url, body, signed(body)) == 200
        first = await engine.has(Buy)
        await slack.sees_text("buys ETH for 250 USDT")
        assert await post(url, body, signed(body)) == 200
        second = await engine.has(Buy, 2)
        assert first.id == second.id == "slack:13345224609.738474920.8088930838d88f008e0"
        assert len([command for command in engine.executed if isinstance(command, Buy)]) == 1
        assert sum("buys ETH " in message["text"] for message in await slack.messages()) == 1


async def test_f21_a_forged_or_stale_signature_gets_401_does_nothing_and_is_counted() -> None:
    async with http_desk() as (slack, engine, url, home):
        body = buy_body(slack.page)
        assert await post(url, body, signed(body, secret="guessed")) == 401
        assert await post(url, body + "1", signed(body)) == 401
        assert await post(url, body, signed(body, age_s=301)) == 401
        assert await post(url, body, {}) == 401
        assert not any(isinstance(command, Buy) for command in engine.heard)
        assert (await health(home))[1]["refused_signatures"] == 4
