"""Titles as they should have been written, and as they are compared."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final

_SPACES_AND_CONTROLS: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe0f\ufeff]"
)
"""Soft hyphens, zero-width characters, and what turns the direction of writing."""
_NO_WORD: Final = re.compile(r"[\W_]+")


def tidy(title: str) -> str:
    """Undo HTML entities and fold white space and control characters; letters stay exactly as they were."""
    return _SPACES_AND_CONTROLS.sub(" ", html.unescape(title)).strip()


def normalise(title: str) -> str:
    """Write a title as lower-case words with one space between: what two copies of a headline have in common.

    HTML entities undone, NFKC, case folded, invisible characters removed, punctuation as space.
    """
    text = html.unescape(title) if "&" in title else title
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return _NO_WORD.sub(" ", text.casefold()).strip()
