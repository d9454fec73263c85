"""A story is one thread: below the alert that it led to, or below a small message of its own, every turn is a reply."""

from __future__ import annotations

from collections.abc import Callable

from bot.memory import Card, Memory
from bot.render import story as render
from engine.wire.events import StoryChanged


class Stories:
    """Shows what becomes of stories."""

    def __init__(self, memory: Memory, show: Callable[[Card], None], reply: Callable[[Card, str], None]) -> None:
        """``show`` posts or edits a card, ``reply`` adds a line to its thread."""
        self._memory = memory
        self._show = show
        self._reply = reply

    def on_story(self, event: StoryChanged) -> None:
        """Take a story's next turn; its first alert shows it, and where there is none it gets a message of its own."""
        root = self.root(event.story.story_id)
        if root is None:
            root = self._memory.add(Card(f"story:{event.story.story_id}", story=event.story))
            self._show(root)
        elif event.what != "opened":
            if root.story is not None:
                root.story = event.story
            self._reply(root, render.told(event))

    def root(self, story_id: str) -> Card | None:
        """Find the message in whose thread a story is told: its first alert, or where it has none its own."""
        own: Card | None = None
        for card in self._memory.cards:
            if story_id and card.proposal is not None and card.proposal.story_id == story_id:
                return card
            if card.story is not None and card.story.story_id == story_id:
                own = card
        return own
