"""What of the venue's account is not ours: orders that somebody else placed, and coins that nobody counted."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from engine.core.records import Unbalanced
from engine.core.types import ClientOrderId, ExecutionReport, Symbol

ADOPTED: Final = "adopted:"
"""Every cause of an order that somebody made ours begins so."""
FOREIGN_ORDER, BALANCE = "C14_FOREIGN_ORDER", "C14_BALANCE"
_IGNORED_KEPT: Final = 1_000


class Strangers:
    """Foreign orders that wait for somebody's word, those that are to be ignored, and what doesn't add up."""

    def __init__(self) -> None:
        self.waiting: dict[ClientOrderId, ExecutionReport] = {}
        self.ignored: OrderedDict[ClientOrderId, Symbol] = OrderedDict()
        self.unbalanced: dict[Symbol, Unbalanced] = {}
        self.ts_compared_ns = 0
        """When the account was asked for that was last compared."""
        self.is_moving = False
        """Whether its balances could not be compared, because an order was under way."""
        self.findings: tuple[str, ...] = ()
        """What was found then, for people."""
        self.wanted_ns = 0
        """When somebody last asked for a comparison that has not come yet; 0 for nobody."""

    def ignore(self, name: ClientOrderId, symbol: Symbol) -> None:
        """Remember that nobody wants to hear of an order again."""
        self.waiting.pop(name, None)
        self.ignored[name] = symbol
        if len(self.ignored) > _IGNORED_KEPT:
            self.ignored.popitem(last=False)

    def of(self, symbol: Symbol) -> list[ExecutionReport]:
        """Return the foreign orders of a symbol that wait for somebody's word."""
        return [report for report in self.waiting.values() if report.symbol == symbol]
