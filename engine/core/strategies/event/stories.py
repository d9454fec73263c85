"""Related headlines are one story: what was rumoured, announced, confirmed or denied about one coin."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from hashlib import blake2b
from typing import Final, Literal, cast

import msgspec

from engine.core.story_records import KeptStory
from engine.core.tidings import EDITED, Headline, NewsItem
from engine.core.types import Symbol

StoryState = Literal["rumour", "announced", "confirmed", "denied"]
Turn = Literal["opened", "stronger", "announced", "confirmed", "denied", "repeated"]
"""What a headline did to its story; only ``repeated`` says nothing new."""

MOST_STORIES: Final = 500
MOST_SOURCES: Final = 50
MOST_ITEMS: Final = 50
"""Headlines of one story of which an edit is known as one."""
DENIABLE_NS: Final = 30 * 86_400 * 1_000_000_000
"""A denial is heard of a story that is older than what joins it: the one of 2017 came after 15 days."""
_STRONGER: Final = 0.1


class Story:
    """One story about one symbol."""

    __slots__ = (
        "best",
        "bought_by",
        "confirmed_by",
        "headlines",
        "item",
        "items",
        "label",
        "opened_ns",
        "sign",
        "sources",
        "state",
        "story_id",
        "symbol",
        "taken",
    )

    def __init__(self, headline: Headline, symbol: Symbol, state: StoryState, now_ns: int) -> None:
        self.story_id = _story_id(headline.item, symbol)
        self.symbol = symbol
        self.label = headline.label
        self.sign = 1 if headline.score > 0 else -1
        self.state = state
        self.item = headline.item
        """The headline that began it, or the first from a source that is believed."""
        self.best = 0.0
        """The surest of its headlines, 0 to 1."""
        self.sources: dict[str, float] = {}
        """Who told it, and how far each is believed."""
        self.confirmed_by = ""
        """Whose word, or ``the market``, made it more than one source's."""
        self.taken = 0.0
        """The confidence at which the engine bought on it, or asked to; 0 for neither."""
        self.headlines = 0
        self.opened_ns = now_ns
        self.items = [(self.item.source, self.item.news_id)]
        """Source and id of the headlines that told it, or denied it."""
        self.bought_by = ""

    @classmethod
    def of(cls, kept: KeptStory) -> Story:
        """Return a story as it was kept."""
        story = cls.__new__(cls)
        for name in KeptStory.__struct_fields__:
            setattr(story, name, getattr(kept, name))
        story.sources, story.state = dict(kept.sources), cast(StoryState, kept.state)
        story.items = list(kept.items) or [(kept.item.source, kept.item.news_id)]
        return story

    def kept(self) -> KeptStory:
        """Return how it stands now."""
        return KeptStory(
            self.story_id,
            self.symbol,
            self.label,
            self.sign,
            self.state,
            self.item,
            self.best,
            dict(self.sources),
            self.confirmed_by,
            self.taken,
            self.headlines,
            self.opened_ns,
            tuple(self.items),
            self.bought_by,
        )

    def add(self, headline: Headline) -> None:
        """Count one more headline of it."""
        self.headlines += 1
        self.best = max(self.best, min(abs(headline.score), 1.0))
        if len(self.sources) < MOST_SOURCES:
            source = headline.item.source
            self.sources[source] = max(headline.trust, self.sources.get(source, 0.0))


class Step(msgspec.Struct, frozen=True, gc=False):
    """Where a headline has brought its story."""

    story: Story
    turn: Turn
    is_edit: bool = False
    """The headline had told the story before, in other words or, to an earlier run, in the same."""


class Stories:
    """The stories of late; ``forget`` lets the oldest go."""

    def __init__(self, window_ns: int, second_trust: float) -> None:
        """``window_ns``: how long headlines join a story; ``second_trust``: from which trust a source counts."""
        self._window_ns = window_ns
        self._second_trust = second_trust
        self._all: OrderedDict[str, Story] = OrderedDict()
        self._newest: dict[Symbol, list[Story]] = {}
        self._told: dict[tuple[Symbol, str, str], Story] = {}
        """By symbol, source and the source's id of a headline: the story that it told."""

    def get(self, story_id: str) -> Story | None:
        """Return the story of that id, or None."""
        return self._all.get(story_id)

    def put_back(self, kept: Iterable[KeptStory]) -> None:
        """Go on with the stories of earlier runs, oldest first."""
        for one in kept:
            self._add(Story.of(one))
        self.forget()

    def forget(self) -> None:
        """Let go of the oldest beyond ``MOST_STORIES``; no order waits for this."""
        while len(self._all) > MOST_STORIES:
            _, oldest = self._all.popitem(last=False)
            self._newest[oldest.symbol].remove(oldest)
            for source, news_id in oldest.items:
                key = (oldest.symbol, source, news_id)
                if self._told.get(key) is oldest:
                    del self._told[key]

    def take(self, headline: Headline, symbol: Symbol, now_ns: int) -> Step:
        """Put a headline about a symbol into its story, or begin one; an edit belongs to the story that it told."""
        is_sure = headline.label not in ("rumour", "denial") and headline.trust >= self._second_trust
        if (edited := self._told_by(headline, symbol)) is not None:
            return Step(edited, self._edited(edited, headline, is_sure), True)
        story = self._of(headline, symbol, now_ns)
        if headline.label == "denial" and story is not None:
            self._note(story, headline)
            return Step(story, self._denied(story, headline))
        if story is None or (headline.label == "denial") != (story.label == "denial"):
            story = self._add(Story(headline, symbol, "announced" if is_sure else "rumour", now_ns))
            story.add(headline)
            return Step(story, "opened")
        self._note(story, headline)
        return Step(story, self._joined(story, headline, is_sure))

    def takes_back(self, headline: Headline, symbol: Symbol) -> bool:
        """Say whether a headline told a story about a symbol once, and now says the contrary."""
        story = self._told_by(headline, symbol)
        return story is not None and _is_against(headline, story)

    def confirm(self, story: Story, by: str) -> None:
        """Note that a story was corroborated."""
        story.confirmed_by = by
        if story.state == "announced":
            story.state = "confirmed"

    def _joined(self, story: Story, headline: Headline, is_sure: bool) -> Turn:
        before, is_first_word = story.best, headline.item.source not in story.sources
        others = [name for name, trust in story.sources.items() if trust >= self._second_trust]
        story.add(headline)
        if story.state == "rumour" and is_sure:
            story.state, story.item, story.label = "announced", headline.item, headline.label
            return "announced"
        if is_sure and is_first_word and others and not story.confirmed_by:
            self.confirm(story, headline.item.source)
            return "confirmed"
        return "stronger" if story.best >= before + _STRONGER else "repeated"

    def _denied(self, story: Story, headline: Headline) -> Turn:
        is_first = story.state != "denied"
        story.headlines += 1
        if is_first and self._is_believed(headline, story):
            story.state, story.bought_by = "denied", ""
            return "denied"
        return "repeated" if not is_first else "stronger"

    def _edited(self, story: Story, headline: Headline, is_sure: bool) -> Turn:
        """Bring a story on by other words of a headline that told it: they may take it back, and that too."""
        if _is_against(headline, story):
            return self._denied(story, headline)
        if story.state != "denied":
            return self._joined(story, headline, is_sure)
        story.headlines += 1
        if EDITED not in headline.doubts or not self._is_believed(headline, story):
            return "repeated"  # the same words, heard again after a restart, take no denial back
        story.state, story.confirmed_by = "announced", ""
        return "announced"

    def _is_believed(self, headline: Headline, story: Story) -> bool:
        """Say whether a headline's source is believed as much as the one that is believed of the story."""
        return headline.trust >= max(self._second_trust, story.sources.get(story.item.source, 0.0))

    def _told_by(self, headline: Headline, symbol: Symbol) -> Story | None:
        return self._told.get((symbol, headline.item.source, headline.item.news_id))

    def _of(self, headline: Headline, symbol: Symbol, now_ns: int) -> Story | None:
        """Find the story that a headline belongs to: a denial to the latest one, news to one of its kind and sign."""
        if not (newest := self._newest.get(symbol)):
            return None
        is_denial, sign = headline.label == "denial", 1 if headline.score > 0 else -1
        for story in reversed(newest):
            age_ns = now_ns - story.opened_ns
            if is_denial and age_ns <= DENIABLE_NS:
                return story
            if age_ns >= self._window_ns:
                return None  # and those before it are older
            is_kind = headline.label == story.label or "rumour" in (headline.label, story.label)
            if is_kind and story.sign == sign and story.state != "denied":
                return story
        return None

    def _add(self, story: Story) -> Story:
        self._all[story.story_id] = story
        self._newest.setdefault(story.symbol, []).append(story)
        for source, news_id in story.items:
            self._told[story.symbol, source, news_id] = story
        return story

    def _note(self, story: Story, headline: Headline) -> None:
        """Remember that a headline told a story, so that its edit is one."""
        if len(story.items) < MOST_ITEMS:
            item = headline.item
            story.items.append((item.source, item.news_id))
            self._told[story.symbol, item.source, item.news_id] = story


def _is_against(headline: Headline, story: Story) -> bool:
    """Say whether a headline says the contrary of a story: denies it, or turns good into bad."""
    is_denial = headline.label == "denial" and story.label != "denial"
    return is_denial or headline.score * story.sign < 0.0


def _story_id(item: NewsItem, symbol: Symbol) -> str:
    return "s-" + blake2b(f"{symbol}:{item.source}:{item.news_id}".encode(), digest_size=5).hexdigest()
