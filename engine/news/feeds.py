"""RSS and Atom feeds, and pages that have none."""

from __future__ import annotations

import calendar
from functools import partial
from io import BytesIO
from typing import Any, Final
from urllib.parse import urljoin

import feedparser
from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from engine.news.config import SourceConfig
from engine.news.exchanges import iso_ms
from engine.news.poll import Parse
from engine.news.source import BadItem, RawItem, raw_item
from engine.news.text import plain

_MOST: Final = 200
"""Entries of one body that are looked at."""
_FEEDPARSERS: Final = (ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError)
"""What feedparser raises over damaged bodies: a byte amiss in the name of an encoding, a reference to no character."""


def feed(body: bytes) -> list[RawItem]:
    """Read an RSS or Atom feed. Source: RSS 2.0, and RFC 4287."""
    try:
        found: Any = feedparser.parse(BytesIO(body), sanitize_html=False)
    except _FEEDPARSERS as error:
        raise BadItem(f"no feed: {error}") from None
    if not found.entries and (found.bozo or not found.get("version")):
        raise BadItem(f"no feed: {found.get('bozo_exception', 'neither RSS nor Atom')}")
    return [
        raw_item(entry.get("id") or entry.get("link") or title, title, entry.get("link") or "", _ms(entry))
        for entry in found.entries[:_MOST]
        if (title := _title(entry))
    ]


def page_reader(source: SourceConfig) -> Parse:
    """Return what reads a page by the CSS selectors of its source."""
    return partial(_page, source=source)


def _title(entry: Any) -> str:
    """Return the title as it is read: that of an entry may be HTML."""
    title = str(entry.get("title", ""))
    return plain(title) if entry.get("title_detail", {}).get("type") == "text/html" else title


def _ms(entry: Any) -> int:
    moment = entry.get("published_parsed") or entry.get("updated_parsed")
    try:
        return max(0, calendar.timegm(moment)) * 1000 if moment else 0
    except (ValueError, OverflowError):
        return 0  # 9999-12-31T23:59:59-23:59 is in the year 10000, which no calendar has


def _page(body: bytes, source: SourceConfig) -> list[RawItem]:
    try:
        entries = LexborHTMLParser(body).css(source.item)[:_MOST]
        return [item for entry in entries if (item := _entry(entry, source)) is not None]
    except SelectolaxError as error:
        raise BadItem(f"a selector can't be used ({error})") from None


def _entry(entry: LexborNode, source: SourceConfig) -> RawItem | None:
    title = entry.css_first(source.title)
    text = title.text(separator=" ", strip=True) if title else ""
    if not text:
        return None
    link = entry.css_first(source.link or "a[href]") or entry
    url = _address(source.address, (link.attributes.get("href") or "").strip())
    return raw_item(url if url not in ("", source.address) else text, text, url, _page_ms(entry, source))


def _address(page: str, link: str) -> str:
    """Return where a link on a page leads; empty where that is no address."""
    try:
        return urljoin(page, link)
    except ValueError:
        return ""


def _page_ms(entry: LexborNode, source: SourceConfig) -> int:
    node = entry.css_first(source.time) if source.time else None
    return iso_ms((node.attributes.get("datetime") or "") if node else "")
