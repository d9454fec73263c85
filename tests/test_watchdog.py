"""The watchdog tells death from a start and from an end on purpose, and the heartbeat from what only looks alive."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine import watchdog
from engine.store.heartbeat import HEARTBEAT, Heart, HeartbeatError, Phase, Pulse, read_pulse
from engine.store.watchdog_note import NOTE, WatchdogNote, read_note, write_note
from engine.venues.binance.errors import Unreachable
from engine.watchdog import START_S, Found, Leash, OpenOrderWire, Vigil, Watchdog

AFTER_S = 5.0


def starting(run: int) -> Pulse:
    """A run that has not beaten yet."""
    return Pulse(run, Phase.STARTING, 0)


def beat(run: int, number: int) -> Pulse:
    """A beat of a run."""
    return Pulse(run, Phase.BEATING, number)


def stopped(run: int) -> Pulse:
    """A run that has ended on purpose."""
    return Pulse(run, Phase.STOPPED, 9)


DEAD: dict[str, list[tuple[float, Pulse | None]]] = {
    "no beat for longer": [(0, starting(1)), (1, beat(1, 1)), (6.1, beat(1, 1))],
    "killed, and started too slowly": [
        (0, beat(1, 1)), (1, beat(1, 2)), (3, starting(2)), (1 + START_S + 0.1, starting(2)),
    ],
    "killed, and started again and again": [
        (0, beat(1, 1)), (1, beat(1, 2)), (3, starting(2)), (20, starting(3)), (1 + START_S + 0.1, starting(4)),
    ],
    "found dead": [(0, beat(1, 7)), (START_S + 0.1, beat(1, 7))],
    "dead after a restart of the watchdog": [(0, starting(2)), (START_S + 0.1, starting(2))],
    "begun and stopped between two looks": [(0, None), (1, beat(1, 1)), (6.1, beat(1, 1))],
    "stopped, started, and dead": [(0, stopped(1)), (5, beat(2, 1)), (10.1, beat(2, 1))],
}  # fmt: skip
ALIVE: dict[str, list[tuple[float, Pulse | None]]] = {
    "no engine yet": [(0, None), (500, None)],
    "beating": [(0, starting(1)), (1, beat(1, 1)), (5.9, beat(1, 1)), (6.1, beat(1, 2)), (10, beat(1, 2))],
    "just inside": [(0, starting(1)), (1, beat(1, 1)), (6, beat(1, 1))],
    "the first start takes long": [(0, None), (1, starting(1)), (500, starting(1))],
    "stopped on purpose": [(0, beat(1, 1)), (1, beat(1, 2)), (2, stopped(1)), (500, stopped(1))],
    "starting after an end on purpose": [(0, stopped(1)), (100, starting(2)), (500, starting(2))],
    "killed and back in time": [
        (0, beat(1, 1)),
        (1, beat(1, 2)),
        (4, starting(2)),
        (50, starting(2)),
        (55, beat(2, 1)),
    ],
    "the watcher itself stood still": [(0, beat(1, 1)), (1, beat(1, 2)), (900, beat(1, 8_000))],
}


@pytest.mark.parametrize("looks", DEAD.values(), ids=DEAD)
def test_death_is_seen_at_the_last_look(looks: list[tuple[float, Pulse | None]]) -> None:
    """And not before."""
    vigil = Vigil(AFTER_S, 0.0)
    seen = [vigil.look(pulse, now_s) for now_s, pulse in looks]
    assert seen[-1] > AFTER_S
    assert not any(seen[:-1])


@pytest.mark.parametrize("looks", ALIVE.values(), ids=ALIVE)
def test_life_is_never_taken_for_death(looks: list[tuple[float, Pulse | None]]) -> None:
    vigil = Vigil(AFTER_S, 0.0)
    assert not any(vigil.look(pulse, now_s) for now_s, pulse in looks)


def test_a_heart_says_how_far_its_run_has_come(tmp_path: Path) -> None:
    """Starting, beating, stopped; a beat after the end counts for nothing."""
    assert read_pulse(tmp_path) is None
    heart = Heart(tmp_path, 7)
    assert read_pulse(tmp_path) == Pulse(7, Phase.STARTING, 0)
    heart.beat()
    heart.beat()
    assert read_pulse(tmp_path) == Pulse(7, Phase.BEATING, 2)
    heart.stop()
    heart.beat()
    last = read_pulse(tmp_path)
    assert last is not None
    assert last.phase is Phase.STOPPED
    Heart(tmp_path, 8)
    assert read_pulse(tmp_path) == Pulse(8, Phase.STARTING, 0)


def test_a_heart_that_can_not_beat_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / HEARTBEAT).mkdir()
    with pytest.raises(HeartbeatError, match="can't be written"):
        Heart(tmp_path, 1)


@pytest.mark.parametrize("content", [b"", b"BEAT0001", b"\0" * 32, b"BEAT0001" + b"\xff" * 24])
def test_what_is_no_heartbeat_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / HEARTBEAT).write_bytes(content)
    assert read_pulse(tmp_path) is None


def test_a_note_is_read_as_it_was_left_and_a_broken_one_tells_of_a_death_too(tmp_path: Path) -> None:
    assert read_note(tmp_path) is None
    note = WatchdogNote(7, 2, 5.5, ("tr-1",), 0, True)
    write_note(tmp_path, note)
    assert read_note(tmp_path) == note
    assert note.words.endswith("for 6 s and cancelled 1 open entry order; the venue has none left")
    (tmp_path / NOTE).write_text("{")
    broken = read_note(tmp_path)
    assert broken is not None
    assert "can't be read" in broken.words


@pytest.mark.parametrize(
    ("side", "name", "is_entry"),
    [("BUY", "tr-1", True), ("SELL", "tr-1", False), ("BUY", "web_1", False), ("SELL", "web_1", False)],
)
def test_only_what_is_ours_and_buys_is_an_entry(side: str, name: str, *, is_entry: bool) -> None:
    assert OpenOrderWire("ETHUSDT", side, name).is_entry is is_entry


class FakeLeash(Leash):
    """A venue with one entry of ours; it fails first."""

    def __init__(self) -> None:
        self.asked = 0

    async def cancel_entries(self) -> Found:
        """Fail, cancel, and then have nothing left."""
        self.asked += 1
        if self.asked == 1:
            raise Unreachable("no answer from the venue")
        return Found(("tr-1",), 1) if self.asked == 2 else Found((), 0)


async def test_it_fires_once_for_a_death_and_again_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the engine stays dead; one that lives again may die again."""
    for name in ("LOOK_S", "AGAIN_S", "LATE_S"):
        monkeypatch.setattr(watchdog, name, 0.01)
    looks = 0

    def counted(home: Path) -> Pulse | None:
        nonlocal looks
        looks += 1
        return read_pulse(home)

    async def look_on(number: int) -> None:
        seen = looks
        async with asyncio.timeout(30.0):
            while looks < seen + number:
                await asyncio.sleep(0.01)

    monkeypatch.setattr(watchdog, "read_pulse", counted)
    heart, leash = Heart(tmp_path, 7), FakeLeash()
    watching = asyncio.create_task(Watchdog(tmp_path, leash, 0.1).watch())
    await look_on(3)
    heart.beat()
    async with asyncio.timeout(30.0):
        while (note := read_note(tmp_path)) is None or not note.is_done:
            await asyncio.sleep(0.01)
    assert (note.cancelled, leash.asked) == (("tr-1",), 3)
    await look_on(50)
    assert leash.asked == 3
    heart.beat()
    async with asyncio.timeout(30.0):
        while leash.asked < 4:
            await asyncio.sleep(0.01)
    watching.cancel()
