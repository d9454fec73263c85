"""A digest has what closed in its time, its best and worst, halts and breakers, what is held, and what was not done."""

from __future__ import annotations

import pytest
from core_builders import ALICE, Desk, config, sent
from test_core_answers import armed, asked, round_trip
from test_core_missed import FREE

from engine.core.trade_answers import DAY_NS
from engine.wire.commands import Halt
from engine.wire.digest import DigestView, GetDigest


def digest(desk: Desk, period: str = "day") -> DigestView:
    view = asked(desk, GetDigest, period=period)
    assert isinstance(view, DigestView)
    return view


def test_it_sums_up_the_last_day_and_no_more() -> None:
    desk = armed()
    round_trip(desk, 2080.0)
    desk.now_ns += 2 * DAY_NS
    round_trip(desk, 2060.0)
    round_trip(desk, 1980.0)
    day, week = digest(desk), digest(desk, "week")
    assert (day.pnl.total.trades, week.pnl.total.trades) == (2, 3)
    assert day.pnl.total.realised_quote == "4.00"
    assert day.pnl.total.net_r == pytest.approx(1.5 - 0.5)
    assert day.best is not None
    assert day.worst is not None
    assert week.best is not None
    assert (day.best.trade.pnl_quote, day.worst.trade.pnl_quote) == ("6.00", "-2.00")
    assert week.best.trade.pnl_quote == "8.00"
    assert day.until_ns - day.since_ns == DAY_NS


def test_a_single_trade_is_the_best_and_nothing_is_the_worst() -> None:
    desk = armed()
    round_trip(desk, 2080.0)
    view = digest(desk)
    assert view.best is not None
    assert view.worst is None


def test_it_tells_what_is_held_and_who_halted() -> None:
    desk = armed()
    (entry,) = sent(desk.buy("200", stop_pct=2.0)[1])
    desk.fill(entry, 2000.0)
    desk.ask(Halt(id=desk.new_id(), who=ALICE, reason="lunch"))
    view = digest(desk)
    assert [trade.symbol for trade in view.positions] == ["ETHUSDT"]
    assert [(it.by, it.text, it.is_breaker) for it in view.incidents] == [("slack:U01ALICE", "lunch", False)]
    desk.now_ns += 2 * DAY_NS
    assert digest(desk).incidents == ()


def test_it_counts_what_nobody_took_when_that_has_come_to_its_end() -> None:
    desk = Desk(config(mode="ask", people=FREE)).ready()
    desk.headline(0.7)
    assert digest(desk).let_go.ended == 0
    desk.wait(60)
    desk.now_ns += 1_800 * 10**9
    desk.price(2201.0)
    desk.wait(0.1)
    it = digest(desk).let_go
    assert (it.ended, it.won) == (1, 1)
    assert it.net_r == pytest.approx(3.33, abs=0.02)
    desk.now_ns += 2 * DAY_NS
    assert digest(desk).let_go.ended == 0
