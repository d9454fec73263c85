"""The settings that decide: risk limits, confidence bands and each strategy's parameters, typed and bounded.

``trader.toml`` is read into these (by ``engine/settings.py``); an unknown key or a value out of bounds is refused.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from engine.core.plan import ExitPlan
from engine.core.strategies.arbitrage_settings import Arbitrage
from engine.core.strategies.technical.catalog import TECHNICAL
from engine.core.strategies.technical.order_flow import OrderFlow
from engine.core.strategies.technical.sma_cross import SmaCross
from engine.core.strategy_config import ModeName, Percent, Ratio, Seconds, Sizing, StrategyConfig, refuse_late_step

__all__ = [
    "Arbitrage",
    "Breakers",
    "ExitPlan",
    "ExitsName",
    "FairValueBand",
    "Fundamentals",
    "Headlines",
    "Limits",
    "MeasureWeights",
    "ModeName",
    "Operator",
    "OrderFlow",
    "OrdersPerS",
    "OwnLimits",
    "People",
    "Percent",
    "Person",
    "Quote",
    "Ratio",
    "Seconds",
    "Sizing",
    "SmaCross",
    "Strategies",
    "StrategyConfig",
    "TradingConfig",
    "refuse_late_step",
]

OrdersPerS = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Quote = Annotated[float, msgspec.Meta(ge=0.0, le=1e9)]
ExitsName = Literal["exchange", "engine"]


class OwnLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Limits of one symbol or one strategy beside the account's, of which the tightest counts; None for none.

    Each is held against the same amount as the account's: ``max_gross_pct`` of a symbol is how large everything may be
    together when that symbol is bought.
    """

    max_order_pct: Percent | None = None
    max_position_pct: Percent | None = None
    max_gross_pct: Percent | None = None
    collar_pct: Percent | None = None
    stale_s: Seconds | None = None
    orders_per_s: OrdersPerS | None = None
    risk_per_trade_pct: Percent | None = None
    min_stop_pct: Percent | None = None


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The gate's limits; percentages are of equity unless said. Source of the defaults: C2 to C7, C10 and C13."""

    max_order_pct: Percent = 1.0
    max_position_pct: Percent = 5.0
    max_gross_pct: Percent = 20.0
    collar_pct: Percent = 2.0
    """Of the reference price (C4)."""
    stale_s: Seconds = 2.0
    """Oldest market data that an entry may rest on (C5)."""
    repeats: Annotated[int, msgspec.Meta(ge=2, le=100)] = 3
    """So many alike within ``repeat_window_s`` halt the strategy (C6)."""
    repeat_window_s: Seconds = 60.0
    orders_per_s: OrdersPerS = 5
    """Entries wait while so many orders left within the last second; closes, exits and cancels don't (C7)."""
    risk_per_trade_pct: Percent = 0.5
    min_stop_pct: Percent = 0.05
    """A stop nearer than this to the entry is refused as tiny (C10); of the entry price."""
    default_stop_pct: Percent = 2.0
    """Of the entry price, for a person's buy that names none."""
    default_target_pct: Percent = 4.0
    user_stream_s: Seconds = 10.0
    """Entries stop when the venue has told nothing of our orders for so long (C13) ..."""
    user_stream_cancel_s: Seconds = 60.0
    """... and those that are open are cancelled after this."""
    symbols: dict[str, OwnLimits] = {}
    """By the venue's name of the symbol."""
    strategies: dict[str, OwnLimits] = {}
    """For what a strategy signals, by itself or with somebody's click on it."""


class Breakers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Losses that bar entries until an admin resets them (C9); on equity with what is held at its bid."""

    daily_loss_pct: Percent = 2.0
    """Of what the account was worth when the day (UTC) began."""
    drawdown_pct: Percent = 10.0
    """From the most that it was worth since the last reset."""
    losses: Annotated[int, msgspec.Meta(ge=1, le=100)] = 4
    """Closed trades in a row that lost."""
    cooldown_s: Annotated[float, msgspec.Meta(ge=0.0, le=86_400.0)] = 60.0
    """So long after a loss its symbol has no entries; 0 for no rest."""
    halt_at: Annotated[float, msgspec.Meta(ge=1.0, le=10.0)] = 1.5
    """At so many times a limit trading is halted as well."""


class Operator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When *auto* falls back to *ask* because nobody is there (C12)."""

    away_min: Annotated[float, msgspec.Meta(ge=0.0, le=10_080.0)] = 0.0
    """Minutes without any command or click of a person; 0 for never, which a live account does not have."""
    deaf_s: Annotated[float, msgspec.Meta(ge=0.0, le=86_400.0)] = 60.0
    """Seconds without a bot that hears Slack, once there was one (on a live account always); 0 for never."""


class Headlines(StrategyConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Event-driven: a classified headline about a symbol that we trade."""

    ask: Ratio = 0.5
    act: Ratio = 0.9
    stop_pct: Percent = 3.0
    target_pct: Percent = 10.0
    max_age_s: Seconds = 120.0
    """A headline older than this at receipt is not news any more."""
    max_ahead_s: Seconds = 30.0
    """One that says it will be published later than this is not believed."""
    alone_trust: Ratio = 1.0
    """From this trust on, a source alone is enough to act on ..."""
    alone: tuple[str, ...] = ("listing", "delisting")
    """... where it tells of one of these kinds of event."""
    second_trust: Ratio = 0.6
    """From this trust on, a source counts as the second one that corroborates."""
    confirm_s: Seconds = 300.0
    """So long after a headline the market may corroborate it; a second source may while it joins the story."""
    confirm_sigmas: Annotated[float, msgspec.Meta(ge=1.0, le=100.0)] = 4.0
    """The market does so with a move of so many standard deviations of its own last hour, in the right direction ..."""
    confirm_volume: Annotated[float, msgspec.Meta(ge=1.0, le=1000.0)] = 3.0
    """... on so many times the median volume of a minute in that hour."""
    story_h: Annotated[float, msgspec.Meta(gt=0.0, le=720.0)] = 48.0
    """So long after its first headline others join a story."""
    opinion_most: Annotated[float, msgspec.Meta(ge=0.0, le=0.3)] = 0.1
    """By how much a second opinion may move the confidence of an open question, either way; 0: it is only told."""
    per_source: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 20
    """Headlines of one source within a minute that may lead to a signal ..."""
    per_minute: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 60
    """... and of all sources together."""


class MeasureWeights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much each measure of ``fundamentals.valuation`` counts; 0 leaves it out."""

    nvt: Ratio = 1.0
    mvrv: Ratio = 1.0
    fee_yield: Ratio = 0.5
    growth: Ratio = 0.5


class FairValueBand(StrategyConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Fundamental: how far the price is from what the chain's own numbers make it worth."""

    mode: ModeName = "ask"
    ask: Ratio = 0.25
    act: Ratio = 1.0
    stop_pct: Percent = 15.0
    target_pct: Percent = 30.0
    """At most; the target is fair value where that is nearer."""
    expires_s: Seconds = 3600.0
    window_days: Annotated[int, msgspec.Meta(ge=180, le=5_000)] = 1461
    """How many days of history say what is usual."""
    min_days: Annotated[int, msgspec.Meta(ge=90, le=5_000)] = 365
    min_measures: Annotated[int, msgspec.Meta(ge=1, le=4)] = 2
    max_age_days: Annotated[int, msgspec.Meta(ge=1, le=30)] = 3
    """Numbers older than this say nothing."""
    far: Annotated[float, msgspec.Meta(gt=1.0, le=20.0)] = 3.0
    """Halves of the band from fair value at which confidence is 1, and the cap at its least; the band ends at 1."""
    least_part: Ratio = 0.25
    """So much of ``max_position_pct`` is left to a symbol that is that dear."""
    weights: MeasureWeights = MeasureWeights()
    macro: dict[str, Annotated[float, msgspec.Meta(ge=-0.5, le=0.5)]] = msgspec.field(default_factory=dict)
    """Of each macro series: what one standard deviation of its change adds to the logarithm of fair value."""

    def __post_init__(self) -> None:
        """Refuse a window that is shorter than what is wanted of it."""
        super().__post_init__()
        if self.min_days > self.window_days:
            raise ValueError(f"min_days = {self.min_days} is more than window_days = {self.window_days}")


_Technical: Any = msgspec.defstruct(
    "_Technical",
    [(strategy.name, strategy.settings, strategy.settings()) for strategy in TECHNICAL],
    frozen=True,
    forbid_unknown_fields=True,
)


class Strategies(_Technical, frozen=True, forbid_unknown_fields=True):  # type: ignore[misc, call-arg]
    """The strategies that there are, the technical ones from their list; an absent table has its defaults."""

    headlines: Headlines = Headlines()
    fair_value: FairValueBand = FairValueBand()
    arbitrage: Arbitrage = Arbitrage()


class Fundamentals(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the slow numbers come from: files, or http(s) addresses."""

    metrics: tuple[str, ...] = ()
    """Of chains: CSV files named after their asset (``…/eth.csv``), or JSON of a metrics API."""
    macro: dict[str, str] = {}
    """Of the economy: CSV files by the name of their series."""
    every_s: Annotated[float, msgspec.Meta(ge=60.0, le=86_400.0)] = 3600.0


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one person may do; in ``[people.who.ID]``, by Slack user id or login name."""

    role: Literal["viewer", "trader", "admin"] = "trader"
    order_quote: Quote = 0.0
    """Largest entry, at its worst price; 0 for what the gate allows."""
    day_quote: Quote = 0.0
    """All entries of a day (UTC), likewise."""
    channels: tuple[str, ...] = ()
    """Ids of the Slack channels they may act in besides direct messages; empty for wherever the bot listens."""
    same_as: str = ""
    """The id under which the same human has another row: they can't be their own second person."""


class People(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What people may do, and how far an order goes by itself; amounts are in the quote asset."""

    one_step_quote: Quote = 0.0
    """Orders typed in Slack up to this go without a preview; 0: each has one."""
    preview_s: Seconds = 30.0
    """So long a preview may be confirmed."""
    fee_pct: Annotated[float, msgspec.Meta(ge=0.0, le=10.0)] = 0.1
    """The venue's fee on what takes liquidity, for previews and for what was missed."""
    two_person_quote: Quote = 0.0
    """A person's entry above this waits for a second one; 0 for never."""
    two_person_s: Seconds = 120.0
    """So long it waits; then it was no."""
    veto_quote: Quote = 0.0
    """An automatic entry above this waits ``veto_s`` for a veto; 0 for never."""
    veto_s: Seconds = 20.0
    who: dict[str, Person] = {}
    """By Slack user id or login name. On a live account who comes from Slack and isn't here may only look and stop."""


class TradingConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything in ``trader.toml`` that the core decides by."""

    mode: ModeName = "ask"
    """The mode until somebody sets another, which is then kept over restarts."""
    quote_asset: str = "USDT"
    exits: ExitsName = "exchange"
    """Where stops and targets wait: at the exchange with the engine as the second line, or in the engine alone."""
    limits: Limits = Limits()
    breakers: Breakers = Breakers()
    operator: Operator = Operator()
    by_hand: ExitPlan = ExitPlan()
    """What a person's buy has where it names none of its own."""
    strategies: Strategies = Strategies()
    people: People = People()
    fundamentals: Fundamentals = Fundamentals()

    def __post_init__(self) -> None:
        """Refuse limits of a strategy that there is none of, and a step of buys by hand that their target outruns."""
        known = self.strategies.__struct_fields__
        for name in self.limits.strategies:
            if name not in known:
                raise ValueError(f"limits.strategies names {name!r}: there are {', '.join(known)}")
        refuse_late_step(self.by_hand, self.limits.default_target_pct)
