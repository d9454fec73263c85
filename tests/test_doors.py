"""The ways in that need no line: each becomes one command, and whatever is wrong with its words, it kills."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.doors import KILL_FILE, Doors
from engine.store.watchdog_note import WatchdogNote, read_note, write_note
from engine.wire.commands import AnyCommand, Halt, Kill
from engine.wire.replies import Reply


class Heard:
    """Takes commands as the engine does; a symbol other than ETHUSDT is not traded."""

    def __init__(self) -> None:
        self.commands: list[AnyCommand] = []

    def __call__(self, command: AnyCommand) -> Reply:
        """Keep it and answer."""
        self.commands.append(command)
        is_ok = not isinstance(command, Kill) or command.symbol in ("", "ETHUSDT")
        return Reply(command.id, is_ok, "OK" if is_ok else "BAD_SYMBOL", "'DOGE' is not traded here.")

    @property
    def kills(self) -> list[tuple[bool, str, str]]:
        """What was killed: flatten, symbol, door."""
        return [(c.flatten, c.symbol, c.who.door) for c in self.commands if isinstance(c, Kill)]


def look(home: Path, heard: Heard, *, times: int = 3) -> Heard:
    """Let a few beats pass."""
    doors = Doors(home)
    for _ in range(times):
        doors.look(heard)
    return heard


def test_nothing_there_is_nothing_done(tmp_path: Path) -> None:
    assert look(tmp_path, Heard()).commands == []


def test_a_signal_is_one_kill_that_never_sells(tmp_path: Path) -> None:
    doors, heard = Doors(tmp_path), Heard()
    doors.on_signal()
    for _ in range(3):
        doors.look(heard)
    assert heard.kills == [(False, "", "signal")]


@pytest.mark.parametrize(
    ("words", "flatten", "symbol"),
    [("", False, ""), ("--flatten\n", True, ""), ("flatten ETHUSDT", True, "ETHUSDT"), ("help me", False, "")],
)
def test_a_file_is_one_kill_and_is_taken_away(tmp_path: Path, words: str, *, flatten: bool, symbol: str) -> None:
    """Words that can't be meant kill all the same, and sell nothing."""
    (tmp_path / KILL_FILE).write_text(words)
    assert look(tmp_path, Heard()).kills == [(flatten, symbol, "file")]
    assert not (tmp_path / KILL_FILE).exists()


def test_a_file_that_is_being_written_gets_its_words_read(tmp_path: Path) -> None:
    """It is empty first; the words come before the next look."""
    doors, heard = Doors(tmp_path), Heard()
    (tmp_path / KILL_FILE).touch()
    doors.look(heard)
    (tmp_path / KILL_FILE).write_text("--flatten")
    doors.look(heard)
    assert heard.kills == [(True, "", "file")]


def test_a_symbol_that_is_not_traded_kills_everything_and_sells_nothing(tmp_path: Path) -> None:
    (tmp_path / KILL_FILE).write_text("--flatten DOGE")
    assert look(tmp_path, Heard()).kills == [(True, "DOGE", "file"), (False, "", "file")]


def test_a_file_that_can_not_be_taken_away_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that has become read-only must not mean ten kills a second."""

    def refuse(path: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    (tmp_path / KILL_FILE).write_text("all")
    doors, heard = Doors(tmp_path), Heard()
    for _ in range(5):
        doors.look(heard)
    assert len(heard.kills) == 1
    os.utime(tmp_path / KILL_FILE, ns=(1, 1))
    doors.look(heard)
    assert len(heard.kills) == 2


def test_the_watchdogs_note_halts_and_says_why(tmp_path: Path) -> None:
    """Once, and without a latch: nothing is wrong any more."""
    note = WatchdogNote(7, 2, 5.5, ("tr-1",), 0, True)
    write_note(tmp_path, note)
    (halt,) = look(tmp_path, Heard()).commands
    assert isinstance(halt, Halt)
    assert (halt.reason, halt.who.door) == (note.words, "watchdog")
    assert read_note(tmp_path) is None
