"""How the answers about past, market and strategies read in a terminal: tables of plain text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from engine.cli.digest_text import digest_text
from engine.cli.latency_text import order_line
from engine.cli.sheet import table_text
from engine.wire.answers import (
    BalancesView,
    CandlesView,
    CandleView,
    Choices,
    EquityView,
    HeadlinesView,
    HeadlineView,
    PnlRow,
    PnlView,
    RoundTripsView,
    RoundTripView,
    StrategiesView,
    StrategyDetail,
    WatchesView,
    WatchView,
    WhyView,
)
from engine.wire.digest import DigestView
from engine.wire.figures import gain, in_r, money, number, price, span
from engine.wire.phrases import PERIODS, bands, made, parameters, tally

PastView = (
    RoundTripsView
    | PnlView
    | EquityView
    | CandlesView
    | StrategiesView
    | WhyView
    | HeadlinesView
    | BalancesView
    | WatchesView
    | DigestView
)


def past_text(view: PastView) -> str:
    """Write one of these answers."""
    match view:
        case RoundTripsView():
            return _trips(view)
        case PnlView():
            return _pnl(view)
        case EquityView():
            marks = [{"time": _moment(point.ts_ns), "equity": money(point.equity_quote)} for point in view.points]
            return _sheet(marks, "no mark yet")
        case CandlesView():
            return _candles(view)
        case StrategiesView():
            return "\n".join([f"global mode {view.mode}", *map(_strategy, view.strategies)])
        case WhyView():
            return _why(view)
        case HeadlinesView():
            return "\n".join(map(_headline, view.headlines)) or "no headline since the engine started"
        case BalancesView():
            return _balances(view)
        case DigestView():
            return digest_text(view)
        case WatchesView():
            return "\n".join(map(watch_text, view.watches)) or "no price is watched: watch eth above 2700"


def choices_text(choices: Choices) -> str:
    """Write what a word could mean, one a line, to be typed in its place."""
    return "\n".join(f"  {option}" for option in choices.options)


def watch_text(watch: WatchView) -> str:
    """Write one watched price."""
    return f"{watch.watch_id}  {watch.symbol} {watch.direction} {price(watch.price)}  ({watch.by})"


def _trips(view: RoundTripsView) -> str:
    more = f"\n{view.known - len(view.trips)} more: trades {view.known}" if view.known > len(view.trips) else ""
    return _sheet([_trip(trip) for trip in view.trips], "no trade yet") + more


def _trip(trip: RoundTripView) -> dict[str, Any]:
    trade = trip.trade
    return {
        "trade": trade.trade_id,
        "symbol": trade.symbol,
        "opened": _moment(trade.ts_opened_ns),
        "held": span(trip.seconds),
        "entry": price(trade.entry_price),
        "exit": "open" if trade.is_open else price(trade.exit_price),
        "made": made(trade, trip.r_multiple),
        "fees": money(trip.fees_quote),
        "by": trip.strategy or trade.origin,
        "ended by": trade.exit_reason,
    }


def _pnl(view: PnlView) -> str:
    fall = f"{money(view.max_drawdown_quote, view.quote_asset)} ({view.max_drawdown_pct:.2f} %)"
    rows = [_row(row, "symbol") for row in view.symbols] + [_row(row, "strategy") for row in view.strategies]
    head = f"{PERIODS[view.period]}, in {view.quote_asset}; largest fall of the equity {fall}"
    return f"{head}\n{table_text([_row(view.total, ''), *rows])}"


def _row(row: PnlRow, kind: str) -> dict[str, Any]:
    return {
        "of": f"{kind} {row.name}".strip(),
        "realised": gain(row.realised_quote),
        "unrealised": gain(row.unrealised_quote),
        "fees": money(row.fees_quote),
        "trades": row.trades,
        "won": row.wins,
        "lost": row.losses,
        "profit factor": "" if row.profit_factor is None else f"{row.profit_factor:.2f}",
        "on average": "" if row.expectancy_r is None else in_r(row.expectancy_r),
    }


def _candles(view: CandlesView) -> str:
    return _sheet(list(map(_candle, view.candles)), f"no candle of {view.symbol} yet")


def _candle(candle: CandleView) -> dict[str, Any]:
    prices = {"open": candle.open, "high": candle.high, "low": candle.low, "close": candle.close}
    shown = {name: price(at) for name, at in prices.items()}
    return {"opened": _moment(candle.ts_open_ns), **shown, "volume": number(candle.volume)}


def _strategy(detail: StrategyDetail) -> str:
    it = detail.strategy
    said = f"{detail.last_signal} at {_moment(detail.ts_last_signal_ns)}" if detail.last_signal else "nothing yet"
    measured = f", {it.calibration}" if it.calibration else ""
    head = f"{it.name} ({it.kind}), mode {it.effective_mode}{measured}"
    return "\n  ".join([head, tally(it), parameters(detail), f"last said: {said}"])


def _why(view: WhyView) -> str:
    lines = [f"{view.kind} {view.id} of {_moment(view.ts_ns)}: {view.summary}"]
    lines += [f"by {view.by or 'nobody yet'}, cause {view.cause_id}"]
    if view.confidence is not None and view.ask is not None and view.act is not None:
        worth = f"; {view.worth}" if view.worth else ""
        lines.append(f"{view.strategy}: confidence {view.confidence:.2f} ({bands(view.ask, view.act)}){worth}")
    lines += [f"headline: {view.headline} ({view.source})"] if view.headline else []
    lines += [f"opinion: {view.opinion}"] if view.opinion else []
    lines += [f"  {reason}" for reason in view.reasons]
    lines += [
        f"story: {_moment(it.ts_ns)}  {it.turn} by {it.source}, {it.state} since: {it.title}" for it in view.story
    ]
    lines += [f"gate: {line}" for line in view.gate]
    named = (("proposal", view.proposal_id), ("order", view.client_order_id), ("trade", view.trade_id))
    lines.append("see also: " + ", ".join(f"{kind} {name}" for kind, name in named if name and name != view.id))
    lines += [f"µs:{order_line(view.latency)}"] if view.latency is not None else []
    return "\n".join(line for line in lines if not line.endswith(": "))


def _headline(headline: HeadlineView) -> str:
    about = f" [{', '.join(headline.symbols)}]" if headline.symbols else ""
    return f"{_moment(headline.ts_ns)}  {headline.source}: {headline.title}{about}\n  {headline.verdict}"


def _balances(view: BalancesView) -> str:
    rows = [
        {
            "asset": each.asset,
            "free": number(each.free),
            "locked": number(each.locked),
            f"worth in {view.quote_asset}": money(each.worth_quote),
        }
        for each in view.assets
    ]
    head = f"equity {money(view.equity_quote, view.quote_asset)}, {money(view.free_quote)} free for orders"
    return f"{head}\n{_sheet(rows, 'nothing is held')}"


def _sheet(rows: Sequence[dict[str, Any]], otherwise: str) -> str:
    return table_text(rows) if rows else otherwise


def _moment(ts_ns: int) -> str:
    return datetime.fromtimestamp(ts_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
