"""What a second opinion does to an open question: it moves the confidence within a bound, journaled, and never acts."""

from __future__ import annotations

import pytest
from core_builders import ALICE, Desk, config, sent, told, written

from engine.core.records import Decided
from engine.core.story_records import Reviewed
from engine.core.tidings import Opinion
from engine.core.types import Side
from engine.wire import events
from engine.wire.commands import Decide
from engine.wire.questions import GetWhy
from engine.wire.views import ProposalView


def opinion(desk: Desk, share: float, title: str = "Big news") -> Opinion:
    """What the model says of the desk's headline; 0.40 is usual."""
    return Opinion("test", title, share, 0.4, "0123456789ab", desk.now_ns)


def asked(desk: Desk, score: float = 0.7) -> ProposalView:
    """The question that a headline leads to."""
    (opened,) = told(desk.headline(score), events.ProposalOpened)
    return opened.proposal


@pytest.mark.parametrize(
    ("share", "confidence", "words"),
    [
        (0.33, 0.63, "rules 0.70, second opinion 0.33 where 0.40 is usual → 0.63"),
        (0.9, 0.8, "rules 0.70, second opinion 0.90 where 0.40 is usual → 0.80"),
        (0.42, 0.7, "0.42 where 0.40 is usual: no different"),
    ],
)
def test_an_open_question_is_told_again_with_it(share: float, confidence: float, words: str) -> None:
    """By as much as the headline is better or worse than others, a tenth at most; the click under way still counts."""
    desk = Desk(config(mode="ask")).ready()
    opened = asked(desk)
    actions = desk.keep(desk.engine.on_opinion(opinion(desk, share)))
    (reviewed,) = told(actions, events.ProposalReviewed)
    assert (reviewed.proposal.proposal_id, reviewed.proposal.opinion) == (opened.proposal_id, words)
    assert reviewed.proposal.confidence == pytest.approx(confidence)
    assert (reviewed.proposal.state, reviewed.proposal.fingerprint) == ("open", opened.fingerprint)
    (record,) = [it for it in written(actions) if isinstance(it, Reviewed)]
    assert (record.words, record.share, record.model) == (words, share, "0123456789ab")
    click = Decide(id="c", who=ALICE, proposal_id=opened.proposal_id, choice="buy", fingerprint=opened.fingerprint)
    assert len(sent(desk.ask(click)[1])) == 1


def test_the_surest_opinion_never_acts() -> None:
    """In auto, on what was only a question: even where the moved confidence reaches *act*, nothing is ordered."""
    desk = Desk(config(mode="auto", act=0.75)).ready()
    assert asked(desk).confidence == 0.7
    actions = desk.keep(desk.engine.on_opinion(opinion(desk, 1.0)))
    assert told(actions, events.ProposalReviewed)[0].proposal.confidence == pytest.approx(0.8)
    assert sent(actions) == sent(desk.wait(1)) == []


def test_a_question_that_falls_below_ask_is_withdrawn_with_the_reason() -> None:
    desk = Desk(config(mode="ask")).ready()
    opened = asked(desk, 0.55)
    actions = desk.keep(desk.engine.on_opinion(opinion(desk, 0.3)))
    (closed,) = told(actions, events.ProposalClosed)
    assert (closed.proposal.proposal_id, closed.proposal.state) == (opened.proposal_id, "expired")
    assert closed.proposal.outcome.startswith("withdrawn: rules 0.55, second opinion 0.30 where 0.40 is usual → 0.45")
    assert "below ask = 0.5" in closed.proposal.outcome
    assert [type(it) for it in written(actions) if isinstance(it, Reviewed | Decided)] == [Reviewed, Decided]
    click = Decide(id="c", who=ALICE, proposal_id=opened.proposal_id, choice="buy", fingerprint=opened.fingerprint)
    reply, after = desk.ask(click)
    assert (reply.ok, sent(after)) == (False, [])


def test_a_question_to_sell_is_lowered_and_stays() -> None:
    """For a sale a rise that is likely lowers; not to ask about what is held would be the risk there."""
    desk = Desk(config(mode="ask")).ready().holding()
    opened = asked(desk, -0.52)
    assert opened.side == Side.SELL.name.lower()
    (reviewed,) = told(desk.keep(desk.engine.on_opinion(opinion(desk, 0.8))), events.ProposalReviewed)
    assert reviewed.proposal.confidence == pytest.approx(0.42)
    assert reviewed.proposal.state == "open"


def test_it_is_only_told_where_it_may_move_nothing() -> None:
    """``opinion_most = 0`` switches it off."""
    desk = Desk(config(mode="ask", opinion_most=0.0)).ready()
    asked(desk, 0.55)
    (reviewed,) = told(desk.keep(desk.engine.on_opinion(opinion(desk, 0.1))), events.ProposalReviewed)
    assert (reviewed.proposal.confidence, reviewed.proposal.opinion) == (0.55, "0.10 where 0.40 is usual: lower")


def test_what_is_decided_or_of_another_headline_stays_as_it_is() -> None:
    desk = Desk(config(mode="ask")).ready()
    desk.headline(0.7)
    assert desk.engine.on_opinion(opinion(desk, 0.9, "Other news")) == []
    desk.wait(100)
    assert desk.engine.on_opinion(opinion(desk, 0.9)) == []


def test_an_order_that_has_left_stays_as_it_is() -> None:
    desk = Desk(config(mode="auto", act=0.6, alone=("listing",))).ready()
    assert len(sent(desk.headline(0.7))) == 1
    assert desk.engine.on_opinion(opinion(desk, 0.0)) == []


def test_a_restart_remembers_what_it_said() -> None:
    """In the alert and in `/why`, with the same confidence."""
    desk = Desk(config(mode="ask")).ready()
    opened = asked(desk)
    desk.keep(desk.engine.on_opinion(opinion(desk, 0.33)))
    again = desk.restarted()
    reply, _ = again.ask(GetWhy(id="w", who=ALICE, what=opened.proposal_id))
    assert reply.result.opinion == "rules 0.70, second opinion 0.33 where 0.40 is usual → 0.63"
    assert reply.result.confidence == pytest.approx(0.63)
