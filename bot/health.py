"""Whether the bot is well, for `trader health` and a container's check: HTTP over a Unix socket, ``GET /health``."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from aiohttp import web

from bot.desk import Desk
from bot.ears import Ears
from bot.outbox import Outbox
from engine.wire.commands import GetStatus, Who
from engine.wire.line import EngineLine, LineDown, socket_path
from engine.wire.pairs import SECOND_FOLDER
from engine.wire.views import HealthView, StatusView
from engine.wire.vitals import ask_processes, started

_ME: Final = Who("bot", "bot", "bot")
_PATIENCE_S: Final = 0.5


class Vitals:
    """What tells whether the bot is well; each part is put in when it is there."""

    def __init__(self) -> None:
        self.ears: Ears | None = None
        self.desk: Desk | None = None
        self.outbox: Outbox | None = None

    def parts(self) -> tuple[HealthView, ...]:
        """Say part by part how it is, for people."""
        now = self.read()
        refused, waiting = now["refused_signatures"], now["backlog"]
        return (
            HealthView("Slack", now["slack_connected"], "heard" if now["slack_connected"] else "deaf"),
            HealthView("engine", now["engine_connected"], "answers" if now["engine_connected"] else "doesn't answer"),
            HealthView("outbox", True, f"{waiting} messages wait"),
            HealthView("signatures", True, f"{refused} requests refused that Slack has not signed"),
        )

    def read(self) -> dict[str, Any]:
        """Say how it is: well (``ok``) means that Slack and the engine are both connected."""
        slack = self.ears is not None and self.ears.is_connected
        engine = self.desk is not None and self.desk.is_connected
        return {
            "ok": slack and engine,
            "slack_connected": slack,
            "engine_connected": engine,
            "backlog": self.outbox.backlog if self.outbox is not None else 0,
            "refused_signatures": self.ears.refused if self.ears is not None else 0,
        }


async def others(home: Path) -> dict[str, tuple[HealthView, ...]]:
    """Ask the processes beside engine and bot how they are, and the core of the second venue where there is one."""
    answers = await ask_processes(home, started(home))
    if (second := socket_path(home / SECOND_FOLDER)).exists():
        answers["second venue"] = await _second(second)
    return answers


async def _second(path: Path) -> tuple[HealthView, ...]:
    try:
        async with EngineLine(path, patience_s=_PATIENCE_S) as line:
            reply = await line.ask(GetStatus(id=f"bot:{uuid.uuid4().hex}", who=_ME))
    except LineDown:
        return (HealthView("core", False, "it doesn't answer: see the engine's log"),)
    return reply.result.health if isinstance(reply.result, StatusView) else ()


@asynccontextmanager
async def serve(path: Path, vitals: Vitals) -> AsyncIterator[None]:
    """Answer on the socket at ``path`` while the context is open: 200 when well, else 503."""

    async def health(_request: web.Request) -> web.Response:
        now = vitals.read()
        body = {**now, "parts": msgspec.to_builtins(vitals.parts())}
        return web.json_response(body, status=200 if now["ok"] else 503)

    app = web.Application()
    app.router.add_get("/health", health)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    path.parent.mkdir(parents=True, exist_ok=True)
    await web.UnixSite(runner, str(path)).start()
    try:
        yield
    finally:
        await runner.cleanup()
