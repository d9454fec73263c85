"""Stories in the channel: one thread each, below the alert where there is one."""

from __future__ import annotations

from typing import Any

import msgspec
import sample_views as views

from bot.memory import Card, Memory
from bot.render import story as render
from bot.stories import Stories
from engine.wire.events import StoryChanged
from engine.wire.views import StoryView

STORY = StoryView(
    "s-1", "IOTAUSDT", "partnership", "announced", "IOTA & <Bosch>", "wire", "https://e.example/1", ("wire",), "", 1, 0
)


class Channel:
    """What would be posted."""

    def __init__(self) -> None:
        self.memory = Memory("C1")
        self.shown: list[str] = []
        self.replies: list[tuple[str, str]] = []
        self.stories = Stories(
            self.memory,
            lambda card: self.shown.append(card.key),
            lambda card, line: self.replies.append((card.key, line)),
        )

    def turn(self, what: str, **changed: Any) -> None:
        """Hear a story's next turn."""
        story = msgspec.structs.replace(STORY, **changed)
        self.stories.on_story(
            StoryChanged(ts_ns=0, what=what, story=story, source="press", title="More", url="", verdict="asked")  # type: ignore[arg-type]
        )


def test_a_story_without_an_alert_has_a_message_and_every_turn_is_a_reply() -> None:
    """The message shows where it stands now."""
    channel = Channel()
    channel.turn("opened")
    channel.turn("confirmed", state="confirmed", confirmed_by="press")
    channel.turn("denied", state="denied")
    assert channel.shown == ["story:s-1"]
    assert [key for key, _ in channel.replies] == ["story:s-1", "story:s-1"]
    assert channel.replies[0][1].startswith(":white_check_mark: *Confirmed by press*: “More”")
    (card,) = channel.memory.cards
    assert "(denied)" in card.render().text


def test_an_alert_is_the_root_of_its_story() -> None:
    """The first one, also where the story had a message before."""
    channel = Channel()
    channel.turn("opened", state="rumour")
    for number in (1, 2):
        proposal = msgspec.structs.replace(views.proposal(), proposal_id=f"p-{number}", story_id="s-1")
        channel.memory.add(Card(f"proposal:p-{number}", proposal=proposal))
    channel.turn("opened")
    channel.turn("denied", state="denied")
    assert channel.shown == ["story:s-1"]
    assert [key for key, _ in channel.replies] == ["proposal:p-1"]
    assert ":no_entry_sign: *Denied*" in channel.replies[0][1]


def test_what_is_no_news_belongs_to_no_story() -> None:
    """An alert without a story is never a root."""
    channel = Channel()
    channel.memory.add(Card("proposal:p", proposal=views.proposal()))
    assert channel.stories.root("") is None


def test_words_of_strangers_are_escaped() -> None:
    """A title can't mention anybody or make a link."""
    shown = render.root(msgspec.structs.replace(STORY, title="<!channel> & more", source="<@U1>"))
    assert "<!channel>" not in shown.text
    marked = [each["text"] for each in shown.blocks[0]["elements"] if each["type"] == "mrkdwn"]
    assert not any("<!" in text or "<@" in text for text in marked)
