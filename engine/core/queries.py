"""Answers to questions: status, positions, orders, and the snapshot that a watcher goes on from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from engine.core.account import Balance
from engine.core.calibration import CIRCLES, Calibrations
from engine.core.config import Arbitrage, StrategyConfig
from engine.core.instrument import money_text, scaled_text
from engine.core.market import Market
from engine.core.proposals import ProposalKind
from engine.core.trading import Trading
from engine.core.types import BUY, Signal, Symbol
from engine.core.views import order_view, price_view, proposal_view, trade_view
from engine.wire import replies, views
from engine.wire.views import HealthView


class Tally:
    """What became of one strategy's signals."""

    __slots__ = ("acted", "asked", "ignored", "last")

    def __init__(self) -> None:
        self.ignored = self.asked = self.acted = 0
        self.last: Signal | None = None
        """The last one."""

    @property
    def signals(self) -> int:
        """How many there were."""
        return self.ignored + self.asked + self.acted


class Roster(msgspec.Struct, frozen=True):
    """The strategies that run, as far as questions about them go."""

    configs: dict[str, StrategyConfig]
    kinds: dict[str, ProposalKind]
    tallies: dict[str, Tally]
    explanations: dict[str, Callable[[Signal, Market], tuple[str, ...]]]
    """How a strategy says with numbers why it spoke, where it can: for people, and off an order's way."""
    calibrations: Calibrations
    """What their scores have been worth."""


class Identity(msgspec.Struct, frozen=True):
    """Who this engine is: told in every status (C21)."""

    version: str
    config_hash: str
    venue: str
    ts_started_ns: int


def is_fresh(trading: Trading, symbol: Symbol) -> bool:
    """Say whether C5 would let an entry rest on a symbol's data now."""
    market = trading.heard[symbol]
    age_s = (trading.now_ns - market.heard_ns) / 1e9
    return (
        market.book.is_in_sync
        and age_s <= trading.gate.limits_of(symbol).stale_s
        and 0 < market.bid_ticks < market.ask_ticks
    )


def is_priced(trading: Trading) -> bool:
    """Say whether everything that is held has a bid to be valued at."""
    portfolio = trading.portfolio
    coins = {coin for circle in portfolio.circles.values() for coin in circle.nets_e8}
    held = [trading.markets[symbol] for symbol in portfolio.open]
    held += [market for coin, market in trading.by_coin.items() if coin in coins]
    return all(market.bid_ticks > 0 for market in held)


def prices(trading: Trading) -> tuple[views.PriceView, ...]:
    """Show every market that has traded."""
    seen = ((symbol, market) for symbol, market in trading.markets.items() if market.last_ticks)
    return tuple(price_view(market, is_fresh(trading, symbol)) for symbol, market in seen)


def health(trading: Trading, outside: Sequence[HealthView]) -> tuple[HealthView, ...]:
    """List what must be well before trading may be armed, then what the outer rooms report."""
    dirty = [symbol for symbol, market in trading.markets.items() if not market.book.is_in_sync]
    unknown = [o for o in trading.orders.working() if o.state == "unknown"]
    return (
        HealthView("kernels", trading.is_warm, "warm" if trading.is_warm else "not compiled yet"),
        HealthView("books", not dirty, f"out of sync: {', '.join(dirty)}" if dirty else "in sync"),
        HealthView("account", trading.is_reconciled, "reconciled" if trading.is_reconciled else "not reconciled yet"),
        HealthView("orders", not unknown, f"{len(unknown)} with an unknown outcome" if unknown else "all known"),
        *outside,
    )


def status(trading: Trading, roster: Roster, identity: Identity, outside: Sequence[HealthView]) -> views.StatusView:
    """Show the state of things."""
    return views.StatusView(
        version=identity.version,
        config_hash=identity.config_hash,
        account=trading.account,
        venue=identity.venue,
        is_armed=trading.is_armed,
        halt_reason=trading.halt_reason,
        mode=trading.modes.everything,
        strategies=tuple(strategy_view(trading, roster, name) for name in roster.configs),
        prices=prices(trading),
        health=health(trading, outside),
        equity_quote=money_text(trading.equity_e8()),
        quote_asset=trading.config.quote_asset,
        open_orders=len(trading.orders.working()),
        open_positions=len(trading.portfolio.open),
        open_proposals=len(trading.proposals.open()),
        refusals=trading.refusals,
        ts_started_ns=identity.ts_started_ns,
        ts_now_ns=trading.now_ns,
    )


def balances_now(trading: Trading) -> list[Balance]:
    """Return what the account has: as the venue last said, the quote asset with our fills and buys under way since."""
    quote, cash_e8 = trading.config.quote_asset, trading.portfolio.cash_e8
    buys = (order for order in trading.orders.unsettled() if order.approved.side is BUY)
    reserved_e8 = sum(trading.instrument(o).notional_e8(o.approved.price_ticks, o.uncounted_lots) for o in buys)
    own = Balance(quote, max(cash_e8 - reserved_e8, 0), min(reserved_e8, cash_e8))
    return [own if balance.asset == quote else balance for balance in trading.portfolio.balances.values()]


def positions(trading: Trading) -> views.PositionsView:
    """Show what is held and what it is worth."""
    held = [(trip, trading.markets[symbol].bid_ticks) for symbol, trip in trading.portfolio.open.items()]
    balances = (
        views.BalanceView(b.asset, scaled_text(b.free_e8, 8), scaled_text(b.locked_e8, 8))
        for b in balances_now(trading)
        if b.free_e8 or b.locked_e8
    )
    return views.PositionsView(
        quote_asset=trading.config.quote_asset,
        equity_quote=money_text(trading.equity_e8()),
        realised_quote=money_text(trading.portfolio.realised_e8),
        unrealised_quote=money_text(sum(trip.unrealised_e8(bid) for trip, bid in held)),
        positions=tuple(trade_view(trip, bid, trading.now_ns) for trip, bid in held),
        balances=tuple(balances),
    )


def orders(trading: Trading) -> replies.OrdersView:
    """Show the open orders and the last 20 finished ones."""
    return replies.OrdersView(
        open=tuple(order_view(order, trading.instrument(order)) for order in trading.orders.working()),
        finished=tuple(order_view(order, trading.instrument(order)) for order in trading.orders.finished(20)),
    )


def proposals(trading: Trading, roster: Roster) -> tuple[views.ProposalView, ...]:
    """Show every proposal that is still remembered, oldest first."""
    return tuple(
        proposal_view(
            p, roster.configs[p.signal.strategy], trading.markets[p.signal.symbol].instrument, warning(trading)
        )
        for p in trading.proposals
    )


def warning(trading: Trading) -> str:
    """Say what stands between a click and an order, if anything does."""
    if trading.is_armed:
        return ""
    first = "/kill reset REASON and then /resume" if trading.latch.is_on else "/resume"
    return f"Trading is halted ({trading.halt_reason}): an admin types {first} before you click."


def snapshot(trading: Trading, roster: Roster, identity: Identity, outside: Sequence[HealthView]) -> replies.Snapshot:
    """Show everything at once; the control room fills the sequence number in."""
    return replies.Snapshot(
        seq=0,
        status=status(trading, roster, identity, outside),
        positions=positions(trading),
        orders=orders(trading),
        proposals=proposals(trading, roster),
        prices=prices(trading),
        alarms=trading.alarms.views(),
    )


def _calibration(roster: Roster, name: str, config: StrategyConfig) -> str:
    words = roster.calibrations.summary(name)
    is_circling = isinstance(config, Arbitrage) and config.circle
    return f"{words}; circles {roster.calibrations.summary(CIRCLES)}" if is_circling else words


def strategy_view(trading: Trading, roster: Roster, name: str) -> views.StrategyView:
    """Show one strategy: its bands, and what became of its signals."""
    config, tally = roster.configs[name], roster.tallies[name]
    return views.StrategyView(
        name=name,
        kind=roster.kinds[name],
        symbols=config.symbols or tuple(trading.markets),
        mode=trading.modes.own[name],
        effective_mode=trading.modes.effective(name),
        ask=config.ask,
        act=config.act,
        signals=tally.signals,
        ignored=tally.ignored,
        asked=tally.asked,
        acted=tally.acted,
        calibration=_calibration(roster, name, config),
    )
