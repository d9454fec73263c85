"""The auto-trade mode: one for everything, and one for each strategy; the stricter counts."""

from __future__ import annotations

from typing import Final

from engine.core.config import TradingConfig
from engine.core.types import Mode

_STRICTNESS: Final = {Mode.OFF: 0, Mode.ASK: 1, Mode.AUTO: 2}


class Modes:
    """The auto-trade mode: one for everything, and one a strategy that can only be stricter."""

    def __init__(self, config: TradingConfig, strategies: dict[str, str]) -> None:
        self.everything = Mode(config.mode)
        self.own = {name: Mode(mode) for name, mode in strategies.items()}
        self._effective: dict[str, Mode] = {}
        self.changes = 0
        """How often a mode was set."""
        self._work_out()

    def effective(self, strategy: str) -> Mode:
        """Return the stricter of the global mode and the strategy's own."""
        return self._effective.get(strategy, self.everything)

    def is_on(self, strategy: str) -> bool:
        """Say whether a strategy's own mode lets it look at the market at all."""
        return self.own[strategy] is not Mode.OFF

    def set(self, mode: Mode, strategy: str) -> Mode:
        """Set a strategy's own mode, or with an empty ``strategy`` the global one; return the one before."""
        if strategy:
            previous, self.own[strategy] = self.own[strategy], mode
        else:
            previous, self.everything = self.everything, mode
        self.changes += 1
        self._work_out()
        return previous

    def _work_out(self) -> None:
        strictest = _STRICTNESS.__getitem__
        self._effective = {name: min(own, self.everything, key=strictest) for name, own in self.own.items()}
