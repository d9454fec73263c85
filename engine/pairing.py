"""The rooms of arbitrage: let the desks of circles and pairs look, and have halt, resume and kill reach both."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Final

from engine.core.pairs.between import around, between
from engine.live import Live
from engine.wire.commands import AnyCommand, Halt, Kill, ResetKill, Resume
from engine.wire.pairs import SECOND_FOLDER
from engine.wire.person import Who

LOOK_S: Final = 0.005
"""Between two looks at both books: 30 µs each, so that no frame of either venue has to wait for the other."""
FOLLOW_S: Final = 0.001
"""Between two looks while a circle is open: its next leg waits for the one before."""
AGAIN_S: Final = 1.0
"""Arming the second core waits for its books and its account, and is tried again after this."""
_ENGINE: Final = Who("engine", "the engine", "cli")


async def follow_circles(live: Live) -> None:
    """Let the desk of one venue's circles look, again and again."""
    desk = around(live.engine)
    while True:
        live.turn("circle", desk.look)
        await asyncio.sleep(LOOK_S if desk.open is None else FOLLOW_S)


class PairRoom:
    """Two cores that run side by side, and the desk between them."""

    def __init__(self, near: Live, far: Live) -> None:
        """Begin with the pairs that both journals tell of."""
        self._near, self._far = near, far
        self.desk = between(near.engine, far.engine, SECOND_FOLDER, far.catch_up)
        near.turn("paired", self.desk.restore)
        self._ids, self._began_ns = count(1), near.engine.trading.now_ns
        self._was_armed = self._was_killed = self._is_arming = False
        self._try_at = 0.0

    async def run(self) -> None:
        """Look, again and again."""
        while True:
            self._near.turn("look", self.desk.look)
            self._far.catch_up()
            await asyncio.sleep(LOOK_S)

    def on_beat(self) -> None:
        """Carry over to the second core what was said to the first; called ten times a second."""
        near, far = self._near.engine.trading, self._far.engine.trading
        if near.latch.is_on and not self._was_killed:
            self._say(Kill(id=self._id(), who=_ENGINE, flatten=near.latch.has("", flatten=True)))
        elif self._was_killed and not near.latch.is_on:
            self._say(ResetKill(id=self._id(), who=_ENGINE, reason="the first venue's kill was reset"))
        if near.is_armed is not self._was_armed:
            self._is_arming = near.is_armed and near.account != "live"  # real money is armed by a person, by name
            if not near.is_armed and far.is_armed:
                self._say(Halt(id=self._id(), who=_ENGINE, reason=f"the first venue is halted: {near.halt_reason}"))
        self._was_armed, self._was_killed = near.is_armed, near.latch.is_on
        if self._is_arming and (now := asyncio.get_running_loop().time()) >= self._try_at:
            self._try_at = now + AGAIN_S
            self._is_arming = not self._say(Resume(id=self._id(), who=_ENGINE))
        if self._far.engine.people.kill.is_waiting:
            self._far.wants_account.set()

    def _say(self, command: AnyCommand) -> bool:
        return self._far.on_command(command).ok

    def _id(self) -> str:
        return f"pairs:{self._began_ns}:{next(self._ids)}"
