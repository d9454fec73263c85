"""The stories of late, as the journal has them: what `/why` tells of a story, and what a restart goes on with."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from typing import Final

import msgspec

from engine.core.story_records import KeptStory, StoryTurned, Wait
from engine.core.tidings import NewsItem

STORIES_KEPT: Final = 500
_TURNS_KEPT: Final = 20


class KeptTurns(msgspec.Struct, frozen=True):
    """All of it as values."""

    turns: list[StoryTurned]
    stories: list[KeptStory]
    """As they stand; a story may have been told again since its last turn."""
    waits: list[StoryTurned]
    """The turns since which something waits for the market."""


class StoryTurns:
    """By story, oldest first, in bounded memory."""

    def __init__(self) -> None:
        self._turns: OrderedDict[str, deque[StoryTurned]] = OrderedDict()
        self._stories: dict[str, KeptStory] = {}
        self._waits: list[StoryTurned] = []

    def add(self, record: StoryTurned) -> None:
        """Remember a turn, new or from the journal; the oldest stories are forgotten, and the oldest turns of one."""
        story = record.story
        turns = self._turns.get(story.story_id)
        if turns is None:
            turns = self._turns[story.story_id] = deque(maxlen=_TURNS_KEPT)
        turns.append(record)
        self._stories[story.story_id] = story
        if len(self._turns) > STORIES_KEPT:
            oldest, _ = self._turns.popitem(last=False)
            del self._stories[oldest]
        self._waits = [one for one in self._waits if self._is_waiting(one, record.ts_ns)]
        if record.wait is not None and self._is_waiting(record, record.ts_ns):
            self._waits.append(record)

    def tell_again(self, stories: Iterable[KeptStory]) -> None:
        """Remember how stories stand that a headline has told again."""
        self._stories.update((story.story_id, story) for story in stories if story.story_id in self._turns)

    def of(self, story_id: str) -> tuple[StoryTurned, ...]:
        """Return what is remembered of a story."""
        return tuple(self._turns.get(story_id, ()))

    def is_denied(self, story_id: str) -> bool:
        """Say whether a story stands denied."""
        story = self._stories.get(story_id)
        return story is not None and story.state == "denied"

    def stories(self) -> list[KeptStory]:
        """Return every story as it stands, the one that began first first."""
        return [self._stories[story_id] for story_id in self._turns]

    def waits(self, now_ns: int) -> list[tuple[NewsItem, Wait]]:
        """Return what still waits for the market, each with the headline behind it, in their order."""
        waiting = [one for one in self._waits if self._is_waiting(one, now_ns)]
        return [(one.item, one.wait) for one in waiting if one.wait is not None]

    def kept(self) -> KeptTurns:
        """Return all of it, so that putting it back comes to the same."""
        turns = [record for turns in self._turns.values() for record in turns]
        return KeptTurns(turns, self.stories(), list(self._waits))

    def put_back(self, kept: KeptTurns) -> None:
        """Begin with what was kept."""
        for record in kept.turns:
            self.add(record)
        self.tell_again(kept.stories)
        self._waits = list(kept.waits)

    def _is_waiting(self, record: StoryTurned, now_ns: int) -> bool:
        story = self._stories.get(record.story.story_id)
        if record.wait is None or story is None or now_ns >= record.wait.until_ns:
            return False
        return story.state != "denied" and not story.confirmed_by
