"""A denial that comes while the order behind it is under way: what it brings is sold as it is there."""

from __future__ import annotations

from core_builders import ALICE, ETH, Desk, config, sent, told

from engine.core.actions import Action
from engine.core.tidings import EDITED, Headline, NewsItem
from engine.core.types import OrderState, Side
from engine.wire import events
from engine.wire.commands import Decide


def say(desk: Desk, label: str, score: float, news_id: str = "", doubts: tuple[str, ...] = ()) -> list[Action]:
    """Tell a headline of a source that is believed."""
    item = NewsItem("wire", news_id or desk.new_id(), "Big news", "", desk.now_ns, desk.now_ns)
    return desk.keep(desk.engine.on_headline(Headline(item, label, score, (ETH,), ("a rule",), 1.0, doubts)))


def story_desk() -> Desk:
    return Desk(config(story_h=48.0)).ready()


def test_what_fills_after_its_story_was_denied_is_sold_at_once_and_once() -> None:
    desk = story_desk()
    (order,) = sent(say(desk, "listing", 0.95))
    assert sent(say(desk, "denial", -0.7)) == []
    assert sent(desk.wait(1.0)) == []
    desk.fill(order)
    (sale,) = sent(desk.wait(0.1))
    assert (sale.side, sale.origin) == (Side.SELL, "strategy:headlines")
    assert sent(desk.wait(1.0)) == []


def test_where_nothing_comes_of_the_order_nothing_is_sold() -> None:
    desk = story_desk()
    (order,) = sent(say(desk, "listing", 0.95))
    say(desk, "denial", -0.7)
    desk.execute(order, OrderState.EXPIRED)
    assert sent(desk.wait(0.1)) == []
    desk.holding()
    assert sent(desk.wait(0.1)) == []


def test_of_what_a_person_bought_people_are_asked() -> None:
    """As of any denial of what was only asked about."""
    desk = story_desk()
    view = told(say(desk, "listing", 0.6), events.ProposalOpened)[0].proposal
    click = Decide(id="c", who=ALICE, proposal_id=view.proposal_id, choice="buy", fingerprint=view.fingerprint)
    (order,) = sent(desk.ask(click)[1])
    say(desk, "denial", -0.7)
    desk.fill(order)
    actions = desk.wait(0.1)
    assert sent(actions) == []
    assert [one.proposal.side for one in told(actions, events.ProposalOpened)] == ["sell"]


def test_a_denial_that_was_taken_back_meanwhile_sells_nothing() -> None:
    desk = story_desk()
    (order,) = sent(say(desk, "listing", 0.95, "a"))
    say(desk, "denial", -0.7, "a", (EDITED,))
    say(desk, "listing", 0.95, "a", (EDITED,))
    desk.fill(order)
    assert sent(desk.wait(0.1)) == []
