"""Runs a drill beside the engine: a process of its own, at low priority, without any of our secrets."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from engine.settings import child_environment
from engine.wire.drill import DrillReport

_log: Final = logging.getLogger(__name__)
_LONGEST_S: Final = 240.0
_SECRET: Final = ("BINANCE_", "LEDGER_", "NEWS_", "NOTIFY_", "SECOND_", "SENTRY_", "SLACK_", "WATCHDOG_")


async def run_drills(wanted: asyncio.Event, done: Callable[[DrillReport | None, str], None], home: Path) -> None:
    """Wait until a drill is wanted, run it, and hand ``done`` what it found or why it could not run; for ever."""
    while True:
        await wanted.wait()
        wanted.clear()
        done(*await _run(home))


async def _run(home: Path) -> tuple[DrillReport | None, str]:
    argv = (sys.executable, "-m", "engine.cli.main", "drill", "desk", "--json")
    env = child_environment({"TRADER_HOME": str(home)}, without=_SECRET)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*argv, env=env, stdout=pipe, stderr=pipe)
    try:
        async with asyncio.timeout(_LONGEST_S):
            out, errors = await process.communicate()
        return msgspec.json.decode(out, type=DrillReport), ""
    except TimeoutError:
        return None, f"it took longer than {_LONGEST_S:g} s"
    except msgspec.DecodeError:
        _log.warning("the drill did not report", extra={"said": errors.decode(errors="replace")[-500:]})
        return None, "it ended without a report: `trader drill desk` in a terminal says why"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
