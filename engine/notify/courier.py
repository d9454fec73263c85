"""Brings lines to people by one channel: bundled, at a bounded rate, tried again until they are gone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, NamedTuple

from engine.notify.channel import Channel
from engine.wire.views import HealthView

_log = logging.getLogger(__name__)


class Pace(NamedTuple):
    """How fast a channel is used; seconds."""

    gap_s: float = 30.0
    """Between two messages: what comes meanwhile goes with the next."""
    first_pause_s: float = 5.0
    """After the first failure; it doubles."""


USUAL_PACE: Final = Pace()
_LONGEST_PAUSE_S: Final = 300.0
_MOST_LINES: Final = 20
_KEPT: Final = 200
"""Lines that wait at most; of more, the oldest are dropped."""
TITLE: Final = "trader"


class Courier:
    """One channel's queue; ``lines`` are what has not gone out."""

    def __init__(self, channel: Channel, lines: list[str], keep: Callable[[], None], pace: Pace = USUAL_PACE) -> None:
        """Go on with the lines of before; ``keep`` writes to disk what is left."""
        self.lines = lines
        self._channel = channel
        self._keep = keep
        self._pace = pace
        self._is_failing = False
        self._wake = asyncio.Event()
        if lines:
            self._wake.set()

    def put(self, lines: list[str]) -> None:
        """Queue lines."""
        self.lines += lines
        del self.lines[:-_KEPT]
        self._wake.set()

    def health(self) -> HealthView:
        """Say whether what was sent last went out, and what waits; the address itself is told to nobody."""
        waits = f"{len(self.lines)} lines wait"
        words = (
            f"it took nothing when it was tried last, {waits}: try `trader notify test`" if self._is_failing else waits
        )
        return HealthView(f"channel {self._channel.name}", not self._is_failing, words)

    async def run(self) -> None:
        """Send what is put, for ever."""
        pause_s = self._pace.first_pause_s
        while True:
            await self._wake.wait()
            batch = self.lines[:_MOST_LINES]
            if await self._channel.send(TITLE, "\n".join(batch)):
                _log.info("told by the second channel", extra={"channel": self._channel.name, "lines": len(batch)})
                self._is_failing = False
                del self.lines[: len(batch)]
                if not self.lines:
                    self._wake.clear()
                self._keep()
                pause_s = self._pace.first_pause_s
                await asyncio.sleep(self._pace.gap_s)
                continue
            self._is_failing = True
            _log.warning("the second channel fails", extra={"channel": self._channel.name, "retry_s": pause_s})
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
