"""Block Kit's pieces, each cut to Slack's limit for it, so that no message is refused for its length."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias

Block: TypeAlias = dict[str, Any]
Style = Literal["primary", "danger"]

# Source: Slack, "Block Kit reference"; a message's text is cut by Slack after 40,000, and should stay below 4,000.
MESSAGE_TEXT: Final = 4_000
BLOCKS: Final = 50
SECTION_TEXT: Final = 3_000
FIELD_TEXT: Final = 2_000
FIELDS: Final = 10
HEADER_TEXT: Final = 150
CONTEXT_ELEMENTS: Final = 10
ACTIONS: Final = 25
BUTTON_TEXT: Final = 75
BUTTON_VALUE: Final = 2_000
CONFIRM_TITLE: Final = 100
CONFIRM_TEXT: Final = 300


class Message(NamedTuple):
    """A message ready for Slack: ``text`` says it all in one line, for notifications and screen readers."""

    text: str
    blocks: list[Block]


def message(text: str, blocks: Iterable[Block]) -> Message:
    """Put a message together."""
    return Message(clip(text, MESSAGE_TEXT), list(blocks)[:BLOCKS])


def clip(text: str, limit: int) -> str:
    """Cut a text to a limit of characters, with an ellipsis where something is lost."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def escape(text: str) -> str:
    """Make somebody else's words harmless: no mention, link or entity of theirs survives."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def header(text: str) -> Block:
    """Make a headline."""
    return {"type": "header", "text": _plain(text, HEADER_TEXT)}


def section(text: str) -> Block:
    """Make a paragraph."""
    return {"type": "section", "text": _markup(text, SECTION_TEXT)}


def quotation(text: str) -> Block:
    """Make a paragraph of somebody else's words, shown as they are: nothing in it is a mention, link or emphasis."""
    return {"type": "section", "text": {**_plain(text, SECTION_TEXT), "emoji": False}}


def fields(pairs: Iterable[tuple[str, str]]) -> Block:
    """Make a table of two columns from names and values; a pair without a value is left out."""
    shown = [_markup(f"*{name}*\n{value}") for name, value in pairs if value]
    return {"type": "section", "fields": shown[:FIELDS]}


def context(*texts: str) -> Block:
    """Make a line of small print."""
    elements = [_markup(text) for text in texts if text]
    return {"type": "context", "elements": elements[:CONTEXT_ELEMENTS]}


def context_with(sign: str, words: str, text: str) -> Block:
    """Make a line of small print around somebody else's words, shown as they are, as in ``quotation``."""
    spoken = {**_plain(words, FIELD_TEXT), "emoji": False}
    return {"type": "context", "elements": [_markup(sign), spoken, _markup(text)]}


def divider() -> Block:
    """Make a line across."""
    return {"type": "divider"}


def actions(block_id: str, buttons: Sequence[Block]) -> Block:
    """Make a row of buttons."""
    return {"type": "actions", "block_id": clip(block_id, 255), "elements": list(buttons)[:ACTIONS]}


def button(
    action_id: str, text: str, value: str, label: str, style: Style | None = None, confirm: Block | None = None
) -> Block:
    """Make a button; ``label`` is what a screen reader says. Raises ValueError for a value that Slack would refuse."""
    if len(value) > BUTTON_VALUE:
        raise ValueError(f"a button's value has {len(value)} characters, Slack takes {BUTTON_VALUE}")
    made: Block = {
        "type": "button",
        "action_id": action_id,
        "text": _plain(text, BUTTON_TEXT),
        "value": value,
        "accessibility_label": clip(label, BUTTON_TEXT),
    }
    if style:
        made["style"] = style
    if confirm:
        made["confirm"] = confirm
    return made


def select(
    action_id: str, label: str, options: Sequence[tuple[str, str]], chosen: str, confirm: Block | None = None
) -> Block:
    """Make a menu of values with their texts, of which ``chosen`` stands there; ``label`` is its placeholder."""
    made = {value: {"text": _plain(text, BUTTON_TEXT), "value": value} for value, text in options}
    menu: Block = {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": _plain(label, BUTTON_TEXT * 2),
        "options": list(made.values()),
    }
    if chosen in made:
        menu["initial_option"] = made[chosen]
    if confirm:
        menu["confirm"] = confirm
    return menu


def confirm(title: str, text: str, yes: str) -> Block:
    """Make the question that a button asks before it acts."""
    return {
        "title": _plain(title, CONFIRM_TITLE),
        "text": _plain(text, CONFIRM_TEXT),
        "confirm": _plain(yes, 30),
        "deny": _plain("Not now", 30),
        "style": "danger",
    }


def _markup(text: str, limit: int = FIELD_TEXT) -> Block:
    return {"type": "mrkdwn", "text": clip(text, limit)}


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": clip(text, limit)}
