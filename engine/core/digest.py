"""Sums up a day or a week: what was made, what was halted, what is held, and what was not done."""

from __future__ import annotations

from typing import Final

from engine.core import trade_answers
from engine.core.instrument import money_text
from engine.core.missed import MissedProposals
from engine.core.records import ArmedSet
from engine.core.safeguard_records import Tripped
from engine.core.trading import Trading
from engine.wire.digest import DigestPeriod, DigestView, IncidentView, LetGoView
from engine.wire.views import TradeView

_MOST: Final = 20


def digest(trading: Trading, missed: MissedProposals, period: DigestPeriod) -> DigestView:
    """Sum up the last 24 hours, or the last 7 days."""
    pnl = trade_answers.pnl(trading, period)
    closed = [trip for trip in trading.portfolio.closed if trip.closed_ns >= pnl.since_ns]
    ranked = sorted(closed, key=lambda trip: trip.pnl_e8(0))
    best, worst = (ranked[-1], ranked[0]) if ranked else (None, None)
    marks = trade_answers.marks_till_now(trading, pnl.since_ns)[:, 1].tolist()
    return DigestView(
        period=period,
        since_ns=pnl.since_ns,
        until_ns=trading.now_ns,
        pnl=pnl,
        equity_from=money_text(marks[0]) if marks else "",
        equity_now=money_text(marks[-1]) if marks else "",
        best=trade_answers.round_trip(trading, best) if best is not None else None,
        worst=trade_answers.round_trip(trading, worst) if worst is not None and worst is not best else None,
        positions=_held(trading),
        incidents=_incidents(trading, pnl.since_ns),
        let_go=LetGoView(*missed.since(pnl.since_ns)),
    )


def _held(trading: Trading) -> tuple[TradeView, ...]:
    return tuple(trade_answers.round_trip(trading, trip).trade for trip in trading.portfolio.open.values())


def _incidents(trading: Trading, since_ns: int) -> tuple[IncidentView, ...]:
    return tuple(_incident(record) for record in trading.past.incidents if record.ts_ns >= since_ns)[-_MOST:]


def _incident(record: ArmedSet | Tripped) -> IncidentView:
    if isinstance(record, Tripped):
        return IncidentView(record.ts_ns, record.code, record.detail, True)
    return IncidentView(record.ts_ns, record.by, record.reason, False)
