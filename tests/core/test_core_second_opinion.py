"""What a second opinion does to a proposal: it is told on it, journaled, and nothing else changes."""

from __future__ import annotations

import pytest
from core_builders import ALICE, Desk, config, sent, told, written

from engine.core.records import Audited
from engine.core.tidings import Opinion
from engine.core.types import Side
from engine.wire import events
from engine.wire.commands import Decide


def opinion(desk: Desk, share: float, title: str = "Big news") -> Opinion:
    """What the model says of the desk's headline; 0.40 is usual."""
    return Opinion("test", title, share, 0.4, "0123456789ab", desk.now_ns)


@pytest.mark.parametrize(
    ("share", "words"), [(0.31, "0.31, lower"), (0.9, "0.90, higher"), (0.42, "0.42, no different")]
)
def test_an_open_proposal_is_told_again_with_it(share: float, words: str) -> None:
    desk = Desk(config(mode="ask")).ready()
    opened = told(desk.headline(0.7), events.ProposalOpened)[0].proposal
    actions = desk.keep(desk.engine.on_opinion(opinion(desk, share)))
    (reviewed,) = told(actions, events.ProposalReviewed)
    assert (reviewed.proposal.proposal_id, reviewed.proposal.opinion) == (opened.proposal_id, words)
    assert (reviewed.proposal.state, reviewed.proposal.fingerprint) == ("open", opened.fingerprint)
    (record,) = [it for it in written(actions) if isinstance(it, Audited)]
    assert record.after.startswith(words)
    assert "model 0123456789ab" in record.after
    click = Decide(id="c", who=ALICE, proposal_id=opened.proposal_id, choice="buy", fingerprint=opened.fingerprint)
    assert len(sent(desk.ask(click)[1])) == 1  # the click that was under way still counts


def test_the_surest_opinion_never_acts() -> None:
    """In auto, on what was only a question: nothing is ordered."""
    desk = Desk(config(mode="auto")).ready()
    assert told(desk.headline(0.7), events.ProposalOpened)
    assert sent(desk.keep(desk.engine.on_opinion(opinion(desk, 1.0)))) == []


def test_for_a_sale_a_rise_that_is_likely_lowers() -> None:
    desk = Desk(config(mode="ask")).ready().holding()
    (opened,) = told(desk.headline(-0.7), events.ProposalOpened)
    assert opened.proposal.side == Side.SELL.name.lower()
    (reviewed,) = told(desk.keep(desk.engine.on_opinion(opinion(desk, 0.8))), events.ProposalReviewed)
    assert reviewed.proposal.opinion == "0.80, lower"


def test_what_is_decided_or_of_another_headline_stays_as_it_is() -> None:
    desk = Desk(config(mode="ask")).ready()
    desk.headline(0.7)
    assert desk.engine.on_opinion(opinion(desk, 0.9, "Other news")) == []
    desk.wait(100)
    assert desk.engine.on_opinion(opinion(desk, 0.9)) == []
