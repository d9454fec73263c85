"""What each person may do: role, channel and amounts, by Slack user id or login name; asked before anything is done."""

from __future__ import annotations

from typing import Final

from engine.core.amounts import Unclear
from engine.core.config import Person
from engine.core.instrument import E8, Instrument, money_words
from engine.core.trading import Trading
from engine.core.types import ApprovedOrder
from engine.wire import commands
from engine.wire.commands import AnyCommand, Who
from engine.wire.mutes import EndMute, SetMute
from engine.wire.pairs import ClosePair
from engine.wire.questions import Unwatch, Watch
from engine.wire.views import PersonView

_DAY_NS: Final = 86_400_000_000_000
_RANKS: Final = {"viewer": 1, "trader": 2, "admin": 3}
_FREE: Final = (commands.Halt, commands.Kill, commands.TurnAway, commands.SetQuiet)
"""Making things safe, saying what was refused or what rings on one's own phone, depends on no table."""
_TRADERS: Final = (
    commands.Buy,
    commands.Sell,
    commands.Close,
    commands.CancelOrder,
    commands.Decide,
    commands.Confirm,
    commands.Approve,
    commands.LockSymbol,
    commands.Acknowledge,
    ClosePair,
    Watch,
    Unwatch,
    SetMute,
    EndMute,
)
"""What a trader may do; what is neither here nor free needs an admin."""
_OWNER: Final = Person(role="admin")
"""Without a row: whoever can open the line's socket owns it, and Slack's people were looked at by the bot."""
_STRANGER: Final = Person(role="viewer")


class Authority:
    """Knows the rows of ``[people.who]``, and how much each person has ordered today."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._config = trading.config.people
        self._two_person_e8 = int(self._config.two_person_quote * E8)
        self._spent: dict[str, tuple[int, int]] = {}
        """By origin: the day (UTC, since the epoch) and what was ordered on it, in 1e-8 of the quote asset."""

    def views(self) -> tuple[PersonView, ...]:
        """Show the rows to whoever has to ask people before the engine does."""
        return tuple(PersonView(user, row.role, row.channels) for user, row in self._config.who.items())

    def check(self, command: AnyCommand) -> None:
        """Let a command pass that its person may give, here; raises Unclear with a kind sentence."""
        if isinstance(command, _FREE):
            return
        who, row = command.who, self._row(command.who)
        needed = "trader" if isinstance(command, _TRADERS) else "admin"
        if _RANKS[row.role] < _RANKS[needed]:
            raise Unclear("NOT_ALLOWED", f"Sorry, this needs the role {needed}, and yours is {row.role}: {_ASK}")
        is_elsewhere = row.channels and who.channel not in row.channels and not who.channel.startswith("D")
        if who.door == "slack" and is_elsewhere:
            raise Unclear("NOT_HERE", f"You may do this in {', '.join(row.channels)} and in direct messages: {_ASK}")

    def why_too_much(self, who: Who, order: ApprovedOrder) -> tuple[str, str]:
        """Return code and sentence of the amount of this person's that an order is above; empty for none.

        Entries count at their worst price; what makes a position smaller has no limit.
        """
        if order.reduce_only:
            return "", ""
        row, cost_e8 = self._row(who), self.cost_e8(order)
        if row.order_quote and cost_e8 > int(row.order_quote * E8):
            return "PERSON_ORDER", self._words("One order of yours", row.order_quote, cost_e8)
        after_e8 = cost_e8 + self._spent_e8(origin_of(who))
        if row.day_quote and after_e8 > int(row.day_quote * E8):
            return "PERSON_DAY", self._words("Your orders of one day", row.day_quote, after_e8)
        return "", ""

    def cost_e8(self, order: ApprovedOrder) -> int:
        """Return what an order may cost at its worst price, in 1e-8 of the quote asset."""
        return self._instrument(order).notional_e8(order.price_ticks, order.qty_lots)

    def takes_two(self, order: ApprovedOrder) -> bool:
        """Say whether an order of a person's needs a second one."""
        return bool(self._two_person_e8) and not order.reduce_only and self.cost_e8(order) > self._two_person_e8

    def is_same(self, one: Who, other: Who) -> bool:
        """Say whether two are the same human, as far as ``same_as`` tells."""
        return self._human(one) == self._human(other)

    def count(self, order: ApprovedOrder) -> None:
        """Count an order towards its person's day; also at a restart, from the journal."""
        if order.reduce_only or order.origin.partition(":")[0] not in ("slack", "cli", "desk"):
            return
        day, (known, spent_e8) = order.ts_ns // _DAY_NS, self._spent.get(order.origin, (0, 0))
        self._spent[order.origin] = day, self.cost_e8(order) + (spent_e8 if known == day else 0)

    def spent(self) -> dict[str, tuple[int, int]]:
        """Return by origin a day, and what was ordered on it: what ``put_back`` takes."""
        return dict(self._spent)

    def put_back(self, spent: dict[str, tuple[int, int]]) -> None:
        """Take what a snapshot says was ordered."""
        self._spent = dict(spent)

    def _row(self, who: Who) -> Person:
        row = self._config.who.get(who.user_id)
        if row is not None:
            return row
        return _STRANGER if who.door == "slack" and self._trading.account == "live" else _OWNER

    def _human(self, who: Who) -> str:
        return self._row(who).same_as or who.user_id

    def _spent_e8(self, origin: str) -> int:
        day, spent_e8 = self._spent.get(origin, (0, 0))
        return spent_e8 if day == self._trading.now_ns // _DAY_NS else 0

    def _instrument(self, order: ApprovedOrder) -> Instrument:
        return self._trading.markets[order.symbol].instrument

    def _words(self, what: str, limit_quote: float, cost_e8: int) -> str:
        asset = self._trading.config.quote_asset
        return f"{what} may cost {limit_quote:g} {asset}, and this would come to {money_words(cost_e8)}: {_ASK}"


_ASK: Final = "ask an admin to change [people.who] in trader.toml."


def origin_of(who: Who) -> str:
    """Name a person as the origin of an order: ``slack:U01ALICE``."""
    return f"{who.door}:{who.user_id}"
