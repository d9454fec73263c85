"""Arbitrage: what can be bought on one venue and sold on another at a profit, after fees, age and latency."""

from __future__ import annotations

import math
from typing import ClassVar, Final, Literal, NamedTuple

from engine.core.kernels.crossing import crossing
from engine.core.market import Market
from engine.core.strategies.arbitrage_settings import Arbitrage

_BPS: Final = 1e-4


class Edge(NamedTuple):
    """An amount that is worth more on one venue than it costs on the other."""

    base_e8: int
    ask_ticks: int
    """The dearest level that the buy takes ..."""
    bid_ticks: int
    """... and the cheapest that the sale takes."""
    paid_e8: float
    received_e8: float
    """In 1e-8 of the quote asset, before fees."""
    profit: float
    """After both fees, as a part of what is paid."""
    needed: float
    """What it has to be at least: ``min_edge_bps`` and the allowance for age and latency."""

    @property
    def confidence(self) -> float:
        """How far the profit is above what it must be: 0.5 is just enough, 0.75 three times that."""
        return self.profit / (self.profit + self.needed) if self.profit > 0.0 else 0.0


class ArbitrageStrategy:
    """Looks at two books at a time; it is asked, and not told of single trades, so that no frame waits for it."""

    name: ClassVar[str] = "arbitrage"
    kind: ClassVar[Literal["arbitrage"]] = "arbitrage"
    horizon_ns: ClassVar[int] = 1_000_000_000

    def __init__(self, config: Arbitrage) -> None:
        self.config = config

    def needed(self, age_s: float, latency_s: float) -> float:
        """Return the least profit after fees, as a part of what is paid, on books so old and answers so late."""
        config = self.config
        return (config.min_edge_bps + config.drift_bps_s * (age_s + latency_s)) * _BPS

    def edge(
        self, buy_at: Market, sell_at: Market, buy_fee: float, sell_fee: float, needed: float, most_e8: int
    ) -> Edge | None:
        """Return what is above cost when the first market's asks are bought and the second's bids sold, or None.

        ``buy_fee``, ``sell_fee``, ``needed``: parts of one; ``most_e8``: of the base asset.
        """
        asks, bids, dear, cheap = buy_at.book.asks, sell_at.book.bids, sell_at.instrument, buy_at.instrument
        base_e8, ask, bid, paid_e8, received_e8 = crossing(
            asks.keys, asks.lots, asks.count, cheap.tick_e8, cheap.lot_e8,
            bids.keys, bids.lots, bids.count, dear.tick_e8, dear.lot_e8,
            buy_fee, sell_fee, needed, most_e8, math.lcm(cheap.lot_e8, dear.lot_e8),
        )  # fmt: skip
        if not base_e8:
            return None
        profit = (received_e8 * (1.0 - sell_fee) - paid_e8 * (1.0 + buy_fee)) / paid_e8
        return Edge(base_e8, ask, bid, paid_e8, received_e8, profit, needed)
