"""Stories and the headlines behind decisions are in the journal: a restart goes on with them, and `/why` tells them."""

from __future__ import annotations

from itertools import count

import pytest
from core_builders import ALICE, ETH, Desk, S, config, sent, told, written
from msgspec.structs import replace

from engine.core.actions import Action
from engine.core.kept import decode_kept, encode_kept
from engine.core.records import Intended
from engine.core.story_records import StoryTurned
from engine.core.story_turns import STORIES_KEPT, StoryTurns
from engine.core.tidings import Headline, NewsItem
from engine.core.types import Side
from engine.wire import events
from engine.wire.answers import WhyView
from engine.wire.questions import GetWhy

DAY_S = 86_400.0
_ids = count(1)


def say(desk: Desk, title: str, label: str, score: float, source: str = "wire", trust: float = 1.0) -> list[Action]:
    """Publish a headline about ETH."""
    item = NewsItem(source, f"h{next(_ids)}", title, "https://wire.example/1", desk.now_ns, desk.now_ns)
    rules = (f'{label} {score:+.2f} ("{title.split()[1]}")',)
    return desk.keep(desk.engine.on_headline(Headline(item, label, score, (ETH,), rules, trust)))


def story_desk(**headlines: object) -> Desk:
    """A desk that trades on headlines by itself."""
    return Desk(config(**{"story_h": 48.0, "mode": "auto", **headlines})).ready()


def why(desk: Desk, of: str) -> WhyView:
    """What `/why` says of an id."""
    reply, _ = desk.ask(GetWhy(id=desk.new_id(), who=ALICE, what=of))
    assert isinstance(reply.result, WhyView), reply
    return reply.result


def armed(desk: Desk) -> Desk:
    """A restarted desk with prices, an account, and armed."""
    return desk.ready()


def test_a_denial_after_a_restart_takes_back_what_was_bought_before_it() -> None:
    """Rumoured, announced, confirmed and bought; a restart; denied, and sold by itself: what it was worth is known."""
    desk = story_desk(act=0.8)
    assert sent(say(desk, "ETH rumoured with Microsoft", "rumour", 0.4, "blog", 0.5)) == []
    say(desk, "ETH partners with Microsoft", "partnership", 0.7)
    (bought,) = sent(say(desk, "ETH and Microsoft together", "partnership", 0.85, "second", 0.9))
    desk.fill(bought)
    again = armed(desk.restarted())
    again.now_ns += int(60 * S)
    again.price(2000.0)
    actions = say(again, "ETH denies Microsoft", "denial", -0.7)
    assert [(event.what, event.story.state) for event in told(actions, events.StoryChanged)] == [("denied", "denied")]
    assert [order.side for order in sent(actions)] == [Side.SELL]


def test_a_story_that_was_told_is_no_news_after_a_restart() -> None:
    """What it had come to counts: the same story from another paper opens nothing anew."""
    desk = story_desk()
    say(desk, "ETH partners with Microsoft", "partnership", 0.7)
    say(desk, "ETH and Microsoft", "partnership", 0.7, "second", 0.9)
    again = armed(desk.restarted())
    actions = say(again, "Microsoft takes ETH", "partnership", 0.7, "third", 0.9)
    assert told(actions, events.NewsHeard)[0].verdict.startswith("ignored: C23_REPEAT")
    assert told(actions, events.StoryChanged) == []


def test_why_tells_headline_source_rules_and_story_after_a_restart() -> None:
    """Of the proposal and of the order that it led to, from nothing but the journal."""
    desk = story_desk(act=0.8, mode="auto")
    say(desk, "ETH partners with Microsoft", "partnership", 0.6)
    (order,) = sent(say(desk, "ETH and Microsoft together", "partnership", 0.85, "second", 0.9))
    before = why(desk, order.client_order_id)
    again = desk.restarted()
    after = why(again, order.client_order_id)
    assert (after.headline, after.source, after.url) == (
        "ETH and Microsoft together",
        "second",
        "https://wire.example/1",
    )
    assert after.reasons[0] == 'partnership +0.85 ("and")'
    assert [(turn.turn, turn.state, turn.source, turn.title) for turn in after.story] == [
        ("opened", "announced", "wire", "ETH partners with Microsoft"),
        ("confirmed", "confirmed", "second", "ETH and Microsoft together"),
    ]
    assert after.story == before.story
    assert [turn.verdict.split(":")[0] for turn in after.story] == ["asked", "acted"]


def test_the_record_comes_after_the_order() -> None:
    """No order waits for a story to be written down."""
    desk = story_desk(act=0.8)
    records = written(say(desk, "ETH listed there", "listing", 0.9))
    kinds = [type(record) for record in records]
    assert kinds.index(Intended) < kinds.index(StoryTurned)


def test_a_snapshot_keeps_the_stories() -> None:
    """What a fold comes to says the same as the journal that it was made from."""
    desk = story_desk()
    say(desk, "ETH partners with Microsoft", "partnership", 0.7)
    say(desk, "ETH and Microsoft", "partnership", 0.7, "second", 0.9)
    kept: list[bytes] = []
    first = desk._new_engine()
    first.restore(list(desk.journal), desk.now_ns, keep=lambda it: kept.append(encode_kept(it)))
    second = desk._new_engine()
    second.restore([], desk.now_ns, kept=decode_kept(kept[0]))
    assert first.trading.stories.kept() == second.trading.stories.kept()
    assert first.trading.stories.kept().turns
    stories = second.headlines.stories.get(second.trading.stories.stories()[0].story_id)
    assert stories is not None
    assert (stories.state, stories.confirmed_by, sorted(stories.sources)) == ("confirmed", "second", ["second", "wire"])


def test_an_old_story_is_not_joined_after_a_restart() -> None:
    """Time goes on while the engine is away: two days later the same kind of news is another story."""
    desk = story_desk()
    say(desk, "ETH partners with Microsoft", "partnership", 0.7)
    again = desk.restarted()
    again.now_ns += int(2.5 * DAY_S * S)
    actions = say(armed(again), "ETH partners with Samsung", "partnership", 0.7)
    assert [event.what for event in told(actions, events.StoryChanged)] == ["opened"]


@pytest.mark.parametrize("turns", [1, 30])
def test_what_is_remembered_of_stories_is_bounded(turns: int) -> None:
    """The oldest stories go first, and of one story its oldest turns."""
    desk = story_desk()
    say(desk, "ETH partners with Microsoft", "partnership", 0.7)
    (record,) = desk.engine.trading.stories.kept().turns
    book = StoryTurns()
    for number in range(STORIES_KEPT + 1):
        for _ in range(turns):
            book.add(_renamed(record, f"s-{number}"))
    assert len(book.stories()) == STORIES_KEPT
    assert book.of("s-0") == ()
    assert len(book.of("s-1")) == min(turns, 20)


def _renamed(record: StoryTurned, story_id: str) -> StoryTurned:
    return replace(record, story=replace(record.story, story_id=story_id))
