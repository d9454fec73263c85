"""What is written of proposals, commands and equity, and what a restart makes of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import pytest
from core_builders import ALICE, BOB, BTC, ETH, Desk, S, config, quote_amount, sent, told, written

from engine.core.actions import Action, Later, Send, Write
from engine.core.config import OrderFlow
from engine.core.equity import MARK_EVERY_NS
from engine.core.instrument import E8, parse_e8
from engine.core.record_codec import AnyRecord, decode_record, encode_record
from engine.core.records import Answered, Asked, Decided, Declined, Intended, Proposed, Refused
from engine.core.safeguard_records import EquityMarked
from engine.core.story_records import StoryTurned
from engine.core.tidings import Headline, NewsItem
from engine.core.types import OrderState
from engine.wire import events
from engine.wire.commands import Buy, Close, Decide, GetStatus, Halt, Who
from engine.wire.replies import Reply
from engine.wire.views import ProposalView

ASKED, ACTED = 0.6, 0.95
"""Scores of headlines in the two upper bands."""
_R = TypeVar("_R")


def of_kind(records: Iterable[AnyRecord], kind: type[_R]) -> list[_R]:
    """Return the records of one kind."""
    return [record for record in records if isinstance(record, kind)]


def asked(desk: Desk) -> ProposalView:
    """Let a headline lead to a question; return it as it was posted."""
    return told(desk.headline(ASKED), events.ProposalOpened)[0].proposal


def click(desk: Desk, proposal: ProposalView, choice: str = "buy", who: Who = ALICE) -> tuple[Reply, list[Action]]:
    """Click a button of an alert."""
    decide = Decide(
        id=desk.new_id(),
        who=who,
        proposal_id=proposal.proposal_id,
        choice=choice,  # type: ignore[arg-type]
        fingerprint=proposal.fingerprint,
    )
    return desk.ask(decide)


def after_restart(desk: Desk, *, is_cut: bool = False) -> Desk:
    """Start anew from the journal's bytes; ``is_cut``: a kill kept what is at its end from being written.

    It is armed, unless an order is unknown.
    """
    desk.journal = [decode_record(encode_record(record)) for record in desk.journal]
    while is_cut and not isinstance(desk.journal[-1], Intended | Proposed):
        desk.journal.pop()
    again = desk.restarted()
    again.price(2000.0)
    again.account()
    again.engine.trading.is_warm = True
    again.resume()
    return again


def shown(desk: Desk, proposal: ProposalView) -> tuple[str, str, str]:
    """Return a proposal's state, who decided, and its outcome."""
    found = desk.engine.trading.proposals.get(proposal.proposal_id)
    assert found is not None
    return found.state, found.decided_by, found.outcome


# ---------------------------------------------------------------- proposals are written


def test_a_question_is_written_with_all_that_a_click_is_checked_against() -> None:
    desk = Desk().ready()
    proposal = asked(desk)
    (record,) = of_kind(desk.journal, Proposed)
    assert (record.proposal_id, record.kind, record.title, record.url) == (
        *(proposal.proposal_id, "event", "Big news", "https://example.com"),
    )
    assert (record.signal.symbol, record.lots, record.expires_ns) == (ETH, 4901, desk.now_ns + 60 * S)
    assert of_kind(desk.journal, Decided) == []


def test_whatever_becomes_of_a_question_is_written() -> None:
    """A click, and then how its order ended; no; nothing in time; overtaken."""
    desk = Desk().ready()
    order = sent(click(desk, asked(desk))[1])[0]
    desk.fill(order)
    click(desk, asked(desk), "dismiss", BOB)
    asked(desk)
    desk.wait(61.0)
    asked(desk)
    desk.price(2000.0)
    desk.headline(ACTED)
    assert [(it.state, it.decided_by, it.client_order_id != "") for it in of_kind(desk.journal, Decided)] == [
        ("bought", "slack:U01ALICE", True),
        ("bought", "slack:U01ALICE", True),
        ("dismissed", "slack:U02BOB", False),
        ("expired", "", False),
        ("expired", "", False),
        ("acted", "auto", True),
    ]
    outcomes = [it.outcome for it in of_kind(desk.journal, Decided)]
    assert outcomes[1] == "slack:U01ALICE: bought 0.4901 ETH at 2000.00 (980.20 USDT)"
    assert outcomes[4].startswith("overtaken")


def test_what_the_gate_refuses_a_strategy_is_written_as_a_decision() -> None:
    desk = Desk().ready()
    desk.quote(0.0, 0.0)
    desk.headline(ACTED)
    (decided,), (refused,) = of_kind(desk.journal, Decided), of_kind(desk.journal, Refused)
    assert (decided.state, decided.outcome) == ("refused", str(refused.refusal))
    assert (refused.symbol, len(of_kind(desk.journal, Proposed))) == (ETH, 1)


def test_nothing_is_written_of_a_signal_before_its_order_has_left() -> None:
    """All that the core returns at once is the order: what is kept of it is put off."""
    desk = Desk().ready()
    item = NewsItem("test", "n", "Big news", "", desk.now_ns, desk.now_ns)
    actions = desk.engine.on_headline(Headline(item, "listing", ACTED, (ETH,), ()))
    assert isinstance(actions[0], Send)
    assert not any(isinstance(action, Write) for action in actions)
    assert any(isinstance(action, Later) for action in actions)


def test_what_the_kernels_say_can_be_written_and_read_again() -> None:
    """A technical signal's numbers come out of arrays."""
    desk = Desk(config(flow=OrderFlow(min_trades=5, ask=0.1, act=0.2))).ready()
    for i in range(10):
        desk.now_ns += S // 10
        desk.price(2000.0 + i * 0.1)
    (record,) = of_kind(desk.journal, Proposed)
    assert decode_record(encode_record(record)) == record


# ---------------------------------------------------------------- proposals over a restart


def test_an_alert_from_before_a_crash_is_decided_as_usual() -> None:
    """The same fingerprint, priced anew; the bot finds what it has posted in the snapshot."""
    desk = Desk().ready()
    proposal = asked(desk)
    again = after_restart(desk)
    again.now_ns += 10 * S
    again.price(2004.0)
    reply, actions = click(again, proposal)
    assert (reply.ok, sent(actions)[0].origin) == (True, "slack:U01ALICE")
    assert reply.text.startswith("alert 10 s old; price +0.20 %")
    after = told(actions, events.ProposalClosed)[0].proposal
    assert (after.proposal_id, after.url, after.headline) == (proposal.proposal_id, proposal.url, "Big news")


def test_an_alert_that_expired_while_nobody_was_there_says_so() -> None:
    """At once to a click, and to everybody with the next timer, written down."""
    desk = Desk().ready()
    proposal = asked(desk)
    desk.now_ns += 61 * S
    again = after_restart(desk)
    assert click(again, proposal)[0].code == "EXPIRED"
    assert told(again.wait(0.1), events.ProposalClosed)[0].proposal.state == "expired"
    assert of_kind(again.journal, Decided)[-1].state == "expired"


def test_two_clicks_across_a_restart_buy_once() -> None:
    desk = Desk().ready()
    proposal = asked(desk)
    assert click(desk, proposal)[0].ok
    reply, actions = click(after_restart(desk), proposal, who=BOB)
    assert (reply.code, sent(actions)) == ("ALREADY_DECIDED", [])
    assert "Alice clicked Buy" in reply.text


@pytest.mark.parametrize(("choice", "state"), [("buy", "bought"), ("sell", "sold")])
def test_a_click_whose_order_left_right_before_the_kill_is_a_decision(choice: str, state: str) -> None:
    """The intent is all that was written: nobody is asked again, and the ledger hears of it at the next start."""
    desk = Desk().ready().holding()
    proposal = asked(desk)
    order = sent(click(desk, proposal, choice)[1])[0]
    again = after_restart(desk, is_cut=True)
    assert shown(again, proposal) == (state, "slack:U01ALICE", "the order is on its way")
    assert of_kind(again.journal, Decided)[-1].client_order_id == order.client_order_id
    assert click(again, proposal, choice, BOB)[0].code == "ALREADY_DECIDED"
    ended = told(again.execute(order, OrderState.EXPIRED), events.ProposalClosed)[0].proposal
    assert ended.outcome.startswith("slack:U01ALICE: nothing was")


def test_an_order_of_the_engine_whose_alert_was_cut_off_is_no_question() -> None:
    """Killed between what was proposed and that it was acted on: a click must not buy a second time."""
    desk = Desk().ready()
    desk.headline(ACTED)
    again = after_restart(desk, is_cut=True)
    (record,) = of_kind(again.journal, Proposed)
    proposal = again.engine.trading.proposals.get(record.proposal_id)
    assert proposal is not None
    assert (proposal.state, again.engine.trading.proposals.open()) == ("acted", [])
    assert of_kind(again.journal, Decided)[-1].state == "acted"


def test_the_end_of_an_order_that_nobody_had_time_to_tell_is_told_at_the_next_start() -> None:
    desk = Desk().ready()
    proposal = asked(desk)
    desk.fill(sent(click(desk, proposal)[1])[0])
    last = max(number for number, record in enumerate(desk.journal) if isinstance(record, Decided))
    del desk.journal[last:]
    again = after_restart(desk)
    assert shown(again, proposal)[2].startswith("slack:U01ALICE: bought 0.4901 ETH")
    assert len(of_kind(again.restarted().journal, Decided)) == len(of_kind(again.journal, Decided))


def test_the_same_headline_is_not_asked_about_again_after_a_restart() -> None:
    """A feed tells its last ones again to whoever connects."""
    desk = Desk().ready()
    desk.headline(ASKED, "n-1")
    again = after_restart(desk)
    assert told(again.headline(ASKED, "n-1"), events.NewsHeard)[0].verdict.startswith("ignored: C23_REPEAT")


def test_the_same_headline_is_not_asked_about_again_where_a_kill_came_before_its_story_was_written() -> None:
    """The question is in the journal before the story, and is known by the headline's id."""
    desk = Desk().ready()
    desk.headline(ASKED, "n-1")
    desk.journal = [record for record in desk.journal if not isinstance(record, StoryTurned)]
    again = after_restart(desk)
    assert told(again.headline(ASKED, "n-1"), events.NewsHeard)[0].verdict == "ignored: the same signal came before"


def test_proposals_of_what_is_not_followed_any_more_are_passed_over() -> None:
    desk = Desk(symbols=(ETH, BTC)).ready()
    desk.headline(ASKED, symbols=(BTC,))
    desk.instruments = {ETH: desk.instruments[ETH]}
    assert list(desk.restarted().engine.trading.proposals) == []


# ---------------------------------------------------------------- commands


def test_a_command_is_written_before_it_is_carried_out_and_a_question_is_not() -> None:
    desk = Desk().ready()
    buy = Buy(id="b-1", who=BOB, symbol="eth", amount=quote_amount("200"))
    kept = written(desk.ask(buy)[1])
    assert [type(record) for record in kept] == [Asked, Intended, Answered]
    assert kept[0] == Asked("b-1", "U02BOB", "Bob", "slack", "buy symbol=eth amount=200 quote", desk.now_ns)
    assert desk.ask(buy)[1] == []
    assert desk.ask(GetStatus(id="s-1", who=BOB))[1] == []


def test_a_click_that_is_refused_is_written_as_declined() -> None:
    desk = Desk().ready()
    proposal = asked(desk)
    desk.ask(Halt(id="h", who=ALICE))
    reply, actions = click(desk, proposal)
    (declined,) = of_kind(written(actions), Declined)
    assert (declined.code, declined.text, declined.command_id) == ("HALTED", reply.text, reply.command_id)


# ---------------------------------------------------------------- equity


def test_equity_is_marked_every_minute_and_when_a_round_trip_closes() -> None:
    desk = Desk().ready().holding("900")
    desk.wait(0.1)
    desk.price(2050.0)
    desk.wait(MARK_EVERY_NS / S)
    first, second = of_kind(desk.journal, EquityMarked)
    assert (first.equity_e8, first.cash_e8) == (parse_e8("99999.9955"), parse_e8("99100"))
    assert second.equity_e8 == second.peak_e8 == parse_e8("100022.4955")
    desk.price(2000.0)
    (order,) = sent(desk.ask(Close(id="c", who=ALICE, symbol="all"))[1])
    desk.fill(order)
    third = of_kind(desk.journal, EquityMarked)[2]
    assert (third.equity_e8, third.peak_e8) == (third.cash_e8, second.peak_e8)


def test_the_peak_is_known_after_a_restart() -> None:
    desk = Desk().ready().holding("900")
    desk.price(2100.0)
    desk.wait(MARK_EVERY_NS / S)
    desk.price(2000.0)
    again = desk.restarted()
    assert again.engine.trading.portfolio.peak_e8 == parse_e8("100044.9955")


def test_nothing_is_marked_until_account_and_prices_are_known() -> None:
    """A restart begins without cash and values what it holds at nothing: no breaker may take that for a loss."""
    desk = Desk().ready().holding("900")
    again = desk.restarted()
    before = len(of_kind(again.journal, EquityMarked))
    again.wait(3.0)
    again.account()
    again.wait(MARK_EVERY_NS / S)
    assert len(of_kind(again.journal, EquityMarked)) == before
    again.price(2000.0)
    again.wait(0.1)
    assert of_kind(again.journal, EquityMarked)[-1].equity_e8 > 99_999 * E8
