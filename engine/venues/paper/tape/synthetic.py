"""A made-up order book and its messages around a price that somebody else decides; seeded, so always the same."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.venues.paper.rules import SymbolRules
from engine.venues.paper.tape.events import BookSnapshot, Frame
from engine.venues.paper.units import text8

DEPTH: Final = 25
"""Levels on each side."""
REFRESHED: Final = 0.15
"""Share of the levels whose quantity is drawn anew at each requote."""


class SyntheticMarket:
    """One symbol's book, and the Binance messages that tell of it. Prices in ticks, quantities in lots."""

    def __init__(self, rules: SymbolRules, typical_lots: int, chance: np.random.Generator) -> None:
        """Make an empty market whose levels hold about ``typical_lots`` each."""
        self.rules = rules
        self.bid_ticks = 0
        self.ask_ticks = 0
        self._typical_lots = typical_lots
        self._chance = chance
        self._bids: dict[int, int] = {}
        self._asks: dict[int, int] = {}
        self._update_id = 1_000_000
        self._trade_id = 1_000_000
        self._touch = (0, 0, 0, 0)

    def requote(self, at_ns: int, ts_ms: int, ask_ticks: int, spread_ticks: int) -> list[Frame]:
        """Move the book to a new best ask; return the depth update and, if it changed, the best bid and ask."""
        self.ask_ticks, self.bid_ticks = ask_ticks, max(1, ask_ticks - spread_ticks)
        bids = self._reshape(self._bids, [self.bid_ticks - i for i in range(DEPTH) if self.bid_ticks > i])
        asks = self._reshape(self._asks, [self.ask_ticks + i for i in range(DEPTH)])
        frames = []
        if bids or asks:
            first, self._update_id = self._update_id + 1, self._update_id + len(bids) + len(asks)
            frames.append(self._depth(at_ns, ts_ms, first, bids, asks))
        touch = (self.bid_ticks, self._bids[self.bid_ticks], self.ask_ticks, self._asks[self.ask_ticks])
        if touch != self._touch:
            self._touch = touch
            frames.append(self._book_ticker(at_ns, ts_ms))
        return frames

    def trade(self, at_ns: int, ts_ms: int, is_buy: bool, lots: int) -> Frame:
        """Let somebody buy at the ask or sell at the bid."""
        self._trade_id += 1
        price = text8((self.ask_ticks if is_buy else self.bid_ticks) * self.rules.tick)
        data = (
            f'{{"e":"trade","E":{ts_ms},"s":"{self.rules.symbol}","t":{self._trade_id},"p":"{price}",'
            f'"q":"{text8(lots * self.rules.lot)}","T":{ts_ms},"m":{"false" if is_buy else "true"},"M":true}}'
        )
        return self._frame(at_ns, ts_ms, "trade", data)

    def snapshot(self, at_ns: int, ts_ms: int) -> BookSnapshot:
        """Return the whole book."""
        tick, lot = self.rules.tick, self.rules.lot
        return BookSnapshot(
            at_ns=at_ns,
            ts_ms=ts_ms,
            symbol=self.rules.symbol,
            last_update_id=self._update_id,
            bids=tuple((price * tick, qty * lot) for price, qty in self._bids.items()),
            asks=tuple((price * tick, qty * lot) for price, qty in self._asks.items()),
        )

    def _reshape(self, side: dict[int, int], prices: list[int]) -> list[tuple[int, int]]:
        """Give a side its new prices; return what changed, removals included."""
        wanted = set(prices)
        changes = [(price, 0) for price in side if price not in wanted]
        for price, _ in changes:
            del side[price]
        redrawn = self._chance.random(len(prices)) < REFRESHED
        for price, is_redrawn in zip(prices, redrawn.tolist(), strict=True):
            if is_redrawn or price not in side:
                side[price] = max(1, int(self._typical_lots * self._chance.lognormal(0.0, 0.6)))
                changes.append((price, side[price]))
        return changes

    def _depth(
        self, at_ns: int, ts_ms: int, first: int, bids: list[tuple[int, int]], asks: list[tuple[int, int]]
    ) -> Frame:
        data = (
            f'{{"e":"depthUpdate","E":{ts_ms},"s":"{self.rules.symbol}","U":{first},"u":{self._update_id},'
            f'"b":[{self._levels(bids)}],"a":[{self._levels(asks)}]}}'
        )
        return self._frame(at_ns, ts_ms, "depth@100ms", data)

    def _levels(self, levels: list[tuple[int, int]]) -> str:
        tick, lot = self.rules.tick, self.rules.lot
        return ",".join(f'["{text8(price * tick)}","{text8(qty * lot)}"]' for price, qty in levels)

    def _book_ticker(self, at_ns: int, ts_ms: int) -> Frame:
        tick, lot = self.rules.tick, self.rules.lot
        bid, bid_lots, ask, ask_lots = self._touch
        data = (
            f'{{"u":{self._update_id},"s":"{self.rules.symbol}","b":"{text8(bid * tick)}",'
            f'"B":"{text8(bid_lots * lot)}","a":"{text8(ask * tick)}","A":"{text8(ask_lots * lot)}"}}'
        )
        return self._frame(at_ns, ts_ms, "bookTicker", data)

    def _frame(self, at_ns: int, ts_ms: int, kind: str, data: str) -> Frame:
        return Frame(at_ns, ts_ms, f"{self.rules.symbol.lower()}@{kind}", data.encode())
