"""How orders, positions, proposals and the state of things look from outside.

Prices and quantities are the venue's exact decimals as text; amounts of the quote asset are text with two to
eight decimals; ratios and percentages are floats; times are nanoseconds since the Unix epoch.
"""

from __future__ import annotations

from typing import Literal

import msgspec

SideName = Literal["buy", "sell"]


class PriceView(msgspec.Struct, frozen=True):
    """The market of one symbol now."""

    symbol: str
    bid: str
    ask: str
    last: str
    change_pct: float
    """Of ``last`` against the first price since the engine started."""
    ts_exchange_ns: int
    """The tape's or the venue's own time, which need not be the wall clock's."""
    is_fresh: bool
    """False when C5 would refuse an order on it."""


class OrderView(msgspec.Struct, frozen=True, tag="order"):
    """One order of ours, at whatever point of its life."""

    client_order_id: str
    symbol: str
    base_asset: str
    """What ``qty`` counts."""
    quote_asset: str
    """What prices and ``filled_quote`` are in."""
    side: SideName
    order_type: str
    qty: str
    limit_price: str
    """What the venue was given: a market order goes as an IOC limit at the collar (C4)."""
    state: str
    filled_qty: str
    avg_price: str
    """Empty until something filled."""
    filled_quote: str
    fee: str
    """With its asset: ``0.25000000 USDT``; empty when none."""
    reduce_only: bool
    origin: str
    """``strategy:sma_cross``, ``slack:U01ALICE``, ``cli:ann``, ``exit:stop_loss``."""
    cause_id: str
    """The id of the command, signal, proposal or exit that led to it."""
    trade_id: str
    reason: str
    """Why it was rejected, expired or is unknown; else empty."""
    ts_created_ns: int
    ts_changed_ns: int
    stop_price: str = ""
    """Of a stop: the trade price that it waits for; empty for every other order."""


class StepView(msgspec.Struct, frozen=True):
    """A target before the last one."""

    price: str
    part_pct: float
    """Of the position."""
    is_done: bool


class TradeView(msgspec.Struct, frozen=True):
    """A round trip: one position from its first fill to flat. Slack has a thread for each."""

    trade_id: str
    symbol: str
    base_asset: str
    quote_asset: str
    side: SideName
    is_open: bool
    qty: str
    """Held now."""
    entry_price: str
    exit_price: str
    """Average so far; empty while nothing was sold."""
    stop_price: str
    target_price: str
    """Empty for none."""
    pnl_quote: str
    """Realised, plus what the open rest would make at the bid; after fees."""
    pnl_pct: float
    origin: str
    exit_reason: str
    """``stop_loss``, ``take_profit``, ``slack:U01ALICE``; empty while open."""
    ts_opened_ns: int
    ts_closed_ns: int
    stop_kind: str = ""
    """``stop_loss`` as it was first; ``trailing_stop`` or ``break_even`` since it was raised; empty for no stop."""
    steps: tuple[StepView, ...] = ()
    """The targets before the last one, upwards."""
    time_left_s: float | None = None
    """Until it is sold for its time, as of this view; None where it has all the time."""
    realised_quote: str = ""
    """What its sales made over the cost of what they sold, after fees; empty while nothing was sold."""


class BalanceView(msgspec.Struct, frozen=True):
    """One asset of the account."""

    asset: str
    free: str
    locked: str


class PositionsView(msgspec.Struct, frozen=True, tag="positions"):
    """What we hold and what it is worth."""

    quote_asset: str
    equity_quote: str
    realised_quote: str
    """What all sales so far made over the cost of what they sold, after fees; of what is still held too."""
    unrealised_quote: str
    """What the open rest would make at the bid over its own cost."""
    positions: tuple[TradeView, ...]
    balances: tuple[BalanceView, ...]


class StrategyView(msgspec.Struct, frozen=True):
    """One strategy and its bands."""

    name: str
    kind: Literal["technical", "event", "arbitrage", "fundamental"]
    symbols: tuple[str, ...]
    mode: str
    """Its own; the effective one is the smaller of this and the global mode."""
    effective_mode: str
    ask: float
    act: float
    signals: int
    ignored: int
    asked: int
    acted: int
    calibration: str = ""
    """What its scores rest on: ``calibrated on 412 signals, out of sample``, or why it is uncalibrated."""


class HealthView(msgspec.Struct, frozen=True):
    """One thing that must be well, and whether it is."""

    name: str
    is_ok: bool
    detail: str


class PersonView(msgspec.Struct, frozen=True):
    """What one person may do."""

    user_id: str
    role: Literal["viewer", "trader", "admin"]
    channels: tuple[str, ...]
    """Empty for any."""


class StatusView(msgspec.Struct, frozen=True, tag="status"):
    """What `/status` shows."""

    version: str
    config_hash: str
    account: Literal["paper", "live"]
    venue: str
    is_armed: bool
    halt_reason: str
    mode: str
    strategies: tuple[StrategyView, ...]
    prices: tuple[PriceView, ...]
    health: tuple[HealthView, ...]
    equity_quote: str
    quote_asset: str
    open_orders: int
    open_positions: int
    open_proposals: int
    refusals: int
    ts_started_ns: int
    ts_now_ns: int
    people: tuple[PersonView, ...] = ()
    """What the engine was told of who may do what; empty where it was told nothing."""


class ProposalView(msgspec.Struct, frozen=True):
    """A signal in the *ask* band, waiting for a person until it expires. Expiring means no."""

    proposal_id: str
    fingerprint: str
    """Changes whenever what is proposed does; a click must carry the one that the person saw."""
    strategy: str
    kind: Literal["technical", "event", "arbitrage", "fundamental"]
    symbol: str
    base_asset: str
    quote_asset: str
    side: SideName
    confidence: float
    ask: float
    act: float
    price: str
    """The entry that was seen when the signal arose."""
    stop_price: str
    target_price: str
    qty: str
    notional_quote: str
    risk_quote: str
    """What would be lost at the stop, before slippage."""
    reasons: tuple[str, ...]
    headline: str
    """For event-driven ones; else empty."""
    source: str
    url: str
    warning: str
    """For example that trading is halted and what to type first; else empty."""
    state: Literal["open", "bought", "sold", "dismissed", "expired", "refused", "acted"]
    decided_by: str
    """``slack:U01ALICE``, ``cli:ann``, ``auto``; empty while open."""
    client_order_id: str
    outcome: str
    """One sentence for people once it is decided."""
    ts_opened_ns: int
    ts_expires_ns: int
    story_id: str = ""
    """The story that its headline belongs to; empty for what is no news."""
    record_trades: int = 0
    """How many signals of this strategy were traded and closed before this one; 0: there is no record yet."""
    record_won: int = 0
    record_r: float = 0.0
    """Their profit on average, in multiples of what each risked."""
    goes: bool = False
    """It goes by itself when it expires, unless somebody dismisses it: a veto."""
    opinion: str = ""
    """A slower model's second opinion on its headline, and what that made of the confidence:
    ``rules 0.62, second opinion 0.33 where 0.40 is usual → 0.55``; empty where there is none."""
    worth: str = ""
    """What such a score has been worth: ``79 % of 312 such signals made money after costs, out of sample``."""


class StoryView(msgspec.Struct, frozen=True):
    """Related headlines about one coin, as one thing that happens."""

    story_id: str
    symbol: str
    label: str
    """What kind of event: ``listing``, ``partnership`` …"""
    state: Literal["rumour", "announced", "confirmed", "denied"]
    title: str
    """Of the headline that began it, or the first one of a source that is believed."""
    source: str
    url: str
    sources: tuple[str, ...]
    """Everybody who told it."""
    confirmed_by: str
    """The second source, or ``the market``; empty where nobody has."""
    headlines: int
    ts_opened_ns: int


class StageView(msgspec.Struct, frozen=True):
    """How long one stage of an order took, over all orders since the engine started; all times in ns."""

    stage: str
    """What it ends with: ``decoded``, ``decided``, ``gated``, ``journaled``, ``sent``, ``acknowledged``, ``filled``.

    Each begins where the one before ended, ``acknowledged`` and ``filled`` where it was sent; ``received_to_sent`` is
    the whole way through the engine.
    """
    count: int
    p50_ns: int
    p90_ns: int
    p99_ns: int
    max_ns: int


class OrderStampsView(msgspec.Struct, frozen=True):
    """When one order passed its stages."""

    client_order_id: str
    event: str
    """What led to it: ``trade``, ``quote``, ``book``, ``headline``, ``command``, ``timer``."""
    ts_recv_ns: int
    stamps_ns: dict[str, int]
    """By stage, in ns since the event was received; a stage that it has not reached is missing."""


class LatencyView(msgspec.Struct, frozen=True, tag="latency"):
    """How fast the engine is: what ``trader latency`` shows."""

    stages: tuple[StageView, ...]
    orders: tuple[OrderStampsView, ...]
    """The last orders, newest first, at most 20."""
    rehearsed: tuple[StageView, ...]
    """The same stages of the rehearsals, and ``round_trip``: from the twin's frame to its receipt of the order.
    Empty where nothing is rehearsed."""
