"""Stories: what joins one, how its state turns, and when a headline may be acted on (C23)."""

from __future__ import annotations

import numpy as np
import pytest
from core_builders import ALICE, BTC, ETH, Desk, S, config, sent, told

from engine.core.actions import Action
from engine.core.config import People
from engine.core.strategies.event.corroborate import market_evidence
from engine.core.strategies.event.stories import MOST_STORIES
from engine.core.tidings import Headline, NewsItem
from engine.core.types import ApprovedOrder, OrderState, Side, Symbol
from engine.wire import events
from engine.wire.commands import Decide

MINUTE = 60 * S


class Wire:
    """Tells a desk headlines about ETH in the words of the classifier."""

    def __init__(self, **headlines: object) -> None:
        self.desk = Desk(config(**{"story_h": 48.0, **headlines}), symbols=(ETH, BTC)).ready()
        self.desk.price(100.0, BTC)
        self._id = 0

    def say(
        self,
        label: str = "partnership",
        score: float = 0.95,
        source: str = "wire",
        trust: float = 1.0,
        doubts: tuple[str, ...] = (),
        symbols: tuple[Symbol, ...] = (ETH,),
        age_s: float = 0.0,
    ) -> list[Action]:
        """Publish one; its score is already what is left after the source's trust."""
        self._id += 1
        now_ns = self.desk.now_ns
        item = NewsItem(source, f"w{self._id}", "Big news", "", now_ns - int(age_s * S), now_ns)
        headline = Headline(item, label, score, symbols, ("a rule",), trust, doubts)
        return self.desk.keep(self.desk.engine.on_headline(headline))


def verdict(actions: list[Action]) -> str:
    """What was told of the headline."""
    return told(actions, events.NewsHeard)[0].verdict


def turns(actions: list[Action]) -> list[tuple[str, str]]:
    """What became of stories."""
    return [(event.what, event.story.state) for event in told(actions, events.StoryChanged)]


def test_a_trusted_source_alone_acts_on_a_listing_only() -> None:
    """Of everything else people are asked, with the reason."""
    assert len(sent(Wire().say("listing"))) == 1
    actions = Wire().say("partnership")
    assert sent(actions) == []
    assert verdict(actions).startswith("asked: C23_UNCONFIRMED: only wire says so")
    assert "C23_UNCONFIRMED" in told(actions, events.ProposalOpened)[0].proposal.reasons[-1]


def test_a_listing_from_a_source_that_is_not_trusted_enough_is_asked_about() -> None:
    """``alone_trust`` and ``alone`` are settings."""
    assert sent(Wire().say("listing", trust=0.9)) == []
    assert len(sent(Wire(alone_trust=0.9).say("listing", trust=0.9))) == 1
    assert len(sent(Wire(alone=("partnership",)).say("partnership"))) == 1


def test_a_second_independent_source_corroborates() -> None:
    """It acts at the surest score of the story, closes the open question, and acts once."""
    wire = Wire()
    asked = told(wire.say(), events.ProposalOpened)[0].proposal
    actions = wire.say(score=0.6, source="second", trust=0.7)
    assert len(sent(actions)) == 1
    assert turns(actions) == [("confirmed", "confirmed")]
    assert [event.proposal.proposal_id for event in told(actions, events.ProposalClosed)] == [asked.proposal_id]
    third = wire.say(source="third")
    assert sent(third) == []
    assert verdict(third).startswith("ignored: C23_REPEAT")


@pytest.mark.parametrize(("label", "score"), [("listing", 0.95), ("rumour", 0.95), ("listing", 1.0)])
def test_what_was_bought_alone_is_not_bought_again_when_others_say_so_too(label: str, score: float) -> None:
    """Ten papers buy once; the story goes on all the same."""
    wire = Wire()
    (order,) = sent(wire.say("listing", 0.9))
    wire.desk.fill(order)
    for source in ("second", "third"):
        actions = wire.say(label, score, source=source)
        assert (sent(actions), told(actions, events.ProposalOpened)) == ([], [])
        assert verdict(actions).startswith("ignored: C23_REPEAT")
    story = told(wire.say(score=-0.5), events.StoryChanged)
    assert story[0].what == "opened"


@pytest.mark.parametrize("is_restarted", [False, True])
def test_what_was_bought_on_a_story_is_known_until_it_is_denied(*, is_restarted: bool) -> None:
    """Over a restart too; what comes after the denial is another story."""
    wire = Wire()
    (order,) = sent(wire.say("listing", 0.95))
    wire.desk.fill(order)
    if is_restarted:
        wire.desk = wire.desk.restarted().ready()
    actions = wire.say("listing", 0.95, source="second")
    assert turns(actions) == [("confirmed", "confirmed")]
    assert verdict(actions).endswith("was bought already")
    (sale,) = sent(wire.say("denial", -0.7))
    wire.desk.fill(sale)
    assert [order.side for order in sent(wire.say("listing", 0.95))] == [Side.BUY]


def test_where_nothing_came_of_the_order_a_second_source_buys() -> None:
    """An order that is cancelled by the venue without a fill has bought nothing."""
    wire = Wire()
    (order,) = sent(wire.say("listing", 0.95))
    wire.desk.execute(order, OrderState.EXPIRED)
    assert [again.side for again in sent(wire.say("listing", 0.95, source="second"))] == [Side.BUY]


def _clicked(wire: Wire, asked: list[Action]) -> list[ApprovedOrder]:
    """Let a person buy on the story that was asked about."""
    view = told(asked, events.ProposalOpened)[0].proposal
    click = Decide(id="c", who=ALICE, proposal_id=view.proposal_id, choice="buy", fingerprint=view.fingerprint)
    return sent(wire.desk.ask(click)[1])


@pytest.mark.parametrize("is_restarted", [False, True])
def test_what_a_person_bought_on_a_story_is_not_bought_again_when_others_confirm_it(*, is_restarted: bool) -> None:
    """A click is as good as what the engine does by itself."""
    wire = Wire()
    (order,) = _clicked(wire, wire.say())
    wire.desk.fill(order)
    if is_restarted:
        wire.desk = wire.desk.restarted().ready()
    actions = wire.say(source="second")
    assert (sent(actions), turns(actions)) == ([], [("confirmed", "confirmed")])
    assert verdict(actions).endswith("was bought already")


def test_what_a_person_bought_on_a_story_is_not_bought_again_when_the_market_confirms_it() -> None:
    """What waited for the market is told as confirmed, and no more."""
    wire = Wire()
    _hour(wire)
    (order,) = _clicked(wire, wire.say())
    wire.desk.fill(order)
    actions = _minute(wire, 2020.0, lots=50_000, steps=3)
    assert [one for one in sent(actions) if one.side is Side.BUY] == []
    assert ("confirmed", "confirmed") in turns(actions)


def test_a_strangers_denial_of_what_was_bought_sells_once_the_market_falls() -> None:
    """That a story was bought bars buying on it, and not selling."""
    wire = Wire()
    _hour(wire)
    (order,) = sent(wire.say("listing", 0.95))
    wire.desk.fill(order)
    assert sent(wire.say("denial", -0.95, source="stranger", trust=0.95)) == []
    actions = _minute(wire, 1980.0, lots=50_000, steps=3)
    assert [sale.side for sale in sent(actions) if sale.origin == "strategy:headlines"] == [Side.SELL]


def test_where_nothing_came_of_a_click_a_second_source_buys() -> None:
    """The venue took the order back without a fill."""
    wire = Wire()
    (order,) = _clicked(wire, wire.say())
    wire.desk.execute(order, OrderState.EXPIRED)
    assert [again.side for again in sent(wire.say(source="second"))] == [Side.BUY]


@pytest.mark.parametrize(("source", "trust"), [("wire", 1.0), ("second", 0.59), ("second", 0.0)])
def test_the_same_source_or_a_stranger_corroborates_nothing(source: str, trust: float) -> None:
    """Ten copies of one voice are one voice."""
    wire = Wire()
    wire.say()
    for _ in range(10):
        assert sent(wire.say(source=source, trust=trust)) == []


def test_the_market_corroborates_within_the_window() -> None:
    """A move of many sigmas on many times the volume, in the right direction."""
    wire = Wire()
    _hour(wire)
    assert sent(wire.say()) == []
    actions = _minute(wire, 2020.0, lots=50_000, steps=3)
    assert [order.side for order in sent(actions)] == [Side.BUY]
    acted = told(actions, events.SignalActed)[0].proposal
    assert "corroborated by the market: a move of" in acted.reasons[-1]
    assert ("confirmed", "confirmed") in turns(actions)


@pytest.mark.parametrize(("price", "lots"), [(2020.0, 20), (2000.5, 50_000), (1980.0, 50_000)])
def test_a_calm_or_falling_market_corroborates_no_good_news(price: float, lots: int) -> None:
    """Without volume, without a move, or with one the wrong way people are asked and no more."""
    wire = Wire()
    _hour(wire)
    wire.say()
    assert sent(_minute(wire, price, lots=lots, steps=5)) == []


def test_the_market_corroborates_nothing_after_the_window() -> None:
    """What rises an hour later rises for another reason."""
    wire = Wire(confirm_s=30.0)
    _hour(wire)
    wire.say()
    wire.desk.wait(31.0)
    assert sent(_minute(wire, 2020.0, lots=50_000, steps=3)) == []


def test_a_doubt_of_the_news_room_is_never_overcome() -> None:
    """Neither by trust nor by a second source nor by the market."""
    wire = Wire()
    _hour(wire)
    actions = wire.say("listing", doubts=("C23_UNCLEAN: its title has mojibake",))
    assert sent(actions) == []
    assert verdict(actions) == "asked: C23_UNCLEAN: its title has mojibake"
    assert sent(_minute(wire, 2020.0, lots=50_000, steps=3)) == []


@pytest.mark.parametrize(("age_s", "code"), [(121.0, "C23_STALE"), (-31.0, "C23_FUTURE"), (-1e9, "C23_FUTURE")])
def test_news_out_of_time_is_refused(age_s: float, code: str) -> None:
    """Back-dated and future-dated."""
    assert verdict(Wire().say("listing", age_s=age_s)).startswith(f"ignored: {code}")


def test_a_denial_sells_what_was_bought_on_the_story_at_what_it_was_worth() -> None:
    """A denial scores less than what it denies, and is believed as much by whom it was believed."""
    wire = Wire()
    (order,) = sent(wire.say("listing", 0.95))
    wire.desk.fill(order)
    wire.desk.wait(3600.0)
    wire.desk.price(2000.0)
    actions = wire.say("denial", -0.7)
    assert [order.side for order in sent(actions)] == [Side.SELL]
    assert turns(actions) == [("denied", "denied")]
    assert sent(wire.say("denial", -0.7)) == []


def test_a_denial_of_what_was_only_asked_about_is_asked_about() -> None:
    """Of a position that came otherwise people decide."""
    wire = Wire()
    wire.desk.holding()
    wire.say("partnership", 0.7)
    actions = wire.say("denial", -0.7)
    assert sent(actions) == []
    assert told(actions, events.ProposalOpened)[0].proposal.side == "sell"


def test_a_strangers_denial_ends_no_story() -> None:
    """Who is believed less than who announced it can't sell what we hold."""
    wire = Wire()
    (order,) = sent(wire.say("listing", 0.95))
    wire.desk.fill(order)
    actions = wire.say("denial", -0.31, source="stranger", trust=0.45)
    assert sent(actions) == []
    assert told(actions, events.StoryChanged)[0].story.state == "announced"


def test_a_rumour_becomes_an_announcement() -> None:
    """What nobody was asked about is asked about once somebody is believed."""
    wire = Wire()
    first = wire.say("rumour", 0.3)
    assert turns(first) == [("opened", "rumour")]
    second = wire.say("listing", 0.8)
    assert turns(second) == [("announced", "announced")]
    story_ids = {told(actions, events.NewsHeard)[0].story_id for actions in (first, second)}
    assert len(story_ids) == 1
    assert told(second, events.ProposalOpened)[0].proposal.story_id in story_ids


def test_other_coins_kinds_and_times_are_other_stories() -> None:
    """And bad news is no part of a good story."""
    wire = Wire(story_h=1.0)
    stories = [
        told(wire.say("listing"), events.NewsHeard)[0].story_id,
        told(wire.say("partnership"), events.NewsHeard)[0].story_id,
        told(wire.say("listing", -0.5), events.NewsHeard)[0].story_id,
        told(wire.say("listing", symbols=(BTC,)), events.NewsHeard)[0].story_id,
    ]
    wire.desk.wait(3601.0)
    wire.desk.price(2000.0)
    stories.append(told(wire.say("listing"), events.NewsHeard)[0].story_id)
    assert len(set(stories)) == 5


def test_too_many_from_one_source_lead_to_nothing() -> None:
    """The cap of a source, and of all together; a minute later it is open again."""
    wire = Wire(per_source=3, per_minute=5)
    labels = [f"kind{n}" for n in range(4)]
    verdicts = [verdict(wire.say(label, 0.6)) for label in labels]
    assert verdicts[3] == "ignored: C23_RATE: limit=3 a minute from wire"
    assert [verdict(wire.say("x", 0.6, source=f"s{n}")) for n in range(3)][-1].endswith("from all sources")
    wire.desk.wait(61.0)
    wire.desk.price(2000.0)
    assert "C23_RATE" not in verdict(wire.say("again", 0.6))


def test_evidence_needs_a_history() -> None:
    """Of a market that was just opened nobody knows what is usual."""
    rows = [[n * MINUTE, 100, 100, 100, 100 + n % 2, 10] for n in range(10)]
    candles = np.array([*rows, [10 * MINUTE, 100, 200, 100, 200, 1000]], np.int64)
    assert not market_evidence(candles, 1, 10 * MINUTE, least_sigmas=4.0, least_volume=3.0).is_enough
    rows = [[n * MINUTE, 100, 100, 100, 100 + n % 2, 10] for n in range(60)]
    candles = np.array([*rows, [60 * MINUTE, 100, 200, 100, 200, 1000]], np.int64)
    found = market_evidence(candles, 1, 60 * MINUTE, least_sigmas=4.0, least_volume=3.0)
    assert (found.is_enough, found.volumes) == (True, 100.0)
    assert not market_evidence(candles, -1, 60 * MINUTE, least_sigmas=4.0, least_volume=3.0).is_enough


def test_the_oldest_stories_are_forgotten_once_they_were_told() -> None:
    """Memory is bounded, though no order waits for it."""
    wire = Wire(story_h=1e-14, per_source=10_000, per_minute=10_000)
    ids = []
    for _ in range(MOST_STORIES + 3):
        (changed,) = told(wire.say(score=-0.95), events.StoryChanged)
        ids.append(changed.story.story_id)
    stories = wire.desk.engine.headlines.stories
    assert [stories.get(story_id) is None for story_id in ids] == [True] * 3 + [False] * MOST_STORIES


def _hour(wire: Wire) -> None:
    """Let an hour of a calm market pass."""
    for minute in range(40):
        _minute(wire, 2000.0 + 0.2 * (minute % 3), lots=100)


def _minute(wire: Wire, price: float, *, lots: int, steps: int = 1) -> list[Action]:
    """Let a minute pass with trades at a price; return what it led to."""
    actions: list[Action] = []
    for _ in range(steps):
        wire.desk.now_ns += MINUTE // max(steps, 1) if steps == 1 else 2 * S
        actions += wire.desk.snapshot(price - 0.01, price)
        actions += wire.desk.quote(price - 0.01, price)
        actions += wire.desk.trade(price, lots)
        actions += wire.desk.wait(0.0)
    return actions


def test_a_stronger_story_is_asked_about_in_place_of_a_weaker_one() -> None:
    """Whoever looks at the alert decides about the best reason that there is, and not about the first."""
    wire = Wire()
    (weak,) = told(wire.say("partnership", 0.55), events.ProposalOpened)
    actions = wire.say("listing", 0.8)
    (closed,) = told(actions, events.ProposalClosed)
    assert closed.proposal.proposal_id == weak.proposal.proposal_id
    assert closed.proposal.state == "expired"
    assert closed.proposal.outcome == "overtaken: a stronger headline asks instead"
    (strong,) = told(actions, events.ProposalOpened)
    assert strong.proposal.confidence == 0.8
    assert [one.proposal_id for one in wire.desk.engine.trading.proposals.open()] == [strong.proposal.proposal_id]


def test_a_question_that_waits_for_a_second_person_is_overtaken_by_no_other() -> None:
    """Somebody has answered it: a click that is under way is not taken away."""
    wire = Wire()
    wire.desk = Desk(config(story_h=48.0, people=People(two_person_quote=100.0))).ready()
    view = told(wire.say("partnership", 0.55), events.ProposalOpened)[0].proposal
    click = Decide(id="c", who=ALICE, proposal_id=view.proposal_id, choice="buy", fingerprint=view.fingerprint)
    assert wire.desk.ask(click)[0].code == "WAITS"
    actions = wire.say("listing", 0.8)
    assert (told(actions, events.ProposalOpened), told(actions, events.ProposalClosed)) == ([], [])
    assert "the same question is open already" in verdict(actions)


@pytest.mark.parametrize(("label", "score"), [("upgrade", 0.7), ("upgrade", 0.55), ("listing", 0.85)])
def test_neither_a_weaker_story_nor_the_same_one_is_asked_about_again(label: str, score: float) -> None:
    wire = Wire()
    wire.say("listing", 0.7, source="first")
    actions = wire.say(label, score, source="second")
    assert told(actions, events.ProposalOpened) == []
    assert "the same question is open already" in verdict(actions)


def test_a_denial_withdraws_the_open_question_to_buy_on_its_story_and_no_other() -> None:
    wire = Wire(ask=0.3)
    (opened,) = told(wire.say("partnership", 0.6), events.ProposalOpened)
    assert told(wire.say("denial", -0.31, source="stranger", trust=0.45), events.ProposalClosed) == []
    wire.say("partnership", 0.6, source="other", symbols=(BTC,))
    (closed,) = told(wire.say("denial", -0.6), events.ProposalClosed)
    assert closed.proposal.proposal_id == opened.proposal.proposal_id
    assert (closed.proposal.state, closed.proposal.outcome) == ("expired", "withdrawn: wire denies it")
    assert [one.signal.symbol for one in wire.desk.engine.trading.proposals.open()] == [BTC]


def test_what_waits_for_a_veto_is_not_sent_once_its_story_is_denied() -> None:
    wire = Wire()
    wire.desk = Desk(config(story_h=48.0, people=People(veto_quote=100.0, veto_s=20.0))).ready()
    (opened,) = told(wire.say("listing"), events.ProposalOpened)
    assert opened.proposal.goes
    (closed,) = told(wire.say("denial", -0.6), events.ProposalClosed)
    assert closed.proposal.proposal_id == opened.proposal.proposal_id
    assert sent(wire.desk.wait(30.0)) == []
