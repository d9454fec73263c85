"""Titles as they should have been written, and as they are compared."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from typing import Final

from selectolax.lexbor import LexborHTMLParser

_SPACES_AND_CONTROLS: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
"""Among the controls are those that turn the direction of writing: one in a title turns what is written behind it."""
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe0f\ufeff]"
)
"""Soft hyphens, zero-width characters, and what turns the direction of writing."""
_MOJIBAKE: Final = re.compile("\u00e2\u20ac|\u00c3[\u0080-\u00bf\u0192]|\u00c2[\u00a0-\u00bf]|[\ufffd\u0080-\u009f]")
"""UTF-8 that was read as Windows-1252 or Latin-1, once or twice, and what a decoder put where it gave up."""
_NO_WORD: Final = re.compile(r"[\W_]+")
_PLAIN: Final = bytes(ord(chr(code).lower()) if chr(code).isalnum() else ord(" ") for code in range(128)).ljust(256)
"""What ``_NO_WORD`` and case folding make of ASCII: of bytes, because ``str.translate`` takes five times as long."""


def word_set(table: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(table.split())


def plain(markup: str) -> str:
    """Return the text of a title that was written as HTML, without its tags and entities."""
    return LexborHTMLParser(markup).text() if "<" in markup or "&" in markup else markup


def tidy(title: str) -> str:
    """Undo HTML entities and fold white space and control characters; letters stay exactly as they were."""
    text = html.unescape(title) if "&" in title else title
    if text.isprintable() and "  " not in text:  # as nearly every title is: no white space but single spaces
        return text.strip()
    return _SPACES_AND_CONTROLS.sub(" ", text).strip()


@lru_cache(maxsize=1)  # a title's stages ask one after the other; to forget one of long ago costs more than it saves
def normalise(title: str) -> str:
    """Write a title as lower-case words with one space between: what two copies of a headline have in common.

    HTML entities undone, NFKC, case folded, invisible characters removed, punctuation as space.
    """
    text = html.unescape(title) if "&" in title else title
    if text.isascii():
        return b" ".join(text.encode().translate(_PLAIN).split()).decode()
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return _NO_WORD.sub(" ", text.casefold()).strip()


def why_unclean(title: str) -> str:
    """Say what is wrong with how a title was written or sent, empty where nothing is: it deserves a second look."""
    if "&" in title and html.unescape(title) != title:
        return "HTML entities"
    if title.isascii():
        return ""
    if _INVISIBLE.search(title):
        return "invisible characters"
    if _MOJIBAKE.search(title):
        return "mojibake"
    return "look-alike letters" if _has_look_alikes(title) else ""


def _has_look_alikes(title: str) -> bool:
    """Say whether Latin words stand beside Greek or Cyrillic letters, or letters are drawn as other characters."""
    strange = [letter for letter in title if letter.isalnum() and not letter.isascii()]
    if any(unicodedata.normalize("NFKC", letter).isascii() for letter in strange):
        return True
    is_latin = any(letter.isascii() and letter.isalpha() for letter in title)
    return is_latin and any(unicodedata.name(letter, "").startswith(("CYRILLIC", "GREEK")) for letter in strange)
