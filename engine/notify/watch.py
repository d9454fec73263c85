"""The second channel's process: follows the line as the bot does, looks whether the bot hears Slack, and pages people.

It knows neither the venue nor Slack. The engine doesn't know that it is there.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import aiohttp
import msgspec

from engine.clock import now_ns
from engine.notify.channel import Channel
from engine.notify.courier import USUAL_PACE, Courier, Pace
from engine.notify.pager import Level, Page, Pager
from engine.wire.line import EngineLine, socket_path
from engine.wire.replies import Snapshot
from engine.wire.views import HealthView
from engine.wire.vitals import answering

STATE_FILE: Final = "notify-state.json"
SOCKET_OF_BOT: Final = "bot.sock"
_TICK_S: Final = 1.0
_GONE_S: Final = 10.0
"""A restart of the engine takes less."""
_DEAF_S: Final = 15.0
"""The bot hears Slack again within this time of its return."""
_ASK_BOT: Final = aiohttp.ClientTimeout(total=3.0)
_log = logging.getLogger(__name__)


class _Kept(msgspec.Struct):
    """What a restart needs."""

    pages: dict[str, Page] = msgspec.field(default_factory=dict)
    undelivered: dict[str, list[str]] = msgspec.field(default_factory=dict)


class Patience:
    """Whether something is well, or has not been unwell for longer than is usual."""

    def __init__(self, seconds: float) -> None:
        """Begin with all of the patience."""
        self._seconds = seconds
        self._well_at: float | None = None

    def holds(self, is_well: bool, now_s: float) -> bool:
        """Take a look; False once it was unwell for too long."""
        if is_well or self._well_at is None:
            self._well_at = now_s
        return now_s - self._well_at <= self._seconds


class Watch:
    """One pager, and a courier for each channel."""

    def __init__(
        self, home: Path, channels: Sequence[Channel], *, level: Level, after_s: float, pace: Pace = USUAL_PACE
    ) -> None:
        """Go on where the last run ended."""
        self._home = home
        self._file = home / STATE_FILE
        kept = _load(self._file)
        self._pager = Pager(kept.pages, level=level, after_s=after_s)
        self._couriers = {
            channel.name: Courier(channel, kept.undelivered.get(channel.name, []), self._save, pace)
            for channel in channels
        }

    async def run(self) -> None:
        """Watch until cancelled."""
        async with (
            EngineLine(socket_path(self._home), watch=True) as line,
            answering(self._home, "notify", lambda: self.health(line)),
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(self._hear(line), name="hear the engine")
            tasks.create_task(self._page(line), name="page people")
            for name, courier in self._couriers.items():
                tasks.create_task(courier.run(), name=name)

    def health(self, line: EngineLine) -> tuple[HealthView, ...]:
        """Say whether engine and bot are followed, and how each channel is."""
        engine = "is followed" if line.is_connected else "doesn't answer: people are told when it lasts"
        slack = "hears people" if self._pager.is_slack_well else "can't be reached: people are told here instead"
        return (
            HealthView("engine", line.is_connected, engine),
            HealthView("Slack", self._pager.is_slack_well, slack),
            *(courier.health() for courier in self._couriers.values()),
        )

    async def _hear(self, line: EngineLine) -> None:
        async for heard in line.events():
            if isinstance(heard, Snapshot):
                self._pager.on_snapshot(heard, _now_s())
            else:
                self._pager.on_event(heard, _now_s())

    async def _page(self, line: EngineLine) -> None:
        """Look each second at engine and bot, and hand on what is due."""
        loop, engine, slack = asyncio.get_running_loop(), Patience(_GONE_S), Patience(_DEAF_S)
        while True:
            is_well = slack.holds(await hears_slack(self._home), loop.time())
            if is_well != self._pager.is_slack_well:
                self._pager.is_slack_well = is_well
                _log.warning("Slack %s", "hears people again" if is_well else "can't be reached")
            self._pager.on_engine(engine.holds(line.is_connected, loop.time()), _now_s())
            if lines := self._pager.due(_now_s()):
                for courier in self._couriers.values():
                    courier.put(lines)
                self._save()
            await asyncio.sleep(_TICK_S)

    def _save(self) -> None:
        undelivered = {name: courier.lines for name, courier in self._couriers.items()}
        beside = self._file.with_suffix(".new")
        beside.write_bytes(msgspec.json.encode(_Kept(self._pager.pages, undelivered)))
        os.replace(beside, self._file)


async def hears_slack(home: Path) -> bool:
    """Ask the bot whether it hears people; a bot that doesn't answer hears nobody."""
    connector = aiohttp.UnixConnector(str(home / SOCKET_OF_BOT))
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=_ASK_BOT) as session,
            session.get("http://bot/health") as answer,
        ):
            return bool((await answer.json())["slack_connected"])
    except (aiohttp.ClientError, TimeoutError, KeyError, ValueError):
        return False


def _load(file: Path) -> _Kept:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Kept)
    except FileNotFoundError:
        return _Kept()
    except (msgspec.MsgspecError, OSError) as error:
        _log.warning("what was told can't be read, beginning anew", extra={"why": str(error)})
        return _Kept()


def _now_s() -> float:
    return now_ns() / 1e9
