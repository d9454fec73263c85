"""What each account has: free and put aside, per asset, in 1e-8 units."""

from __future__ import annotations

from collections.abc import Mapping

from engine.venues.paper.errors import new_order_rejected
from engine.venues.paper.orders import Hold


class Account:
    """One account's balances. Nothing here can become negative."""

    def __init__(self, name: str, balances: Mapping[str, int]) -> None:
        """Open it with free balances in 1e-8 of each asset."""
        self.name = name
        self.free: dict[str, int] = dict(balances)
        self.locked: dict[str, int] = dict.fromkeys(balances, 0)
        self.changed: set[str] = set()
        """Assets touched since somebody last looked and cleared it."""

    def put_aside(self, asset: str, amount: int) -> Hold:
        """Move free money to a new hold; raises Refused (-2010) where there isn't enough."""
        hold = Hold(asset, 0)
        self.add_to(hold, amount)
        return hold

    def add_to(self, hold: Hold, amount: int) -> None:
        """Move free money to a hold; raises Refused (-2010) where there isn't enough."""
        free = self.free.get(hold.asset, 0)
        if amount > free:
            raise new_order_rejected("Account has insufficient balance for requested action.")
        self._move(hold, amount)

    def release(self, hold: Hold) -> None:
        """Give back what is left of a hold."""
        self._move(hold, -hold.amount)

    def spend(self, hold: Hold, amount: int) -> None:
        """Pay from a hold, and from what is free where a market moved against an estimate."""
        if amount > hold.amount:
            self.add_to(hold, amount - hold.amount)
        hold.amount -= amount
        self.locked[hold.asset] -= amount
        self.changed.add(hold.asset)

    def receive(self, asset: str, amount: int) -> None:
        """Credit an amount."""
        self.free[asset] = self.free.get(asset, 0) + amount
        self.locked.setdefault(asset, 0)
        self.changed.add(asset)

    def _move(self, hold: Hold, amount: int) -> None:
        self.free[hold.asset] = self.free.get(hold.asset, 0) - amount
        self.locked[hold.asset] = self.locked.get(hold.asset, 0) + amount
        hold.amount += amount
        self.changed.add(hold.asset)
