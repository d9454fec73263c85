"""How the past, the market's candles and the strategies look from outside; amounts and times as in ``views``."""

from __future__ import annotations

from typing import Literal

import msgspec

from engine.wire.views import OrderStampsView, StrategyView, TradeView

KindName = Literal["order", "proposal", "trade"]


class Choices(msgspec.Struct, frozen=True, tag="choices"):
    """What could be meant by a word that fits several; the same command with one of them goes on."""

    word: str
    """As it was typed."""
    options: tuple[str, ...]


class RoundTripView(msgspec.Struct, frozen=True):
    """One round trip with what it cost and made."""

    trade: TradeView
    strategy: str
    """Whose signal it began with, clicked or acted on; empty where a person thought of it."""
    cause_id: str
    """Of the order that opened it."""
    cost_quote: str
    proceeds_quote: str
    fees_quote: str
    """Of both ways, whatever they were paid in; in a third asset at the venue's usual rate."""
    r_multiple: float | None
    """Profit over what it would have lost at its first stop; None where it began without one."""
    seconds: float
    """From its first fill to flat, or until now."""


class RoundTripsView(msgspec.Struct, frozen=True, tag="round_trips"):
    """What ``/trades`` shows."""

    trips: tuple[RoundTripView, ...]
    known: int
    """How many there are in all, of the symbol where one was named."""


class PnlRow(msgspec.Struct, frozen=True):
    """What was made and lost with one symbol, one strategy, or in all."""

    name: str
    trades: int
    """Closed ones, and so are those won and lost, the profit factor and R."""
    wins: int
    losses: int
    realised_quote: str
    """What the sales in the period made over the cost of what they sold, after fees; of open trades too."""
    unrealised_quote: str
    """What is held now would make at the bid over its own cost."""
    fees_quote: str
    profit_factor: float | None
    """What the winners made over what the losers lost; None without a loser."""
    expectancy_r: float | None
    """Mean profit in R of the trades that began with a stop; None where none did."""
    net_r: float | None = None
    """And in all."""


class PnlView(msgspec.Struct, frozen=True, tag="pnl"):
    """What ``/pnl`` shows."""

    period: str
    since_ns: int
    """0 for all."""
    quote_asset: str
    total: PnlRow
    symbols: tuple[PnlRow, ...]
    strategies: tuple[PnlRow, ...]
    max_drawdown_quote: str
    """Largest fall of the equity from its highest in the period, as it was marked each minute."""
    max_drawdown_pct: float


class EquityPoint(msgspec.Struct, frozen=True):
    """What the account was worth at a moment."""

    ts_ns: int
    equity_quote: str


class EquityView(msgspec.Struct, frozen=True, tag="equity"):
    """How the worth of the account moved."""

    quote_asset: str
    points: tuple[EquityPoint, ...]
    """Oldest first; the last one is now, once the account and the prices are known."""
    peak_quote: str
    """The highest ever."""


class CandleView(msgspec.Struct, frozen=True):
    """One candle; ``volume`` is in the base asset."""

    ts_open_ns: int
    """By the venue's or the tape's own clock."""
    open: str
    high: str
    low: str
    close: str
    volume: str


class CandlesView(msgspec.Struct, frozen=True, tag="candles"):
    """A symbol's candles, oldest first; the last one is still being made."""

    symbol: str
    bar: str
    bar_ns: int
    candles: tuple[CandleView, ...]


class ParameterView(msgspec.Struct, frozen=True):
    """One of a strategy's numbers."""

    name: str
    value: str
    default: str
    """What ``trader.toml`` says."""
    is_settable: bool
    """False where it is fixed at the start."""


class StrategyDetail(msgspec.Struct, frozen=True):
    """One strategy, its parameters, and what it last said."""

    strategy: StrategyView
    parameters: tuple[ParameterView, ...]
    last_signal: str
    """In words; empty while it has said nothing since the engine started."""
    ts_last_signal_ns: int


class StrategiesView(msgspec.Struct, frozen=True, tag="strategies"):
    """What ``/strategies`` shows."""

    mode: str
    """The global one, which caps theirs."""
    strategies: tuple[StrategyDetail, ...]


class StoryTurnView(msgspec.Struct, frozen=True):
    """One turn of a story: what brought it, and what the engine did then."""

    ts_ns: int
    turn: str
    """``opened``, ``stronger``, ``announced``, ``confirmed`` or ``denied``."""
    state: str
    """Of the story from then on."""
    source: str
    title: str
    rules: tuple[str, ...]
    """What fired, or what the market did."""
    verdict: str


class WhyView(msgspec.Struct, frozen=True, tag="why"):
    """The decision behind something; what is not known, or not of its kind, is empty."""

    kind: KindName
    id: str
    summary: str
    """What it is, and what became of it."""
    symbol: str = ""
    by: str = ""
    """Who decided: ``auto``, ``slack:U01ALICE``, ``exit:stop_loss``; empty while nobody has."""
    cause_id: str = ""
    strategy: str = ""
    """Empty where no signal was behind it, and then there is no confidence."""
    confidence: float | None = None
    ask: float | None = None
    act: float | None = None
    """The strategy's thresholds as they are now."""
    reasons: tuple[str, ...] = ()
    """What the strategy, or the headline's rules, went by."""
    headline: str = ""
    gate: tuple[str, ...] = ()
    """What the gate said, with the numbers that decided."""
    proposal_id: str = ""
    client_order_id: str = ""
    trade_id: str = ""
    ts_ns: int = 0
    latency: OrderStampsView | None = None
    """When the order passed its stages; None for one of an earlier run."""
    worth: str = ""
    """What such a score had been worth by then, as ``ProposalView`` has it."""
    source: str = ""
    """Of the headline, and where it stands."""
    url: str = ""
    opinion: str = ""
    """A slower model's, as ``ProposalView`` has it; the confidence has been moved by it."""
    story: tuple[StoryTurnView, ...] = ()
    """What the headline's story has come through, oldest first."""


class HeadlineView(msgspec.Struct, frozen=True):
    """One headline and what was made of it."""

    source: str
    title: str
    url: str
    verdict: str
    symbols: tuple[str, ...]
    confidence: float
    ts_ns: int


class HeadlinesView(msgspec.Struct, frozen=True, tag="headlines"):
    """The last headlines, newest first."""

    headlines: tuple[HeadlineView, ...]


class AssetView(msgspec.Struct, frozen=True):
    """One asset of the account."""

    asset: str
    free: str
    locked: str
    worth_quote: str
    """At the bid; empty where no market here prices it."""


class BalancesView(msgspec.Struct, frozen=True, tag="balances"):
    """What ``/balance`` shows."""

    quote_asset: str
    equity_quote: str
    free_quote: str
    """Of the quote asset, less what open buys may still cost."""
    assets: tuple[AssetView, ...]


class WatchView(msgspec.Struct, frozen=True):
    """A price that somebody wants to be told of."""

    watch_id: str
    symbol: str
    direction: Literal["above", "below"]
    price: str
    by: str
    """``slack:U01ALICE``, ``cli:ann``."""
    ts_ns: int


class WatchesView(msgspec.Struct, frozen=True, tag="watches"):
    """The prices that are watched, oldest first."""

    watches: tuple[WatchView, ...]
