"""The addresses in ``NOTIFY_URLS``: one from the other, and what in them may not be told. Loads no library for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

_BETWEEN: Final = re.compile(r",\s*(?=[A-Za-z][A-Za-z0-9+.-]*://)")
"""A comma between two addresses; one inside an address stands before no scheme."""
_A_TOKEN: Final = 8
"""Characters from which on a word may be one."""


def split(text: str) -> tuple[str, ...]:
    """Return the addresses in a setting."""
    return tuple(filter(None, (address.strip() for address in _BETWEEN.split(text))))


def secrets(addresses: tuple[str, ...]) -> tuple[str, ...]:
    """Return what of the addresses must not be in a log: each of them, its password, and every long word in it.

    Services put their tokens where others have a user, a host or a path; what has a dot in it is a host's name.
    """
    found = list(addresses)
    for address in addresses:
        with suppress(ValueError):  # no address: whoever opens it says so
            found += _parts(urlsplit(address))
    return tuple(filter(None, found))


def _parts(parts: SplitResult) -> Iterator[str]:
    yield unquote(parts.password or "")
    words = [*re.split("[@:]", parts.netloc), *parts.path.split("/"), *(value for _, value in parse_qsl(parts.query))]
    for word in words:
        if len(word) >= _A_TOKEN and "." not in word:
            yield word
            yield unquote(word)
