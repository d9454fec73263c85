"""The turns of the stories of late, as the journal has them: what `/why` tells of a story, and what a restart goes on
with."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Final

from engine.core.story_records import KeptStory, StoryTurned

STORIES_KEPT: Final = 500
_TURNS_KEPT: Final = 20


class StoryTurns:
    """By story, oldest first, in bounded memory."""

    def __init__(self) -> None:
        self._turns: OrderedDict[str, deque[StoryTurned]] = OrderedDict()

    def add(self, record: StoryTurned) -> None:
        """Remember a turn, new or from the journal; the oldest stories are forgotten, and the oldest turns of one."""
        turns = self._turns.get(record.story.story_id)
        if turns is None:
            turns = self._turns[record.story.story_id] = deque(maxlen=_TURNS_KEPT)
        turns.append(record)
        if len(self._turns) > STORIES_KEPT:
            self._turns.popitem(last=False)

    def of(self, story_id: str) -> tuple[StoryTurned, ...]:
        """Return what is remembered of a story."""
        return tuple(self._turns.get(story_id, ()))

    def records(self) -> list[StoryTurned]:
        """Return every turn, so that adding them again comes to the same."""
        return [record for turns in self._turns.values() for record in turns]

    def stories(self) -> list[KeptStory]:
        """Return every story as it stood after its last turn, the one that began first first."""
        return [turns[-1].story for turns in self._turns.values()]
