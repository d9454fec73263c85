"""How a story looks: its first message where it led to no alert, and each turn as a line of its thread."""

from __future__ import annotations

from typing import Final

from bot.render.blocks import Message, clip, context_with, escape, message
from engine.wire.events import StoryChanged
from engine.wire.views import StoryView

_SIGNS: Final = {
    "rumour": ":speech_balloon:",
    "announced": ":newspaper:",
    "confirmed": ":white_check_mark:",
    "denied": ":no_entry_sign:",
}
_TURNS: Final = {
    "announced": "Announced",
    "confirmed": "Confirmed",
    "denied": "Denied",
    "stronger": "More of it",
}


def root(story: StoryView) -> Message:
    """Show a story that led to no alert, small: what it is about, where it stands, and who tells it."""
    link = f" · <{escape(story.url)}|read it>" if story.url.startswith(("https://", "http://")) else ""
    by = f" by {escape(story.confirmed_by)}" if story.confirmed_by else ""
    small = f"{escape(story.source)}{link} · {escape(story.label)} about {escape(story.symbol)} · {story.state}{by}"
    return message(
        f"News: {escape(story.title)} ({story.state}{by})",
        [context_with(_SIGNS[story.state], f"“{story.title}”", small)],
    )


def told(event: StoryChanged) -> str:
    """Say a story's turn in one line of its thread."""
    link = f" · <{escape(event.url)}|read it>" if event.url.startswith(("https://", "http://")) else ""
    by = f" by {escape(event.story.confirmed_by)}" if event.what == "confirmed" and event.story.confirmed_by else ""
    turn = _TURNS.get(event.what, "More of it")
    title = escape(clip(event.title, 300))
    return (
        f"{_SIGNS[event.story.state]} *{turn}{by}*: “{title}” · {escape(event.source)}{link} · {escape(event.verdict)}"
    )
