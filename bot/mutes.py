"""What the channel does not want to hear for a while: a symbol, a strategy, a kind of message; never what is critical.

There is one channel, and everything else that the bot says is an answer to the one who asked. So a mute is the
channel's, said by a trader and shown to all, and it ends by itself.
"""

from __future__ import annotations

import time
from typing import Final

from engine.wire.views import ProposalView

KINDS: Final = ("proposals", "news", "notices")
"""Questions of strategies; headlines that led to nothing; notices that are not critical."""
_QUESTIONS: Final = frozenset({"open", "expired", "dismissed"})
"""A proposal that is one of these has moved no money; what a strategy does by itself is told all the same."""


class Mutes:
    """What is muted, by name, until when in ns since the epoch; the dictionary is part of the bot's memory."""

    def __init__(self, muted: dict[str, int]) -> None:
        """Work on what is remembered."""
        self._muted = muted

    def set(self, what: str, seconds: float) -> None:
        """Mute something by its name: ``ETHUSDT``, ``sma_cross``, ``news``, or ``sma_cross|ETHUSDT``."""
        self._muted[what] = time.time_ns() + int(seconds * 1e9)

    def end(self, what: str = "") -> tuple[str, ...]:
        """Let one mute end, or all of them; return what was muted."""
        ended = tuple(name for name in self.left_s() if name == what or not what)
        for name in ended:
            del self._muted[name]
        return ended

    def left_s(self) -> dict[str, float]:
        """Return what is muted now, with the seconds that are left."""
        now_ns = time.time_ns()
        for name in [name for name, until_ns in self._muted.items() if until_ns <= now_ns]:
            del self._muted[name]
        return {name: (until_ns - now_ns) / 1e9 for name, until_ns in self._muted.items()}

    def hides(self, proposal: ProposalView) -> bool:
        """Tell whether nobody wants to be asked about this; one that is shown already goes on."""
        names = ("proposals", proposal.symbol, proposal.strategy, f"{proposal.strategy}|{proposal.symbol}")
        until_ns = max(self._muted.get(name, 0) for name in names)
        return proposal.state in _QUESTIONS and proposal.ts_opened_ns < until_ns

    def hides_news(self, symbols: tuple[str, ...]) -> bool:
        """Tell whether a headline about these symbols is not wanted."""
        muted = self.left_s()
        return "news" in muted or (bool(symbols) and all(symbol in muted for symbol in symbols))

    def hides_notices(self) -> bool:
        """Tell whether notices are not wanted; those that are critical are alarms, and come in any case."""
        return "notices" in self.left_s()
