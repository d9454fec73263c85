"""Dates and links of feeds and pages that can't be meant: the entry is read without them, and the source goes on."""

from __future__ import annotations

import pytest

from engine.news.config import SourceConfig
from engine.news.feeds import feed, page_reader


@pytest.mark.parametrize("moment", ["0000-00-00", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:00"])
def test_a_date_that_no_calendar_has_is_none(moment: str) -> None:
    entry = f"<item><title>IOTA</title><guid>1</guid><pubDate>{moment}</pubDate></item>"
    (item,) = feed(f'<?xml version="1.0"?><rss version="2.0"><channel>{entry}</channel></rss>'.encode())
    assert item.ts_ms == 0


def test_a_link_of_a_page_that_is_no_address_is_none() -> None:
    """What else stands on the page is read all the same."""
    source = SourceConfig(name="p", kind="page", url="https://example.com/", item="li", title="a")
    items = page_reader(source)(b'<li><a href="http://[x">One</a></li><li><a href="/two">Two</a></li>')
    assert [(item.id, item.title, item.url) for item in items] == [
        ("One", "One", ""),
        ("https://example.com/two", "Two", "https://example.com/two"),
    ]
