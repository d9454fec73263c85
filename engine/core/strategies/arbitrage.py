"""Arbitrage: what can be bought on one venue and sold on another at a profit, after fees, age and latency."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Final, Literal, NamedTuple

import msgspec

from engine.core.kernels.crossing import crossing
from engine.core.market import Market
from engine.core.strategy_config import ModeName, Percent, Ratio, Seconds, StrategyConfig

_BPS: Final = 1e-4
_FeePercent = Annotated[float, msgspec.Meta(ge=0.0, le=10.0)]
_Bps = Annotated[float, msgspec.Meta(ge=0.0, le=10_000.0)]
_Quote = Annotated[float, msgspec.Meta(ge=0.0, le=1e9)]


class Arbitrage(StrategyConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Across two venues: buy where it is cheap, sell where it is dear, from what is held there already."""

    mode: ModeName = "off"
    ask: Ratio = 0.5
    act: Ratio = 0.5
    stop_pct: Percent = 20.0
    """Of the stock on either venue: a pair itself is never open for long."""
    expires_s: Seconds = 10.0
    near_fee_pct: _FeePercent = 0.1
    """What the engine's own venue takes of an order that takes liquidity ..."""
    far_fee_pct: _FeePercent = 0.1
    """... and the second one."""
    min_edge_bps: _Bps = 5.0
    """Least profit after both fees, in parts of ten thousand of what is paid."""
    drift_bps_s: _Bps = 5.0
    """So much more for each second of the older book's age and of the slower venue's answers."""
    max_age_s: Seconds = 1.0
    """A book that nothing was heard of for longer is not traded on."""
    pair_quote: _Quote = 100.0
    """The most that one pair, or one circle, buys for; the gate's limits count besides."""
    circle: tuple[str, ...] = ()
    """Three symbols of the engine's own venue, two priced in the quote asset and one that closes the circle."""
    stock_quote: _Quote = 0.0
    """For so much the engine buys on each venue what it will sell there; 0 leaves that to people."""
    loss_pct: Percent = 1.0
    """What one pair may lose at the most, of what it bought or sold for."""
    cooldown_s: Seconds = 60.0
    """Rest after a pair that lost."""
    mend_s: Seconds = 5.0
    """A pair with one leg short for longer is told as critical."""


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
