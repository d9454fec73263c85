"""Answers about what was traded and what it made: round trips, profit and loss, the equity's way, the balances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.core.amounts import Unclear
from engine.core.instrument import money_text, scaled_text
from engine.core.past import drawdown
from engine.core.portfolio import RoundTrip
from engine.core.queries import balances_now, is_priced
from engine.core.trading import Trading
from engine.core.types import Symbol
from engine.core.views import trade_view
from engine.wire.answers import (
    AssetView,
    BalancesView,
    EquityPoint,
    EquityView,
    PnlRow,
    PnlView,
    RoundTripsView,
    RoundTripView,
)
from engine.wire.questions import PeriodName

DAY_NS: Final = 86_400_000_000_000
_PERIODS_NS: Final = {"day": DAY_NS, "week": 7 * DAY_NS, "month": 30 * DAY_NS}
_E8: Final = 100_000_000
_MOST_TRADES: Final = 500
_MOST_POINTS: Final = 500
BY_HAND: Final = "by hand"
"""Who thought of a trade that no strategy's signal was behind."""


def round_trips(trading: Trading, symbol: Symbol | None, most: int) -> RoundTripsView:
    """Show open round trips, then the finished ones, newest first; of one symbol, or of all."""
    if not 1 <= most <= _MOST_TRADES:
        raise Unclear("BAD_REQUEST", f"Ask for 1 to {_MOST_TRADES} trades.")
    chosen = [trip for trip in trading.portfolio.trips() if symbol in (None, trip.instrument.symbol)]
    return RoundTripsView(tuple(round_trip(trading, trip) for trip in chosen[:most]), len(chosen))


def round_trip(trading: Trading, trip: RoundTrip) -> RoundTripView:
    """Show one round trip, its open rest valued at the bid."""
    bid_ticks, ended_ns = _bid(trading, trip), trip.closed_ns or trading.now_ns
    return RoundTripView(
        trade=trade_view(trip, bid_ticks, trading.now_ns),
        strategy=trip.strategy,
        cause_id=trip.cause_id,
        cost_quote=money_text(trip.cost_e8),
        proceeds_quote=money_text(trip.proceeds_e8),
        fees_quote=money_text(trip.fees_e8),
        r_multiple=_r_multiple(trip, bid_ticks),
        seconds=(ended_ns - trip.opened_ns) / 1e9,
    )


def pnl(trading: Trading, period: PeriodName) -> PnlView:
    """Sum up what closed since the period began, and what is open now; in all, by symbol and by strategy."""
    since_ns = begin_ns(period, trading.now_ns)
    closed = [trip for trip in trading.portfolio.closed if trip.closed_ns >= since_ns]
    held = [*trading.portfolio.open.values(), *(circle.trip for circle in trading.portfolio.circles.values())]
    fall_e8, fall_pct = drawdown(marks_till_now(trading, since_ns)[:, 1])
    return PnlView(
        period=period,
        since_ns=since_ns,
        quote_asset=trading.config.quote_asset,
        total=_row(trading, "all", closed, held, since_ns),
        symbols=_rows(trading, closed, held, since_ns, by_strategy=False),
        strategies=_rows(trading, closed, held, since_ns, by_strategy=True),
        max_drawdown_quote=money_text(fall_e8),
        max_drawdown_pct=fall_pct,
    )


def begin_ns(period: PeriodName, now_ns: int) -> int:
    """Return when a period began: this day (UTC), 24 hours, 7 or 30 days ago, or 0 for all."""
    if period == "today":
        return now_ns - now_ns % DAY_NS
    return now_ns - _PERIODS_NS[period] if period in _PERIODS_NS else 0


def equity(trading: Trading, span_s: float, points: int) -> EquityView:
    """Show how the equity moved over a span (0 s: all that is remembered), thinned evenly, its ends kept."""
    if not 2 <= points <= _MOST_POINTS or not span_s >= 0.0:
        raise Unclear("BAD_REQUEST", f"Ask for 2 to {_MOST_POINTS} points, over a span of 0 s or more.")
    since_ns = max(trading.now_ns - int(min(span_s, 1e9) * 1e9), 0) if span_s else 0
    marks = marks_till_now(trading, since_ns)
    if len(marks) > points:
        marks = marks[np.linspace(0, len(marks) - 1, points).round().astype(np.int64)]
    shown = tuple(EquityPoint(ts_ns, money_text(equity_e8)) for ts_ns, equity_e8 in marks.tolist())
    peak_e8 = max([trading.portfolio.peak_e8, *marks[-1:, 1].tolist()])
    return EquityView(trading.config.quote_asset, shown, money_text(peak_e8))


def balances(trading: Trading) -> BalancesView:
    """Show every asset of the account that is not nought, and what it is worth at the bid."""
    quote, markets = trading.config.quote_asset, trading.markets
    bids_e8 = {m.instrument.base_asset: m.bid_ticks * m.instrument.tick_e8 for m in markets.values()} | {quote: _E8}
    shown = []
    for balance in balances_now(trading):
        whole_e8, bid_e8 = balance.free_e8 + balance.locked_e8, bids_e8.get(balance.asset, 0)
        if whole_e8:
            worth = money_text(whole_e8 * bid_e8 // _E8) if bid_e8 else ""
            shown.append(
                AssetView(balance.asset, scaled_text(balance.free_e8, 8), scaled_text(balance.locked_e8, 8), worth)
            )
    free_e8 = next((balance.free_e8 for balance in balances_now(trading) if balance.asset == quote), 0)
    return BalancesView(quote, money_text(trading.equity_e8()), money_text(free_e8), tuple(shown))


def marks_till_now(trading: Trading, since_ns: int) -> NDArray[np.int64]:
    """Return the marks since a moment, and what the account is worth now once that is known: int64, shape (n, 2)."""
    marks = trading.past.equity.since(since_ns)
    if not (trading.is_reconciled and is_priced(trading)):
        return marks
    return np.append(marks, [[trading.now_ns, trading.equity_e8()]], axis=0)


def _rows(
    trading: Trading, closed: Sequence[RoundTrip], held: Sequence[RoundTrip], since_ns: int, *, by_strategy: bool
) -> tuple[PnlRow, ...]:
    """Sum up by symbol, or by strategy; those that made most come first."""

    def name_of(trip: RoundTrip) -> str:
        return (trip.strategy or BY_HAND) if by_strategy else trip.instrument.symbol

    names = dict.fromkeys(map(name_of, (*closed, *held)))
    rows = (
        _row(
            trading, name, [t for t in closed if name_of(t) == name], [t for t in held if name_of(t) == name], since_ns
        )
        for name in names
    )
    return tuple(sorted(rows, key=lambda row: -float(row.realised_quote)))


def _row(trading: Trading, name: str, closed: Sequence[RoundTrip], held: Sequence[RoundTrip], since_ns: int) -> PnlRow:
    """Sum up: what sales since then realised, of open trades too, and how the trades that closed since then ended."""
    made = [trip.pnl_e8(0) for trip in closed]
    multiples = [r for trip in closed if (r := _r_multiple(trip, 0)) is not None]
    won_e8, lost_e8 = sum(e8 for e8 in made if e8 > 0), -sum(e8 for e8 in made if e8 < 0)
    return PnlRow(
        name=name,
        trades=len(closed),
        wins=sum(e8 > 0 for e8 in made),
        losses=sum(e8 < 0 for e8 in made),
        realised_quote=money_text(sum(trip.realised_e8(since_ns) for trip in (*closed, *held))),
        unrealised_quote=money_text(sum(trip.unrealised_e8(_bid(trading, trip)) for trip in held)),
        fees_quote=money_text(sum(trip.fees_e8 for trip in (*closed, *held))),
        profit_factor=won_e8 / lost_e8 if lost_e8 else None,
        expectancy_r=sum(multiples) / len(multiples) if multiples else None,
        net_r=sum(multiples) if multiples else None,
    )


def _r_multiple(trip: RoundTrip, bid_ticks: int) -> float | None:
    risk_e8 = trip.risk_e8()
    return trip.pnl_e8(bid_ticks) / risk_e8 if risk_e8 else None


def _bid(trading: Trading, trip: RoundTrip) -> int:
    return trading.heard[trip.instrument.symbol].bid_ticks
