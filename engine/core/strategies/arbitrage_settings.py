"""What arbitrage can be set to; a file of its own without a compiled function, so that settings are read in no time."""

from __future__ import annotations

from typing import Annotated

import msgspec

from engine.core.strategy_config import ModeName, Percent, Ratio, Seconds, StrategyConfig

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
