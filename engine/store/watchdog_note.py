"""What the watchdog leaves for the engine: that it fired, for which death, and what it did.

The journal belongs to the engine alone, so this is a file of its own. The engine takes it: it halts and says why.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec

NOTE: Final = "watchdog.json"


class WatchdogNote(msgspec.Struct, frozen=True):
    """One death, and what was done about it."""

    run_ns: int
    beats: int
    """Which death it was: of this run, after this beat."""
    silent_s: float
    """For how long nothing had beaten when it fired."""
    cancelled: tuple[str, ...] = ()
    """Our names of the entries that it cancelled."""
    left: int = 0
    """Entries that were still open at the last look."""
    is_done: bool = False
    """Whether the venue has confirmed that none is left."""
    trouble: str = ""
    """What stood in the way at last."""

    @property
    def words(self) -> str:
        """Say what happened, for people."""
        words = f"the watchdog found the engine dead or hung for {self.silent_s:.0f} s"
        count = len(self.cancelled)
        words += f" and cancelled {count} open entry order{'' if count == 1 else 's'}"
        if self.is_done:
            return f"{words}; the venue has none left"
        return f"{words}; not confirmed yet{f' ({self.trouble})' if self.trouble else ''}, look at the open orders"


def write_note(home: Path, note: WatchdogNote) -> None:
    """Put the note in place of any other, whole or not at all; raises OSError."""
    part = home / f"{NOTE}.part"
    part.write_bytes(msgspec.json.encode(note))
    os.replace(part, home / NOTE)


def read_note(home: Path) -> WatchdogNote | None:
    """Return the note that is there; None for none. One that can't be read tells of some death all the same."""
    try:
        return msgspec.json.decode((home / NOTE).read_bytes(), type=WatchdogNote)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        return WatchdogNote(0, 0, 0.0, trouble=f"its note can't be read: {type(error).__name__}")
