"""The bot as a process: it starts, says how it is, stops quickly, and refuses settings that can't work."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from local_desk import WITHIN_S, ScriptedEngine, free_port, local_slack, short_home
from needs import IS_FULL, ROOT

from engine.wire.line import socket_path

WELL = {"ok": True, "slack_connected": True, "engine_connected": True, "backlog": 0, "refused_signatures": 0}


@asynccontextmanager
async def started(home: Path, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start `python -m bot` in a folder without a .env; it doesn't outlive the test."""
    values = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TRADER_HOME": str(home), **environment}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "bot"), cwd=home, env=values, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def refusal(home: Path, **environment: str) -> tuple[int | None, str]:
    """Start a bot that can't run, and return its exit code and what it says."""
    async with started(home, **environment) as process:
        _, errors = await asyncio.wait_for(process.communicate(), WITHIN_S)
        return process.returncode, errors.decode()


async def health(home: Path) -> tuple[int, dict[str, object]]:
    """Ask the bot how it is."""
    connector = aiohttp.UnixConnector(str(home / "bot.sock"))
    async with aiohttp.ClientSession(connector=connector) as session, session.get("http://bot/health") as response:
        body = await response.json()
        assert {part["name"] for part in body.pop("parts")} == {"Slack", "engine", "outbox", "signatures"}
        return response.status, body


async def test_it_starts_says_that_it_is_well_and_stops_when_told() -> None:
    """Also behind a proxy that doesn't exist: a Slack on this machine is asked directly."""
    engine = ScriptedEngine()
    with short_home() as home:
        async with (
            local_slack(home) as slack,
            engine.serving(socket_path(home)),
            started(home, TRADER_LOCAL_SLACK=slack.page, HTTPS_PROXY="http://127.0.0.1:9") as process,
        ):
            await slack.bot_is_there()
            await slack.sees_text("The engine is up")
            assert await health(home) == (200, WELL)
            await engine.stop()
            async with asyncio.timeout(WITHIN_S):
                while (answer := await health(home)) == (200, WELL):
                    pass
            assert answer == (503, WELL | {"ok": False, "engine_connected": False})
            asked_at = time.monotonic()
            process.terminate()
            _, errors = await asyncio.wait_for(process.communicate(), WITHIN_S)
            assert time.monotonic() - asked_at < (2.0 if IS_FULL else WITHIN_S)
    assert process.returncode == 0, errors.decode()
    lines = [json.loads(line) for line in errors.decode().splitlines()]
    assert any(line["text"] == "the bot is up" for line in lines)
    assert b"xoxb-" not in errors
    assert b"xapp-" not in errors


async def test_it_says_how_it_is_before_slack_answers() -> None:
    with short_home() as home:
        async with started(home, TRADER_LOCAL_SLACK=f"http://127.0.0.1:{free_port()}") as process:
            assert process.stderr is not None
            line = await asyncio.wait_for(process.stderr.readline(), WITHIN_S)
            assert json.loads(line)["text"] == "Slack can't be reached yet"
            assert await health(home) == (503, dict.fromkeys(WELL, False) | {"backlog": 0, "refused_signatures": 0})
            process.terminate()
            await asyncio.wait_for(process.communicate(), WITHIN_S)
    assert process.returncode == 0


async def test_missing_settings_are_sentences_and_exit_code_2() -> None:
    with short_home() as home:
        code, said = await refusal(home)
    assert code == 2
    assert said.splitlines()[0].startswith("SLACK_BOT_TOKEN is missing: ")


async def test_a_channel_that_slack_does_not_show_is_a_sentence_and_exit_code_2() -> None:
    tokens = {"SLACK_BOT_TOKEN": "xoxb-test-token", "SLACK_APP_TOKEN": "xapp-test-token"}
    with short_home() as home:
        async with local_slack(home) as slack:
            code, said = await refusal(home, **tokens, SLACK_API_URL=f"{slack.page}/api", SLACK_CHANNEL="#nowhere")
    assert code == 2
    assert "SLACK_CHANNEL is '#nowhere'" in said


async def test_a_port_in_use_is_a_sentence_and_exit_code_2() -> None:
    tokens = {"SLACK_BOT_TOKEN": "xoxb-test-token", "SLACK_SIGNING_SECRET": "test-signing-secret"}
    with short_home() as home:
        async with local_slack(home) as slack:
            taken = slack.page.rpartition(":")[2]
            http = {"SLACK_MODE": "http", "SLACK_HTTP_PORT": taken, "SLACK_CHANNEL": "trading"}
            code, said = await refusal(home, **tokens, **http, SLACK_API_URL=f"{slack.page}/api")
    assert code == 2
    assert f"Port {taken} can't be used" in said
