"""What was not done: followed to its stop, target or horizon, after fees, over a restart; and a strategy's record."""

from __future__ import annotations

import pytest
from core_builders import ALICE, E8, Desk, config, sent, told, written

from engine.core.config import People
from engine.core.missed import track_record
from engine.core.records import Missed
from engine.wire.commands import Decide, LockSymbol
from engine.wire.events import ProposalMissed, ProposalOpened
from engine.wire.hand_views import MissedView
from engine.wire.questions import GetMissed
from engine.wire.views import ProposalView

FREE = People(fee_pct=0.0)


def asked(desk: Desk) -> ProposalView:
    return told(desk.headline(0.7), ProposalOpened)[0].proposal


def decide(desk: Desk, proposal: ProposalView, choice: str) -> None:
    click = Decide(
        id=desk.new_id(),
        who=ALICE,
        proposal_id=proposal.proposal_id,
        choice=choice,  # type: ignore[arg-type]
        fingerprint=proposal.fingerprint,
    )
    reply, actions = desk.ask(click)
    assert reply.ok, reply
    for order in sent(actions):
        desk.fill(order)


def view(desk: Desk) -> MissedView:
    result = desk.ask(GetMissed(id="q", who=ALICE))[0].result
    assert isinstance(result, MissedView)
    return result


@pytest.mark.parametrize(
    ("price", "end", "r"),
    [(1939.0, "its stop first", -1.02), (2201.0, "its target first", 3.33), (2000.0, "neither in its time", 0.0)],
)
def test_what_nobody_took_is_followed_to_its_end(price: float, end: str, r: float) -> None:
    """Stop 3 % below, target 10 % above, an hour's time; a stop is left at the bid that was there, a target at it."""
    desk = Desk(config(mode="ask", people=FREE)).ready()
    proposal = asked(desk)
    desk.wait(60)
    assert view(desk).strategies[0].followed == 1
    desk.now_ns += 1800 * E8 * 10
    desk.price(price)
    desk.wait(0.1)
    if price == 2000.0:
        assert not view(desk).last, "it is not over yet"
        desk.wait(1801)
    (last,) = view(desk).last
    assert (last.proposal_id, last.state, last.end) == (proposal.proposal_id, "expired", end)
    assert last.r_multiple == pytest.approx(r, abs=0.02)


def test_it_is_told_once_and_costs_both_fees() -> None:
    desk = Desk(config(mode="ask")).ready()
    decide(desk, asked(desk), "dismiss")
    desk.price(2201.0)
    actions = desk.wait(0.1)
    (event,) = told(actions, ProposalMissed)
    free = Desk(config(mode="ask", people=FREE)).ready()
    decide(free, asked(free), "dismiss")
    free.price(2201.0)
    (without,) = told(free.wait(0.1), ProposalMissed)
    assert event.missed.state == "dismissed"
    assert event.missed.r_multiple < without.missed.r_multiple
    assert len([record for record in written(actions) if isinstance(record, Missed)]) == 1
    assert told(desk.wait(5), ProposalMissed) == []


def test_what_the_gate_refused_by_itself_is_followed_too() -> None:
    """In mode auto, with the symbol locked."""
    desk = Desk(config(mode="auto", act=0.6, people=FREE)).ready()
    assert desk.ask(LockSymbol(id="l", who=ALICE, symbol="eth", seconds=60.0))[0].ok
    desk.headline(0.95)
    assert [each.followed for each in view(desk).strategies] == [1]
    desk.price(2201.0)
    desk.wait(0.1)
    assert [each.state for each in view(desk).last] == ["refused"]


def test_a_restart_goes_on_following_and_keeps_the_sums() -> None:
    desk = Desk(config(mode="ask", people=FREE)).ready()
    decide(desk, asked(desk), "dismiss")
    again = desk.restarted()
    again.price(2201.0)
    again.wait(0.1)
    assert [each.net_r > 3.0 for each in view(again).strategies] == [True]
    assert view(again.restarted()) == view(again)


def test_what_somebody_took_is_not_followed() -> None:
    desk = Desk(config(mode="ask")).ready()
    decide(desk, asked(desk), "buy")
    desk.wait(1)
    assert view(desk).strategies == ()


def test_an_alert_says_what_such_signals_were_worth() -> None:
    """None at first; then the one that was clicked, at its stop: minus one R and a little more."""
    desk = Desk(config(mode="ask")).ready()
    first = asked(desk)
    assert (first.record_trades, first.record_won) == (0, 0)
    decide(desk, first, "buy")
    for order in sent(desk.price(1939.0)):
        desk.fill(order, 1938.99)
    record = track_record("headlines", desk.engine.trading.portfolio.closed)
    assert (record.trades, record.won) == (1, 0)
    assert record.mean_r == pytest.approx(-1.02, abs=0.02)
    desk.now_ns += 120 * 10 * E8
    desk.price(2000.0)
    second = asked(desk)
    assert (second.record_trades, second.record_won) == (1, 0)
