"""What the channel does not want to hear for a while, as the engine last said; never what is critical.

The engine keeps the mutes, because the command line sets them too. While it is away, what it last said goes on.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final

from engine.wire.mutes import MuteView, on_symbol
from engine.wire.views import ProposalView

_QUESTIONS: Final = frozenset({"open", "expired", "dismissed"})
"""A proposal that is one of these has moved no money; what a strategy does by itself is told all the same."""


class Mutes:
    """What is muted, by its name, until when in ns since the epoch."""

    def __init__(self) -> None:
        """Begin with nothing heard of."""
        self._until_ns: dict[str, int] = {}

    def take(self, mutes: Iterable[MuteView]) -> None:
        """Go by this from now on."""
        self._until_ns = {mute.what: mute.until_ns for mute in mutes}

    def hides(self, proposal: ProposalView) -> bool:
        """Tell whether nobody wants to be asked about this; one that is shown already goes on."""
        on_this = on_symbol(proposal.strategy, proposal.symbol)
        names = ("proposals", proposal.symbol, proposal.strategy, on_this)
        until_ns = max(self._until_ns.get(name, 0) for name in names)
        return proposal.state in _QUESTIONS and proposal.ts_opened_ns < until_ns

    def hides_news(self, symbols: tuple[str, ...]) -> bool:
        """Tell whether a headline about these symbols is not wanted."""
        return self._is_muted("news") or (bool(symbols) and all(map(self._is_muted, symbols)))

    def hides_notices(self) -> bool:
        """Tell whether notices are not wanted; those that are critical are alarms, and come in any case."""
        return self._is_muted("notices")

    def _is_muted(self, name: str) -> bool:
        return time.time_ns() < self._until_ns.get(name, 0)
