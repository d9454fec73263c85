"""Slips of the finger in an order's words: what is clearly meant is read so, what may be meant is named."""

from __future__ import annotations

import re
from typing import Final

_NUMBER: Final = re.compile(r"\$?[0-9][0-9.,]*(%|[a-z]{2,5})?|\.[0-9]+", re.IGNORECASE | re.ASCII)
_ASSETS: Final = frozenset(("usdt", "usdc", "fdusd", "usd", "eur", "btc", "eth", "bnb"))
_COMMA: Final = re.compile(r"\$?(0,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,}))(%|[a-z]{2,5})?", re.IGNORECASE | re.ASCII)


def joined(text: str) -> list[str]:
    """Split an order's words, with ``2.5 %`` and ``250 usdt`` after the symbol taken as one word each."""
    words: list[str] = []
    for word in text.split():
        if len(words) > 1 and _NUMBER.fullmatch(words[-1]) and words[-1][-1].isdigit() and _is_unit(word):
            words[-1] += word
        else:
            words.append(word)
    return words


def swapped(verb: str, words: list[str]) -> str:
    """Return the order with its amount after the symbol where they were typed the other way round; else nothing."""
    if len(words) < 2 or not _NUMBER.fullmatch(words[0]) or _NUMBER.fullmatch(words[1]) or not words[1][0].isalpha():
        return ""
    return " ".join([verb, words[1], words[0], *words[2:]])


def with_point(word: str) -> str:
    """Return a number whose comma can't be one of thousands, with a point: ``0,1eth`` is ``0.1eth``; else nothing."""
    match = _COMMA.fullmatch(word)
    return f"{match[1].replace(',', '.')}{match[2] or ''}" if match else ""


def _is_unit(word: str) -> bool:
    return word == "%" or word.lower() in _ASSETS
