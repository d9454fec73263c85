"""Clicks on alerts, and commands that come twice: each counts once, on what holds at that moment."""

from __future__ import annotations

import pytest
from alert_story import ASKED, asked, click
from core_builders import (
    ALICE,
    BOB,
    Desk,
    S,
    quote_amount,
    sent,
    told,
    written,
)

from engine.core.actions import Send
from engine.core.records import Answered, Asked, Decided, Declined, Intended, Refused
from engine.core.types import OrderState, Side
from engine.wire import events
from engine.wire.commands import Buy, Decide, Halt
from engine.wire.replies import ProposalTaken, Reply

# ---------------------------------------------------------------- clicks


def test_a_click_becomes_an_order_and_the_alert_says_who_and_what_became_of_it() -> None:
    """Walk c."""
    desk = Desk().ready()
    proposal = asked(desk)
    reply, actions = click(desk, proposal)
    order = sent(actions)[0]
    assert isinstance(actions[1], Send)
    assert [type(record) for record in written(actions)] == [Asked, Intended, Decided, Answered]
    assert reply.ok
    assert isinstance(reply.result, ProposalTaken)
    assert reply.result.changes == ("alert 0 s old", "price +0.00 %", "still inside the gate")
    assert reply.result.order is not None
    assert (order.origin, order.stop_ticks, order.target_ticks) == ("slack:U01ALICE", 194_000, 220_000)
    closed = told(actions, events.ProposalClosed)[0].proposal
    assert (closed.state, closed.decided_by, closed.client_order_id) == (
        "bought",
        "slack:U01ALICE",
        order.client_order_id,
    )
    filled = told(desk.fill(order), events.ProposalClosed)[0].proposal
    assert filled.outcome == "slack:U01ALICE: bought 0.4901 ETH at 2000.00 (980.20 USDT)"


def test_a_click_is_repriced_and_resized_and_says_what_changed() -> None:
    desk = Desk().ready()
    proposal = asked(desk)
    desk.now_ns += 41 * S
    desk.price(2020.0)
    desk.account(USDT="90000")
    reply, actions = click(desk, proposal)
    assert isinstance(reply.result, ProposalTaken)
    assert reply.result.changes == (
        "alert 41 s old",
        "price +1.00 %",
        "size cut 10.9 %",
        "still inside the gate",
    )
    order = sent(actions)[0]
    assert order.ref_ticks == 202_000
    assert abs(order.stop_ticks / 202_000 - 0.97) < 1e-4
    assert abs(order.target_ticks / 202_000 - 1.10) < 1e-4


def test_two_clickers_and_a_double_click_buy_once() -> None:
    desk = Desk().ready()
    proposal = asked(desk)
    replies = [click(desk, proposal), click(desk, proposal), click(desk, proposal, who=BOB)]
    assert [len(sent(actions)) for _, actions in replies] == [1, 0, 0]
    assert all(reply == replies[0][0] for reply, _ in replies)
    late = desk.ask(
        Decide(id="x", who=BOB, proposal_id=proposal.proposal_id, choice="buy", fingerprint=proposal.fingerprint)
    )
    assert (late[0].code, sent(late[1])) == ("ALREADY_DECIDED", [])
    assert "Alice clicked Buy" in late[0].text


@pytest.mark.parametrize("wait_s", [60.0, 61.0])
def test_a_click_after_expiry_does_nothing_whether_or_not_the_timer_came_first(wait_s: float) -> None:
    desk = Desk().ready()
    proposal = asked(desk)
    if wait_s > 60.0:
        actions = desk.wait(wait_s)
        closed = told(actions, events.ProposalClosed)[0].proposal
        assert (closed.state, "expiring means no" in closed.outcome) == ("expired", True)
    else:
        desk.now_ns += int(wait_s * S)
    reply, actions = click(desk, proposal)
    assert (reply.code, sent(actions)) == ("EXPIRED", [])


def test_a_click_just_before_expiry_counts() -> None:
    desk = Desk().ready()
    proposal = asked(desk)
    desk.now_ns += 60 * S - 1
    desk.price(2000.0)
    assert click(desk, proposal)[0].ok


def test_a_click_on_something_else_than_what_is_proposed_now_does_nothing() -> None:
    desk = Desk().ready()
    reply, actions = click(desk, asked(desk), fingerprint="feedbeef")
    assert (reply.code, sent(actions)) == ("CHANGED", [])


@pytest.mark.parametrize("price", [2041.0, 1959.0])
def test_a_click_after_the_price_moved_away_is_refused_with_the_move(price: float) -> None:
    desk = Desk().ready()
    proposal = asked(desk)
    desk.price(price)
    reply, actions = click(desk, proposal)
    assert (reply.code, sent(actions)) == ("C4_PRICE_COLLAR", [])
    assert f"{100 * (price / 2000 - 1):+.2f}%" in reply.text


def test_a_click_after_a_halt_is_refused_and_the_same_click_works_after_resume() -> None:
    """The bot names a click by its button: what was refused must not be refused for ever."""
    desk = Desk().ready()
    proposal = asked(desk)
    desk.ask(Halt(id="h", who=ALICE))
    reply, actions = click(desk, proposal)
    assert (reply.code, sent(actions)) == ("HALTED", [])
    assert [type(record) for record in written(actions)] == [Asked, Refused, Declined]
    assert desk.engine.trading.proposals.get(proposal.proposal_id).is_open  # type: ignore[union-attr]
    assert desk.resume().ok
    assert click(desk, proposal)[0].ok


def test_a_click_without_a_price_is_refused_as_that() -> None:
    desk = Desk().ready()
    proposal = asked(desk)
    desk.quote(0.0, 0.0)
    assert click(desk, proposal)[0].code == "C5_BAD_QUOTE"


def test_dismissing_ends_it() -> None:
    desk = Desk().ready()
    proposal = asked(desk)
    reply, actions = click(desk, proposal, "dismiss")
    assert reply.ok
    assert told(actions, events.ProposalClosed)[0].proposal.outcome == "dismissed by Alice"
    assert click(desk, proposal)[0].code == "ALREADY_DECIDED"


def test_the_sell_button_sells_what_is_held_and_buying_on_a_sell_alert_makes_no_sense() -> None:
    desk = Desk().ready()
    assert click(desk, asked(desk), "sell")[0].code == "NO_POSITION"
    desk.holding()
    bad_news = asked(desk, -ASKED)
    assert (bad_news.side, bad_news.stop_price, bad_news.qty) == ("sell", "", "0.4500")
    assert click(desk, bad_news, "buy")[0].code == "BAD_REQUEST"
    reply, actions = click(desk, bad_news, "sell")
    assert reply.ok
    assert [(order.side, order.qty_lots) for order in sent(actions)] == [(Side.SELL, 4500)]


def test_an_order_that_finds_nobody_is_told_on_the_alert() -> None:
    desk = Desk().ready()
    _, actions = click(desk, asked(desk))
    ended = desk.execute(sent(actions)[0], OrderState.EXPIRED, reason="EXPIRED")
    outcome = told(ended, events.ProposalClosed)[0].proposal.outcome
    assert outcome == "slack:U01ALICE: nothing was bought, the order was expired EXPIRED"


# ---------------------------------------------------------------- commands once


def test_a_command_id_that_was_seen_gets_the_same_answer_and_no_second_order() -> None:
    """F20: Slack delivers an envelope again."""
    desk = Desk().ready()
    command = Buy(id="slack:1", who=ALICE, symbol="eth", amount=quote_amount("200"))
    first, actions = desk.ask(command)
    again, nothing = desk.ask(command)
    assert (again, nothing) == (first, [])
    assert [type(record) for record in written(actions)] == [Asked, Intended, Answered]
    assert len(desk.engine.trading.orders.working()) == 1


def test_a_refused_command_stays_refused_when_it_is_delivered_again() -> None:
    desk = Desk().ready()
    desk.ask(Halt(id="h", who=ALICE))
    command = Buy(id="slack:1", who=ALICE, symbol="eth", amount=quote_amount("200"))
    assert desk.ask(command)[0].code == "HALTED"
    assert desk.resume().ok
    assert desk.ask(command)[0].code == "HALTED"


def test_a_command_that_was_ordered_before_the_crash_is_not_ordered_again() -> None:
    """The intent was written, its answer was not: the cause is known all the same (C6)."""
    desk = Desk().ready()
    command = Buy(id="slack:1", who=ALICE, symbol="eth", amount=quote_amount("200"))
    desk.ask(command)
    desk.journal = [record for record in desk.journal if not isinstance(record, Answered)]
    again = desk.restarted()
    again.price(2000.0)
    again.engine.trading.arm("test")
    assert again.ask(command)[0].code == "C6_REPEAT"


def test_old_answers_are_forgotten_in_the_order_in_which_they_came() -> None:
    desk = Desk()
    for i in range(10_001):
        desk.engine.people.remember(Reply(f"c{i}", True, "OK", "done"))
    assert desk.ask(Halt(id="c1", who=ALICE))[0].text == "done"
    assert desk.ask(Halt(id="c0", who=ALICE))[0].text.startswith("Trading is halted")
