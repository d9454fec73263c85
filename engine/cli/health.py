"""Says whether a process is well, for people, containers and watchdogs: exit code 0 or 1."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Final

import aiohttp
import msgspec

from engine.cli.client import ask, new_id
from engine.cli.desk_text import health_text
from engine.cli.refused import Refused
from engine.cli.running import find_running
from engine.settings import read_home, read_settings
from engine.wire.commands import GetStatus, Who
from engine.wire.line import socket_path
from engine.wire.pairs import SECOND_FOLDER
from engine.wire.views import HealthView, StatusView
from engine.wire.vitals import LOOKED_AFTER, ask_process, started

_MACHINE: Final = Who("health", "health", "health")
"""No person: a container that looks every minute must not keep the dead man (C12) at rest."""
_EACH: Final = ("engine", "bot", "exchange", "ledger")
"""Asked in any case; of the others those that were started and not stopped."""
_TIMEOUT: Final = aiohttp.ClientTimeout(total=3.0)


def main(args: argparse.Namespace) -> int:
    """Ask the process, print what it says, and return 0 when all of it is well."""
    checks = asyncio.run(_CHECKS[args.process]())
    is_ok = all(check.is_ok for check in checks)
    if args.json:
        views = [{"name": check.name, "is_ok": check.is_ok, "detail": check.detail} for check in checks]
        print(json.dumps({"ok": is_ok, "process": args.process, "health": views}, ensure_ascii=False))
    else:
        print("\n".join([f"{args.process}: {'well' if is_ok else 'NOT WELL'}", *map(health_text, checks)]))
    return 0 if is_ok else 1


async def _engine() -> tuple[HealthView, ...]:
    try:
        reply = await ask(read_home(), GetStatus(id=new_id(), who=_MACHINE))
    except Refused as refused:
        return (HealthView("engine", False, refused.text),)
    return reply.result.health if isinstance(reply.result, StatusView) else (HealthView("engine", False, reply.text),)


async def _itself(process: str) -> tuple[HealthView, ...]:
    return await ask_process(read_home(), process)


async def _second() -> tuple[HealthView, ...]:
    """Ask the core of the second venue, which has a line of its own."""
    try:
        reply = await ask(read_home() / SECOND_FOLDER, GetStatus(id=new_id(), who=_MACHINE))
    except Refused:
        why = "The second venue's core doesn't answer: see `trader health engine` and var/logs/engine.log."
        return (HealthView("second", False, why),)
    return reply.result.health if isinstance(reply.result, StatusView) else (HealthView("second", False, reply.text),)


async def _exchange() -> tuple[HealthView, ...]:
    running = find_running(read_home())
    where = (running and running.exchange_url) or read_settings().rest_url
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        if_down = f"Nobody answers at {where}: start it with `trader exchange`."
        answer = await _get(session, "exchange", f"{where}/api/v3/ping", if_down)
    return (msgspec.structs.replace(answer, detail=f"answers at {where}") if answer.is_ok else answer,)


async def _ledger() -> tuple[HealthView, ...]:
    return (await asyncio.to_thread(_look_at_ledger),)


def _look_at_ledger() -> HealthView:
    # In the thread: loading SQLAlchemy would hold up those who are asked at the same time, until they gave up.
    from engine.cli.ledger import look

    return look()


async def _all() -> tuple[HealthView, ...]:
    """Ask all of them at once, each part with its process in front."""
    home = read_home()
    others = [name for name in started(home) if name != "ledger"]  # which is looked at from outside as well
    others += ["second"] if socket_path(home / SECOND_FOLDER).exists() else []
    names = (*_EACH, *others)
    asked = [*(_CHECKS[name]() for name in names), *([_itself("ledger")] if "ledger" in started(home) else [])]
    answers = await asyncio.gather(*asked)
    return tuple(
        msgspec.structs.replace(part, name=part.name if part.name == name else f"{name}, {part.name}")
        for name, parts in zip((*names, "ledger"), answers, strict=False)
        for part in parts
    )


async def _get(session: aiohttp.ClientSession, name: str, url: str, if_down: str) -> HealthView:
    try:
        async with session.get(url) as response:
            return HealthView(name, response.status == 200, (await response.text()).strip() or "answers")
    except (aiohttp.ClientError, TimeoutError):
        return HealthView(name, False, if_down)


_CHECKS: Final[Mapping[str, Callable[[], Coroutine[Any, Any, tuple[HealthView, ...]]]]] = {
    "engine": _engine,
    "bot": partial(_itself, "bot"),
    "exchange": _exchange,
    "ledger": _ledger,
    **{name: partial(_itself, name) for name in LOOKED_AFTER if name != "ledger"},
    "second": _second,
    "all": _all,
}
