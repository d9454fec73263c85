"""The ways into the engine that need neither a line nor people: SIGUSR1, a file named ``kill``, the watchdog's note.

Each becomes a command like anybody's, so that it is journaled, recorded and replayed as one. They are looked for by the
engine's timer: what comes while the engine is still starting is carried out with the first beat.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from engine.clock import now_ns
from engine.store.watchdog_note import NOTE, read_note
from engine.wire.commands import Halt, Kill, Who
from engine.wire.replies import Reply
from engine.wire.words import BadWords, KillWords, read_kill

KILL_FILE: Final = "kill"
_LONGEST: Final = 1_000
"""Bytes of the kill file that are read."""
_log = logging.getLogger(__name__)


class Doors:
    """Listens at these doors for one engine."""

    def __init__(self, home: Path) -> None:
        self._file, self._home, self._note = home / KILL_FILE, home, home / NOTE
        self._is_signalled = self._was_empty = False
        self._done: dict[Path, int] = {}
        """Files that could not be taken away, by when they were last changed: each is heard once."""

    def on_signal(self) -> None:
        """Take a SIGUSR1: kill, with the next beat."""
        self._is_signalled = True

    def look(self, on_command: Callable[[Any], Reply]) -> None:
        """Carry out what came in since the last look; called by the timer."""
        if self._is_signalled:
            self._is_signalled = False
            self._kill(on_command, KillWords(False, "", ""), Who("SIGUSR1", "SIGUSR1", "signal"))
        if self._is_new(self._file) and self._is_written():
            self._kill(on_command, _words_in(self._file), _owner_of(self._file))
            self._take_away(self._file)
        if self._is_new(self._note):
            self._tell_of_watchdog(on_command)
            self._take_away(self._note)

    def _kill(self, on_command: Callable[[Any], Reply], words: KillWords, who: Who) -> None:
        made = Kill(id=_new_id(who), who=who, flatten=words.flatten, symbol=words.symbol, reason=words.reason)
        reply = on_command(made)
        if not reply.ok:  # a slip in the symbol must not keep the rest from being stopped
            reply = on_command(Kill(id=_new_id(who), who=who, reason=reply.text))
        _log.critical("killed", extra={"by": f"{who.door}:{who.user_id}", "reply": reply.text})

    def _tell_of_watchdog(self, on_command: Callable[[Any], Reply]) -> None:
        note, who = read_note(self._home), Who("watchdog", "the watchdog", "watchdog")
        if note is not None:
            _log.critical("%s", note.words)
            on_command(Halt(id=_new_id(who), who=who, reason=note.words))

    def _is_written(self) -> bool:
        """Say whether the kill file is whole: an empty one may get its words in a moment, so it is looked at twice."""
        try:
            was_empty, self._was_empty = self._was_empty, self._file.stat().st_size == 0
        except OSError:
            return False  # taken away by somebody else
        return was_empty or not self._was_empty

    def _is_new(self, path: Path) -> bool:
        """Say whether a file is there that was not heard yet."""
        try:
            return self._done.get(path) != path.stat().st_mtime_ns
        except OSError:
            return False

    def _take_away(self, path: Path) -> None:
        try:
            self._done[path] = path.stat().st_mtime_ns
            path.unlink()
        except OSError as error:
            _log.error("%s can't be taken away (%s): it counts again at the next start", path, error.strerror)


def _words_in(path: Path) -> KillWords:
    """Read what is written in the file; whatever can't be meant kills all the same, without selling."""
    try:
        with path.open("rb") as file:
            return read_kill(file.read(_LONGEST).decode("utf-8", "replace"))
    except (OSError, BadWords) as error:
        return KillWords(False, "", f"its words were not understood: {error}")


def _owner_of(path: Path) -> Who:
    try:
        owner = path.owner()
    except (KeyError, OSError):  # a user without a name, as containers have
        owner = "somebody"
    return Who(owner, owner, "file")


def _new_id(who: Who) -> str:
    return f"{who.door}:{now_ns()}"
