"""How a process answers for itself, and what is said of one that is dead, silent or was stopped."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from engine.wire import vitals
from engine.wire.views import HealthView
from engine.wire.vitals import answering, ask_process, ask_processes, socket_in, started


@pytest.fixture
def home() -> Iterator[Path]:
    """Return a home whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="trader-") as folder:
        yield Path(folder)


async def test_a_process_tells_part_by_part_how_it_is_and_is_not_looked_for_once_it_was_stopped(home: Path) -> None:
    parts = [HealthView("heartbeat", True, "beats")]
    async with answering(home, "watchdog", lambda: parts):
        assert started(home) == ("watchdog",)
        assert await ask_process(home, "watchdog") == tuple(parts)
        parts.append(HealthView("venue", False, "can't be reached"))
        assert (await ask_processes(home, started(home)))["watchdog"] == tuple(parts), "also where one is ill"
    assert started(home) == ()


async def test_one_that_died_has_left_its_socket_and_is_not_well(home: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(socket_in(home, "notify")))
    left.close()
    assert started(home) == ("notify",)
    (part,) = await ask_process(home, "notify")
    assert not part.is_ok
    assert "start it with `trader run`" in part.detail
    async with answering(home, "notify", tuple):
        assert await ask_process(home, "notify") == (), "the next one takes its place"


async def test_one_that_hangs_is_not_well_and_it_is_said_what_to_do(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vitals, "_TIMEOUT", aiohttp.ClientTimeout(total=0.2))
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(socket_in(home, "ledger")))
        deaf.listen()
        (part,) = await ask_process(home, "ledger")
    assert not part.is_ok
    assert "hangs or is stopped: end it" in part.detail
