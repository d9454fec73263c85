"""The kill switch's latch: what was killed, by whom and why. It stays on over restarts, until an admin resets it."""

from __future__ import annotations

from engine.core.facts import KILLED
from engine.core.safeguard_records import Killed
from engine.core.types import Symbol


class Latch:
    """The kills since the last reset; an empty symbol stands for every one."""

    def __init__(self) -> None:
        self._kills: list[Killed] = []

    @property
    def is_on(self) -> bool:
        """True from the first kill to the reset."""
        return bool(self._kills)

    @property
    def since_ns(self) -> int:
        """When the first kill was; 0 while the latch is off."""
        return self._kills[0].ts_ns if self._kills else 0

    @property
    def words(self) -> str:
        """Who killed and why, as a reason for being halted; empty while the latch is off."""
        if not self._kills:
            return ""
        first = self._kills[0]
        return f"{KILLED} {first.by}" + (f": {first.reason}" if first.reason else "")

    @property
    def advice(self) -> str:
        """Say why trading can't be armed, and what to do about it."""
        how = "/kill reset REASON, or trader kill --reset REASON"
        return f"Trading was {self.words}, and stays halted until an admin resets that: {how}."

    @property
    def by(self) -> str:
        """Who made the first kill; empty while the latch is off."""
        return self._kills[0].by if self._kills else ""

    def take(self, killed: Killed) -> None:
        """Latch; a further kill widens what the ones before took in."""
        self._kills.append(killed)

    def reset(self) -> None:
        """Let go."""
        self._kills.clear()

    def has(self, symbol: str, *, flatten: bool) -> bool:
        """Say whether a kill like this would add nothing; an empty symbol asks for all."""
        return any(kill.symbol in ("", symbol) and kill.flatten >= flatten for kill in self._kills)

    def cancels(self, symbol: Symbol) -> bool:
        """Say whether the entries of a symbol have to go."""
        return self.has(symbol, flatten=False)

    def flattens(self, symbol: Symbol) -> bool:
        """Say whether a symbol's position has to go, and with it the orders that protect it."""
        return self.has(symbol, flatten=True)
