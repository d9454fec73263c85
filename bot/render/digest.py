"""A digest: what a day or a week came to, and what was not done."""

from __future__ import annotations

from typing import Final

from bot.render.blocks import Block, Message, clip, context, escape, fields, header, message, section
from bot.render.say import capital, gain, money, who
from bot.render.trade import summary
from engine.wire.answers import PnlRow, RoundTripView
from engine.wire.digest import DigestView, IncidentView
from engine.wire.figures import day_and_clock, plural, sum_in_r
from engine.wire.phrases import PERIODS, made

_NAMES: Final = {"day": "Daily digest", "week": "Weekly digest"}
_MOST: Final = 10
_LINE: Final = 260


def digest(view: DigestView) -> Message:
    """Show a digest."""
    title, span, total, asset = _NAMES[view.period], PERIODS[view.period], view.pnl.total, view.pnl.quote_asset
    made = f"{gain(total.realised_quote, asset)}{_summed(total)}"
    text = f"{title}: {made}, {plural(total.trades, 'trade')} closed in {span}. {let_go(view)}"
    rows = [*_rows("Symbols", view.pnl.symbols, asset), *_rows("Strategies", view.pnl.strategies, asset)]
    return message(
        text,
        [
            header(f"{title}: {made}"),
            _totals(view),
            *rows,
            *_trips(view),
            section("\n".join(["*Held*", *(_held(view) or ["nothing"])])),
            section("\n".join(["*Breakers and halts*", *(map(_incident, view.incidents[:_MOST]))]))
            if view.incidents
            else context("No breaker tripped, nobody halted."),
            section(f"*What was not done*\n{let_go(view)}"),
            context(f"{capital(span)} until {day_and_clock(view.until_ns)} · `/pnl`, `/trades` and `/missed` say more"),
        ],
    )


def let_go(view: DigestView) -> str:
    """Say what came of the proposals that nobody took: ``14 proposals dismissed or expired: net +1.2 R``."""
    it = view.let_go
    if not it.ended:
        return "No proposal was let go and followed to its end."
    net = f"net {sum_in_r(it.net_r)} ({gain(it.net_quote, view.pnl.quote_asset)})"
    return f"{plural(it.ended, 'proposal')} dismissed or expired: {net}, {it.won} would have won."


def _totals(view: DigestView) -> Block:
    total, asset = view.pnl.total, view.pnl.quote_asset
    equity = f"{money(view.equity_from)} → {money(view.equity_now, asset)}" if view.equity_now else "not known yet"
    return fields(
        [
            ("Realised, after fees", f"{gain(total.realised_quote, asset)}{_summed(total)}"),
            ("Unrealised", gain(total.unrealised_quote, asset)),
            ("Closed", f"{plural(total.trades, 'trade')}: {total.wins} won, {total.losses} lost"),
            ("Fees", money(total.fees_quote, asset)),
            ("Equity", equity),
            ("Its largest fall", f"{money(view.pnl.max_drawdown_quote, asset)} ({view.pnl.max_drawdown_pct:.2f} %)"),
        ]
    )


def _rows(name: str, rows: tuple[PnlRow, ...], asset: str) -> list[Block]:
    lines = [
        f"• *{clip(escape(row.name), 60)}* {gain(row.realised_quote, asset)}{_summed(row)} · "
        f"{row.wins} won, {row.losses} lost"
        for row in rows[:_MOST]
    ]
    return [section("\n".join([f"*{name}*", *lines]))] if lines else []


def _trips(view: DigestView) -> list[Block]:
    lines = [f"*{name}* {_trip(trip)}" for name, trip in (("Best", view.best), ("Worst", view.worst)) if trip]
    return [section("\n".join(lines))] if lines else []


def _trip(trip: RoundTripView) -> str:
    trade = trip.trade
    by = f"strategy {escape(trip.strategy)}" if trip.strategy else who(trade.origin)
    result = escape(made(trade, trip.r_multiple))
    return clip(f"{escape(trade.symbol)} {result} by {by} · `{escape(trade.trade_id)}`", _LINE)


def _held(view: DigestView) -> list[str]:
    lines = [
        clip(f"• *{escape(t.symbol)}* {gain(t.pnl_quote, t.quote_asset)} · {summary(t)}", _LINE)
        for t in view.positions[:_MOST]
    ]
    more = len(view.positions) - _MOST
    return [*lines, *([f"{more} more: `/positions`"] if more > 0 else [])]


def _incident(it: IncidentView) -> str:
    what = f":rotating_light: {escape(it.by)}" if it.is_breaker else f":octagonal_sign: halted by {who(it.by)}"
    return clip(f"• {day_and_clock(it.ts_ns)} {what}: {escape(it.text)}", _LINE)


def _summed(row: PnlRow) -> str:
    return "" if row.net_r is None else f" · {sum_in_r(row.net_r)}"
