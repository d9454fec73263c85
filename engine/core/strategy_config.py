"""What every strategy can be set to: where it looks, its bands and exits, how large its entries are; typed and bounded.

A strategy's own settings are a subclass in the strategy's own file.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from engine.core.plan import ExitPlan

Percent = Annotated[float, msgspec.Meta(gt=0.0, le=100.0)]
Ratio = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Seconds = Annotated[float, msgspec.Meta(gt=0.0, le=86_400.0)]
ModeName = Literal["off", "ask", "auto"]


class Sizing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How large a strategy's entries are, before the gate's limits."""

    method: Literal["risk", "fixed", "percent", "volatility", "kelly"] = "risk"
    """risk: by the stop's distance, so that a trade may lose ``risk_per_trade_pct``; volatility: by the average true
    range instead; fixed: so much money; percent: so much of equity; kelly: by the strategy's own record."""
    fixed_quote: Annotated[float, msgspec.Meta(gt=0.0, le=1e9)] = 100.0
    percent: Percent = 1.0
    atr_bars: Annotated[int, msgspec.Meta(ge=2, le=500)] = 14
    """One-minute candles that the true range is averaged over."""
    atr_multiple: Annotated[float, msgspec.Meta(gt=0.0, le=100.0)] = 2.0
    kelly_part: Ratio = 0.25
    """So much of what Kelly's rule says."""
    kelly_most_pct: Percent = 2.0
    """And never more than this, in percent of equity."""
    kelly_trades: Annotated[int, msgspec.Meta(ge=10, le=200)] = 30
    """While the strategy has closed fewer trades it is sized by risk. At most 200 are remembered."""


class StrategyDefaults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How all strategies size and leave their trades, where their own settings say nothing else."""

    sizing: Sizing = Sizing()
    exits: ExitPlan = ExitPlan()


class StrategyConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every strategy has: where it looks, its bands, its exits, and how long its question stands."""

    symbols: tuple[str, ...] = ()
    """Empty for all that the engine follows."""
    mode: ModeName = "auto"
    """Capped by the global mode."""
    ask: Ratio = 0.55
    act: Ratio = 0.85
    stop_pct: Percent = 1.5
    target_pct: Percent = 3.0
    expires_s: Seconds = 60.0
    sizing: Sizing = Sizing()
    exits: ExitPlan = ExitPlan()

    def __post_init__(self) -> None:
        """Refuse bands that are the wrong way round, and a step that the last target never lets come."""
        if self.ask > self.act:
            raise ValueError(f"ask = {self.ask:g} is above act = {self.act:g}: ask must not be the higher one")
        refuse_late_step(self.exits, self.target_pct)


def refuse_late_step(exits: ExitPlan, target_pct: float) -> None:
    """Raise ValueError where a step lies beyond the last target."""
    if exits.target and exits.steps and exits.steps[-1].at_pct >= target_pct:
        last = f"{exits.steps[-1].at_pct:g} %"
        raise ValueError(f"the step at {last} lies at or beyond the last target of {target_pct:g} %: put it below")
