"""How a digest reads in a terminal: plain lines."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.wire.answers import PnlRow, RoundTripView
from engine.wire.digest import DigestView, IncidentView
from engine.wire.views import TradeView

_PERIODS = {"day": "The last 24 hours", "week": "The last 7 days"}


def digest_text(view: DigestView) -> str:
    """Write a digest."""
    total, asset = view.pnl.total, view.pnl.quote_asset
    equity = f"equity {view.equity_from} to {view.equity_now} {asset}" if view.equity_now else "equity not known yet"
    lines = [
        f"{_PERIODS[view.period]}, until {_moment(view.until_ns)}: {_row(total, asset)}, fees {total.fees_quote}",
        f"{equity}; largest fall {view.pnl.max_drawdown_quote} ({view.pnl.max_drawdown_pct:.2f} %)",
        *(f"  symbol {row.name}: {_row(row, asset)}" for row in view.pnl.symbols),
        *(f"  strategy {row.name}: {_row(row, asset)}" for row in view.pnl.strategies),
        *(f"  {name} trade: {_trip(trip)}" for name, trip in (("best", view.best), ("worst", view.worst)) if trip),
        *map(_held, view.positions),
        *map(_incident, view.incidents),
        f"not done: {view.let_go.ended} proposals dismissed or expired: net {view.let_go.net_r:+.1f} R "
        f"({view.let_go.net_quote} {asset})",
    ]
    return "\n".join(lines)


def _row(row: PnlRow, asset: str) -> str:
    in_r = "" if row.net_r is None else f" ({row.net_r:+.1f} R)"
    return f"{row.realised_quote} {asset}{in_r} of {row.trades} trades, {row.wins} won; open {row.unrealised_quote}"


def _trip(trip: RoundTripView) -> str:
    in_r = "" if trip.r_multiple is None else f" ({trip.r_multiple:+.2f} R)"
    return f"{trip.trade.symbol} {trip.trade.pnl_quote} {trip.trade.quote_asset}{in_r}, {trip.trade.trade_id}"


def _held(trade: TradeView) -> str:
    return f"  open: {trade.symbol} {trade.qty} from {trade.entry_price}, {trade.pnl_quote} {trade.quote_asset} now"


def _incident(it: IncidentView) -> str:
    return f"  {_moment(it.ts_ns)} {'breaker' if it.is_breaker else 'halted by'} {it.by}: {it.text}"


def _moment(ts_ns: int) -> str:
    return datetime.fromtimestamp(ts_ns / 1e9, UTC).strftime("%d %b %H:%M UTC")
