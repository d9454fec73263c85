"""The tape's order book of one symbol: price to quantity on each side, best first; integers of 1e-8."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator

Level = tuple[int, int]
"""A price and the quantity there, both in 1e-8; quantity 0 removes the level."""


class BookSide:
    """One side, its best price at the end of a sorted list: updates come mostly near the best, where they are cheap."""

    __slots__ = ("_keys", "_levels", "_sign")

    def __init__(self, sign: int) -> None:
        """Make an empty side: sign 1 for bids (highest is best), -1 for asks (lowest is best)."""
        self._sign = sign
        self._keys: list[int] = []
        self._levels: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def set(self, price: int, qty: int) -> None:
        """Give a price its new quantity; 0 removes it."""
        if qty:
            if price not in self._levels:
                insort(self._keys, self._sign * price)
            self._levels[price] = qty
        elif self._levels.pop(price, 0):
            del self._keys[bisect_left(self._keys, self._sign * price)]

    def clear(self) -> None:
        """Empty the side."""
        self._keys.clear()
        self._levels.clear()

    def qty_at(self, price: int) -> int:
        """Return the quantity at a price; 0 for none."""
        return self._levels.get(price, 0)

    @property
    def best(self) -> int:
        """The best price; 0 for an empty side."""
        return self._sign * self._keys[-1] if self._keys else 0

    def walk(self) -> Iterator[Level]:
        """Go through the levels from the best outwards."""
        sign, levels = self._sign, self._levels
        for key in reversed(self._keys):
            yield sign * key, levels[sign * key]


class Book:
    """Both sides, and the id of the last update that is in them."""

    def __init__(self) -> None:
        self.bids = BookSide(1)
        self.asks = BookSide(-1)
        self.last_update_id = 0

    def replace(self, last_update_id: int, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Take a snapshot in place of everything known."""
        self.bids.clear()
        self.asks.clear()
        self.apply(last_update_id, bids, asks)

    def apply(self, last_update_id: int, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Take what changed up to an update id."""
        for price, qty in bids:
            self.bids.set(price, qty)
        for price, qty in asks:
            self.asks.set(price, qty)
        self.last_update_id = last_update_id
