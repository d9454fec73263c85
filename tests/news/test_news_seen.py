"""Each item once: by id, by title within half a day, in bounded memory, and no stranger silences a trusted source."""

from __future__ import annotations

from engine.core.types import NewsItem
from engine.news.seen import Seen

HOUR_NS = 3600 * 1_000_000_000
IOTA = "IOTA launches data marketplace with Microsoft"


def item(news_id: str, title: str = IOTA, source: str = "story", hours: float = 0.0) -> NewsItem:
    """An item published so many hours after the first."""
    return NewsItem(source, news_id, title, "", int(hours * HOUR_NS), 0)


def test_an_id_counts_once_for_each_source() -> None:
    """The same id of the same source is a repeat, whatever the title has become."""
    seen = Seen()
    assert seen.is_new(item("1"), 1.0)
    assert not seen.is_new(item("1", "edited"), 1.0)
    assert seen.is_new(item("1", "another title", source="other"), 1.0)


def test_a_title_counts_once_however_it_is_written() -> None:
    """Case, punctuation, entities, width and invisible characters make no other title."""
    seen = Seen()
    assert seen.is_new(item("1"), 1.0)
    for number, title in enumerate(
        [
            IOTA.upper(),
            "IOTA launches data-marketplace, with Microsoft!",
            "IOTA&nbsp;launches&#32;data marketplace with Microsoft",
            "ＩＯＴＡ launches data marketplace with Micro\u200bsoft",
        ]
    ):
        assert not seen.is_new(item(f"x{number}", title, source="other"), 1.0)


def test_a_title_is_news_again_after_the_window() -> None:
    """Twelve hours of publication time, in both directions, both ends included."""
    seen = Seen()
    assert seen.is_new(item("1", hours=100), 1.0)
    assert not seen.is_new(item("2", hours=112), 1.0)
    assert not seen.is_new(item("3", hours=88), 1.0)
    assert seen.is_new(item("4", hours=112.001), 1.0)


def test_a_stranger_does_not_silence_a_trusted_source() -> None:
    """The same title from a more trusted source is new; from a less trusted one it isn't."""
    seen = Seen()
    assert seen.is_new(item("1", source="blog"), 0.45)
    assert seen.is_new(item("1", source="story"), 1.0)
    assert not seen.is_new(item("2", source="blog"), 0.45)


def test_titles_without_words_are_told_apart_by_id() -> None:
    """Punctuation alone is no title to compare."""
    seen = Seen()
    assert seen.is_new(item("1", "!!!"), 1.0)
    assert seen.is_new(item("2", "???"), 1.0)


def test_memory_is_bounded() -> None:
    """Beyond the capacity the oldest is forgotten first."""
    seen = Seen(capacity=100)
    for number in range(101):
        assert seen.is_new(item(str(number), f"title {number}"), 1.0)
    assert not seen.is_new(item("100", "title 100"), 1.0)
    assert not seen.is_new(item("1", "title 1"), 1.0)
    assert seen.is_new(item("0", "title 0"), 1.0)
