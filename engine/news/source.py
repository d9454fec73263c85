"""What a source of headlines is, and the one form in which every source tells what it heard."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Final, Protocol

import msgspec
from msgspec import Meta

from engine.fetch import Fetch

LONGEST_ITEM: Final = 1 << 16
"""Bytes of one item; a longer one is refused."""
LATEST_MS: Final = 4_102_444_800_000
"""The beginning of the year 2100; in nanoseconds it is still an integer of 64 bits."""


class RawItem(msgspec.Struct, frozen=True):
    """A headline as a source wrote it, nothing believed yet.

    Raw: ``{"id":"1","source":"story","title":"IOTA launches …","url":"https://…","ts_ms":1511877600000}``.
    """

    id: Annotated[str, Meta(min_length=1, max_length=200)]
    """The source's own; ``source`` and ``id`` together are unique."""
    source: Annotated[str, Meta(min_length=1, max_length=100)]
    """Who published it. How far it is trusted goes by this name (``trust.Trust``), so connect
    only feeds that you run yourself."""
    title: Annotated[str, Meta(min_length=1, max_length=1000)]
    url: Annotated[str, Meta(max_length=2000)]
    """Empty, or a web address: it becomes a link that people click."""
    ts_ms: Annotated[int, Meta(ge=0, le=LATEST_MS)]
    """When it was published, milliseconds since the Unix epoch; before the year 2100."""
    is_dated: bool = True
    """False where the source does not say when: then ``ts_ms`` is when it was first seen there."""


class BadItem(ValueError):
    """What a source sent is no item; the text says where it differs."""


class Ear(Protocol):
    """What a source tells its news to: called synchronously, in the event loop."""

    def on_item(self, item: RawItem, ts_recv_ns: int = 0) -> None:
        """Hear a headline; ``ts_recv_ns``: when its bytes came, nanoseconds since the Unix epoch, 0 for just now."""

    def on_contact(self) -> None:
        """Hear that the source is there: connected, or its file was looked at."""

    def on_trouble(self, reason: str) -> None:
        """Hear that the source can't be heard from now on, until the next contact."""

    def on_fetch(self, fetch: Fetch) -> None:
        """Hear what a visit to an address came to."""

    def on_bad_item(self, reason: str) -> None:
        """Hear that something was dropped because it was no item; the source goes on."""


class Source(Protocol):
    """One place where headlines come from."""

    @property
    def name(self) -> str:
        """Return what people call it in the health view."""

    async def listen(self, ear: Ear) -> None:
        """Tell everything to the ear, reconnecting as often as it takes, until cancelled."""


def raw_item(news_id: str, title: str, url: str, ts_ms: int) -> RawItem:
    """Make an item of what an adapter read, within the bounds that items have; its source's name is added later.

    A date behind the last one that is believed stays a date of the future; one before 1970 is none.
    """
    bounded_id = news_id if len(news_id) <= _LONGEST_ID else sha256(news_id.encode()).hexdigest()
    address, bounded_ms = url[:_LONGEST_URL] if _is_address(url) else "", min(max(ts_ms, 0), LATEST_MS)
    return RawItem(bounded_id, "", title[:_LONGEST_TITLE], address, bounded_ms)


_LONGEST_ID, _LONGEST_TITLE, _LONGEST_URL = 200, 1000, 2000
_SCHEMES: Final = ("https://", "http://")
_decoder: Final = msgspec.json.Decoder(RawItem)


def read_item(data: bytes | str) -> RawItem:
    """Read one item; unknown fields are ignored. Raises BadItem."""
    if len(data) > LONGEST_ITEM:
        raise BadItem(f"it has more than {LONGEST_ITEM} bytes")
    try:
        item = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadItem(str(error)) from None
    if item.url and not _is_address(item.url):  # said to the decoder as a pattern it takes twice as long as all else
        raise BadItem("its url is no web address")
    return item


def _is_address(url: str) -> bool:
    return url.startswith(_SCHEMES) and url not in _SCHEMES and url.split() == [url]
