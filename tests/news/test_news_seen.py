"""Each item once: by id, by title within half a day, in bounded memory, and no stranger silences a trusted source."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.core.tidings import NewsItem
from engine.news.near import NearTitles
from engine.news.seen import Seen
from engine.news.text import normalise

HOUR_NS = 3600 * 1_000_000_000
IOTA = "IOTA launches data marketplace with Microsoft"


def item(news_id: str, title: str = IOTA, source: str = "story", hours: float = 0.0) -> NewsItem:
    """An item published so many hours after the first."""
    return NewsItem(source, news_id, title, "", int(hours * HOUR_NS), 0)


def is_new(seen: Seen, item: NewsItem, trust: float) -> bool:
    """Whether an item is heard for the first time."""
    return seen.hear(item, trust) == "new"


def test_an_id_counts_once_for_each_source_and_other_words_are_an_edit() -> None:
    """The same id of the same source is no news; with another title it is told as what it is."""
    seen = Seen()
    assert seen.hear(item("1"), 1.0) == "new"
    assert seen.hear(item("1", IOTA.upper()), 1.0) == "repeat"
    assert seen.hear(item("1", "edited"), 1.0) == "edit"
    assert seen.hear(item("1", "edited"), 1.0) == "repeat"
    assert is_new(seen, item("1", "another title", source="other"), 1.0)


def test_a_title_counts_once_however_it_is_written() -> None:
    """Case, punctuation, entities, width and invisible characters make no other title."""
    seen = Seen()
    assert is_new(seen, item("1"), 1.0)
    for number, title in enumerate(
        [
            IOTA.upper(),
            "IOTA launches data-marketplace, with Microsoft!",
            "IOTA&nbsp;launches&#32;data marketplace with Microsoft",
            "ＩＯＴＡ launches data marketplace with Micro\u200bsoft",
        ]
    ):
        assert not is_new(seen, item(f"x{number}", title, source="other"), 1.0)


def test_a_title_is_news_again_after_the_window() -> None:
    """Twelve hours of publication time, in both directions, both ends included."""
    seen = Seen()
    assert is_new(seen, item("1", hours=100), 1.0)
    assert not is_new(seen, item("2", hours=112), 1.0)
    assert not is_new(seen, item("3", hours=88), 1.0)
    assert is_new(seen, item("4", hours=112.001), 1.0)


def test_a_stranger_does_not_silence_a_trusted_source() -> None:
    """The same title from a more trusted source is new; from a less trusted one it isn't."""
    seen = Seen()
    assert is_new(seen, item("1", source="blog"), 0.45)
    assert is_new(seen, item("1", source="story"), 1.0)
    assert not is_new(seen, item("2", source="blog"), 0.45)


def test_titles_without_words_are_told_apart_by_id() -> None:
    """Punctuation alone is no title to compare."""
    seen = Seen()
    assert is_new(seen, item("1", "!!!"), 1.0)
    assert is_new(seen, item("2", "???"), 1.0)


def test_memory_is_bounded() -> None:
    """Beyond the capacity the oldest is forgotten first."""
    seen = Seen(capacity=100)
    for number in range(101):
        assert is_new(seen, item(str(number), f"title {number}"), 1.0)
    assert not is_new(seen, item("100", "title 100"), 1.0)
    assert not is_new(seen, item("1", "title 1"), 1.0)
    assert is_new(seen, item("0", "title 0"), 1.0)


def test_what_another_source_said_before_is_an_echo() -> None:
    """It is no news, but it is a second voice."""
    seen = Seen()
    assert seen.hear(item("1", source="wire"), 1.0) == "new"
    assert seen.hear(item("7", f"BREAKING: {IOTA}", source="blog"), 0.7) == "echo"


_FILE = Path(__file__).parent.parent / "data" / "headline_pairs.jsonl"
PAIRS = [json.loads(line) for line in _FILE.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["first"][:30])
def test_pairs_are_one_headline_or_two(pair: dict[str, str]) -> None:
    """Fillers and punctuation make no other headline; one word that matters does, in either order."""
    for first, second in ((pair["first"], pair["second"]), (pair["second"], pair["first"])):
        near = NearTitles()
        near.add(normalise(first))
        assert (near.find(normalise(second)) == normalise(first)) is pair["same"]


def test_near_titles_are_bounded_and_forgotten_whole() -> None:
    """The oldest goes, and nothing of it stays in the hashes."""
    near = NearTitles(capacity=50)
    for number in range(200):
        near.add(f"headline number {number} about nothing")
    assert near.find("headline number 10 about nothing") is None
    assert near.find("headline number 199 about nothing") is not None
    assert {title for titles in near._by_word.values() for title in titles} == set(near._titles.values())
    assert sum(map(len, near._by_word.values())) == 5 * 50


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("kraken lists solana", "kraken lists solana today", True),
        ("kraken lists solana", "kraken lists cardano", False),
        ("kraken lists solana and four more coins", "kraken may lists solana and four more coins", False),
        ("the", "a", False),
    ],
)
def test_words_decide_what_is_the_same(first: str, second: str, same: bool) -> None:
    """Only additions, and none that matters."""
    near = NearTitles()
    near.add(first)
    assert (near.find(second) == first) is same
