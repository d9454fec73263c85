"""An edit belongs to the story that its item told: it buys nothing twice, and takes back what it denies."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from core_builders import ALICE, ETH, Desk, S, config, sent, told
from msgspec.structs import replace

from engine.core.actions import Action
from engine.core.record_codec import decode_record, encode_record
from engine.core.strategies.event.stories import MOST_STORIES
from engine.core.tidings import EDITED, Headline, NewsItem
from engine.core.types import Side
from engine.wire import events
from engine.wire.answers import WhyView
from engine.wire.commands import Decide
from engine.wire.questions import GetWhy
from engine.wire.replies import Reply
from engine.wire.views import ProposalView

LISTED = ("Venue lists ETH", "listing", 0.95)
DENIED = ("Venue: no listing of ETH", "denial", -0.7)
_others = count(1)


class Wire:
    """A desk that trades on headlines by itself, and a source that edits its headlines."""

    def __init__(self, **headlines: Any) -> None:
        self.desk = Desk(config(**{"story_h": 48.0, "mode": "auto", **headlines})).ready()
        self._published_ns: dict[tuple[str, str], int] = {}

    def say(
        self,
        words: tuple[str, str, float],
        news_id: str = "a",
        source: str = "wire",
        trust: float = 1.0,
        doubts: tuple[str, ...] = (),
    ) -> list[Action]:
        """Publish an item, or other words of it, dated as it was first."""
        title, label, score = words
        now_ns, key = self.desk.now_ns, (source, news_id)
        is_edit = key in self._published_ns
        item = NewsItem(source, news_id, title, "", self._published_ns.setdefault(key, now_ns), now_ns)
        doubts = ((EDITED,) if is_edit else ()) + doubts
        headline = Headline(item, label, score, (ETH,), ("a rule",), trust, doubts)
        return self.desk.keep(self.desk.engine.on_headline(headline))

    def bought(self) -> str:
        """Let the source announce a listing, which is bought by itself; return the order's id."""
        (order,) = sent(self.say(LISTED))
        self.desk.fill(order)
        return str(order.client_order_id)

    def skip(self, proposal: ProposalView) -> Reply:
        """Click no."""
        click = Decide(
            id=self.desk.new_id(),
            who=ALICE,
            proposal_id=proposal.proposal_id,
            choice="dismiss",
            fingerprint=proposal.fingerprint,
        )
        return self.desk.ask(click)[0]

    def wait(self, seconds: float) -> None:
        """Let time pass, with a price at its end."""
        self.desk.wait(seconds)
        self.desk.price(2000.0)


def verdict(actions: list[Action]) -> str:
    """What was told of the headline."""
    return told(actions, events.NewsHeard)[0].verdict


def turns(actions: list[Action]) -> list[tuple[str, str]]:
    """What became of stories."""
    return [(event.what, event.story.state) for event in told(actions, events.StoryChanged)]


@pytest.mark.parametrize("score", [0.95, 0.9, 1.0])
@pytest.mark.parametrize("label", ["listing", "partnership", "rumour"])
def test_an_edit_that_says_the_same_does_nothing(label: str, score: float) -> None:
    """A typo that was mended, even where other words make another kind of it."""
    wire = Wire()
    wire.bought()
    actions = wire.say(("Venue lists ETH!", label, score))
    assert (sent(actions), turns(actions), told(actions, events.ProposalOpened)) == ([], [], [])
    assert verdict(actions).startswith("ignored: C23_REPEAT")


def test_an_edit_of_another_kind_opens_no_second_story_under_the_same_id() -> None:
    """So that whoever reports the first kind afterwards still joins what was bought, and buys nothing again."""
    wire = Wire()
    wire.bought()
    wire.say(("Venue and ETH are partners", "partnership", 0.95))
    actions = wire.say(LISTED, "b", "second")
    assert [(event.what, event.story.headlines) for event in told(actions, events.StoryChanged)] == [("confirmed", 3)]
    assert len(wire.desk.engine.trading.stories.stories()) == 1


@pytest.mark.parametrize("denied", [DENIED, ("Venue lists ETH: that was false", "denial", 0.0)])
def test_a_denial_by_an_edit_sells_what_was_bought(denied: tuple[str, str, float]) -> None:
    """An hour after the item's date, which is that of its first words; and once."""
    wire = Wire()
    wire.bought()
    wire.wait(3600.0)
    actions = wire.say(denied)
    assert [order.side for order in sent(actions)] == [Side.SELL]
    assert turns(actions) == [("denied", "denied")]
    again = wire.say(("Venue: no listing of ETH.", "denial", -0.7))
    assert (sent(again), verdict(again).startswith("ignored: ")) == ([], True)


def test_another_doubt_makes_a_question_of_a_denial_by_an_edit() -> None:
    """Only that it is an edit is no doubt of a denial."""
    wire = Wire()
    wire.bought()
    actions = wire.say(DENIED, doubts=("C23_UNCLEAN: its title has mojibake",))
    assert sent(actions) == []
    assert verdict(actions) == "asked: C23_UNCLEAN: its title has mojibake"


def test_an_edit_that_turns_good_into_bad_without_a_denial_is_asked_about() -> None:
    """What was bought is not sold on words that may be about something else."""
    wire = Wire()
    wire.bought()
    wire.wait(3600.0)
    actions = wire.say(("Venue lists and probes ETH", "regulation", -0.4))
    assert sent(actions) == []
    assert verdict(actions) == f"asked: {EDITED}"
    assert told(actions, events.ProposalOpened)[0].proposal.side == "sell"


def test_an_edit_that_says_more_is_asked_about_under_a_name_of_its_own() -> None:
    """The item's first words have had a question already."""
    wire = Wire()
    first = told(wire.say(("Venue may list ETH", "rumour", 0.65)), events.ProposalOpened)[0].proposal
    assert wire.skip(first).ok
    actions = wire.say(LISTED)
    assert (sent(actions), turns(actions)) == ([], [("announced", "announced")])
    assert verdict(actions) == f"asked: {EDITED}"


def test_a_denial_that_is_taken_back_is_asked_about() -> None:
    """And if it is denied again, what is held is sold again."""
    wire = Wire()
    wire.bought()
    (sale,) = sent(wire.say(DENIED))
    wire.desk.fill(sale)
    actions = wire.say(LISTED)
    assert (sent(actions), turns(actions)) == ([], [("announced", "announced")])
    assert verdict(actions) == f"asked: {EDITED}"
    wire.desk.holding()
    assert [order.side for order in sent(wire.say(DENIED))] == [Side.SELL]


def test_an_edit_that_says_neither_good_nor_bad_takes_nothing_back() -> None:
    """Other words are no denial."""
    wire = Wire()
    wire.bought()
    actions = wire.say(("ETH: see below", "none", 0.0))
    assert (sent(actions), turns(actions)) == ([], [])


def test_an_old_edit_is_nothing_where_it_takes_nothing_back() -> None:
    """Its date is all that is known of how old its words are."""
    wire = Wire()
    wire.bought()
    wire.wait(3600.0)
    assert verdict(wire.say(("Venue lists ETH at once", "listing", 1.0))).startswith("ignored: C23_STALE")
    wire.say(("Venue mends its site", "none", 0.0), "b")
    wire.wait(3600.0)
    assert verdict(wire.say(DENIED, "b")).startswith("ignored: C23_STALE")


def test_an_edit_of_a_second_papers_report_ends_the_story_only_if_that_is_believed_as_much() -> None:
    """A denial by an edit is worth what any denial is."""
    for trust, sides in ((0.9, []), (1.0, [Side.SELL])):
        wire = Wire()
        wire.bought()
        wire.say(LISTED, "b", "second", trust)
        assert [order.side for order in sent(wire.say(DENIED, "b", "second", trust))] == sides


@pytest.mark.parametrize("from_snapshot", [False, True])
def test_an_edit_is_known_after_a_restart(*, from_snapshot: bool) -> None:
    """Though the news room knows no ids of earlier runs: a denial sells, and the same words again take it not back."""
    wire = Wire()
    order_id = wire.bought()
    desk = wire.desk
    desk.journal = [decode_record(encode_record(record)) for record in desk.journal]
    wire.desk = (desk.from_snapshot() if from_snapshot else desk.restarted()).ready()
    wire._published_ns.clear()
    assert [order.side for order in sent(wire.say(DENIED))] == [Side.SELL]
    reply, _ = wire.desk.ask(GetWhy(id=wire.desk.new_id(), who=ALICE, what=order_id))
    assert isinstance(reply.result, WhyView)
    assert [(turn.turn, turn.title) for turn in reply.result.story] == [("opened", LISTED[0]), ("denied", DENIED[0])]
    wire._published_ns.clear()
    assert verdict(wire.say(LISTED)).startswith("ignored: C23_REPEAT")


def test_a_story_of_an_older_journal_knows_the_headline_that_began_it() -> None:
    """There each story was kept without its items."""
    wire = Wire()
    wire.bought()
    wire.desk.journal = [
        replace(record, story=replace(record.story, items=())) if hasattr(record, "story") else record
        for record in wire.desk.journal
    ]
    wire.desk = wire.desk.restarted().ready()
    assert [order.side for order in sent(wire.say(DENIED))] == [Side.SELL]


def test_what_told_a_forgotten_story_is_forgotten() -> None:
    """Memory is bounded."""
    wire = Wire(story_h=1e-14, per_source=10_000, per_minute=10_000)
    for _ in range(MOST_STORIES + 3):
        wire.desk.now_ns += S
        wire.desk.price(2000.0)
        wire.say(("ETH falls", "hack", -0.5), f"n{next(_others)}")
    assert len(wire.desk.engine.headlines.stories._told) == MOST_STORIES
