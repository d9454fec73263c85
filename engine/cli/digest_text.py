"""How a digest reads in a terminal: plain lines."""

from __future__ import annotations

from engine.wire.answers import PnlRow, RoundTripView
from engine.wire.digest import DigestView, IncidentView
from engine.wire.figures import day_and_clock, gain, money, number, plural, price, sum_in_r
from engine.wire.phrases import PERIODS, made
from engine.wire.views import TradeView


def digest_text(view: DigestView) -> str:
    """Write a digest."""
    total, asset = view.pnl.total, view.pnl.quote_asset
    worth = f"{money(view.equity_from)} to {money(view.equity_now, asset)}" if view.equity_now else "not known yet"
    until, fees = day_and_clock(view.until_ns), money(total.fees_quote, asset)
    let_go = f"{plural(view.let_go.ended, 'proposal')} dismissed or expired"
    lines = [
        f"{PERIODS[view.period]}, until {until}: {_row(total, asset)}, fees {fees}",
        f"equity {worth}; largest fall {money(view.pnl.max_drawdown_quote)} ({view.pnl.max_drawdown_pct:.2f} %)",
        *(f"  symbol {row.name}: {_row(row, asset)}" for row in view.pnl.symbols),
        *(f"  strategy {row.name}: {_row(row, asset)}" for row in view.pnl.strategies),
        *(f"  {name} trade: {_trip(trip)}" for name, trip in (("best", view.best), ("worst", view.worst)) if trip),
        *map(_held, view.positions),
        *map(_incident, view.incidents),
        f"not done: {let_go}: net {sum_in_r(view.let_go.net_r)} ({gain(view.let_go.net_quote, asset)})",
    ]
    return "\n".join(lines)


def _row(row: PnlRow, asset: str) -> str:
    r = "" if row.net_r is None else f" ({sum_in_r(row.net_r)})"
    closed = f"{plural(row.trades, 'trade')} closed{r}, {row.wins} won"
    return f"realised {gain(row.realised_quote, asset)}, {closed}; unrealised {gain(row.unrealised_quote)}"


def _trip(trip: RoundTripView) -> str:
    return f"{trip.trade.symbol} {made(trip.trade, trip.r_multiple)}, {trip.trade.trade_id}"


def _held(trade: TradeView) -> str:
    return f"  open: {trade.symbol} {number(trade.qty)} from {price(trade.entry_price)}, {made(trade)} now"


def _incident(it: IncidentView) -> str:
    return f"  {day_and_clock(it.ts_ns)} {'breaker' if it.is_breaker else 'halted by'} {it.by}: {it.text}"
