"""F17: once the disk is full no entry is written, but what gets out of a position is, for as long as there is room."""

from __future__ import annotations

import pytest
from core.core_builders import approved

from engine.core.records import Intended, ModeSet
from engine.core.types import Side
from engine.pen import Pen
from engine.store.journal import JournalUnwritable


class FullDisk:
    """A journal without room, and perhaps a reserve of a few records."""

    def __init__(self, reserve: int) -> None:
        self.failure = ""
        self.written = 0
        self._reserve, self._left = reserve, 0

    def append(self, payload: bytes) -> None:
        """Take a record where there is room."""
        if self.failure or not self._left:
            self.failure = "no room"
            raise JournalUnwritable(self.failure)
        self._left, self.written = self._left - 1, self.written + 1

    def use_reserve(self) -> bool:
        """Give the reserve up, once."""
        self._left, self._reserve = self._reserve, 0
        self.failure = self.failure if not self._left else ""
        return bool(self._left)


@pytest.mark.parametrize(("reserve", "is_gone"), [(5, False), (0, True)])
def test_an_entry_is_never_written_once_there_was_no_room(reserve: int, is_gone: bool) -> None:
    """The reserve is for others."""
    told: list[tuple[str, bool]] = []
    pen, journal = _pen(FullDisk(reserve))
    pen.on_trouble = lambda why, gone: told.append((why, gone))
    assert not pen.write(Intended(approved("tr-1")))
    assert (told, journal.written) == ([("no room", is_gone)], 0)
    assert pen.write(Intended(approved("tr-2", Side.SELL))) is not is_gone


def test_a_sale_that_found_no_room_is_written_into_the_reserve_until_that_is_used_up() -> None:
    pen, journal = _pen(FullDisk(2))
    written = [pen.write(Intended(approved(f"tr-{number}", Side.SELL))) for number in range(3)]
    assert (written, journal.written) == ([True, True, False], 2)
    assert not pen.write(ModeSet("", "auto", "cli:ann", 1))
    assert pen.trouble == "no room"


def _pen(journal: FullDisk) -> tuple[Pen, FullDisk]:
    return Pen(journal), journal
