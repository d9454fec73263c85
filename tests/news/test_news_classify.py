"""The rule table at work: what is said, what is denied, what is rumoured, and who says it."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from news_samples import ANNOUNCED, DENIED, INDEX

from engine.core.tidings import Headline, NewsItem
from engine.news.classify import classify
from engine.news.rules import Rule, Rules
from engine.news.rules_file import built_in_rules
from engine.news.trust import Trust

ASK = 0.5
ACT = 0.9


def judged(title: str, source: str = "story") -> Headline:
    """Classify a title."""
    return classify(NewsItem(source, "1", title, "", 0, 0), built_in_rules(), INDEX, Trust().of(source))


def test_the_announcement_of_28_november_2017_asks() -> None:
    """The story's headline is a partnership in the ask band, about IOTA, and says why."""
    headline = judged(ANNOUNCED)
    assert (headline.label, headline.score, headline.symbols) == ("partnership", 0.7, ("IOTAUSDT",))
    assert ASK <= headline.score < ACT
    assert headline.rules == ('partnership +0.70 ("marketplace with")',)


def test_the_denial_of_13_december_2017_is_bad_news() -> None:
    """The same words with a denial are the opposite."""
    headline = judged(DENIED)
    assert (headline.label, headline.score, headline.symbols) == ("denial", -0.7, ("IOTAUSDT",))
    assert headline.rules == ('denial -0.70 ("no formal partnership")', 'partnership +0.70 ("partnership with")')


@pytest.mark.parametrize("title", [ANNOUNCED, DENIED, "Binance Will List Celestia (TIA)", "Celestia (TIA) hacked"])
@pytest.mark.parametrize("source", ["unknown-blog", "Story", "story ", "", "ѕtory"])
def test_a_stranger_never_reaches_the_ask_band(title: str, source: str) -> None:
    """Whoever isn't on the list by that very name stays below it, and the headline says so."""
    headline = judged(title, source)
    assert 0 < abs(headline.score) < ASK
    assert headline.rules[-1] == f"times 0.45 for the source {source}"


@pytest.mark.parametrize(
    ("title", "label", "score"),
    [
        ("Binance Will List Celestia (TIA) with Seed Tag Applied", "listing", 0.9),
        ("Binance Futures Will Launch USDⓈ-M POLYX and GAS Perpetual Contracts", "product", 0.35),
        ("Binance Will Delist OMG, WAVES", "delisting", -0.9),
        ("Five Exchanges to Delist Litecoin Following Upgrade", "delisting", -0.5),
        ("Wormhole Bridge hacked, Solana down", "hack", -0.85),
        ("Santa Hackathon on Solana", "none", 0.0),
        ("SEC sues Ripple over XRP", "regulation", -0.65),
        ("SEC Approves Valkyrie&#8217;s Bitcoin Futures ETF", "regulation", 0.65),
        ("Cardano upgrade goes live", "upgrade", 0.4),
        ("Solana suffers 7th outage in 2022", "upgrade", -0.6),
        ("Shiba Inu teams up with a fast food chain", "partnership", 0.7),
        ("Bitcoin price holds", "none", 0.0),
        ("", "none", 0.0),
    ],
)
def test_each_kind_of_event(title: str, label: str, score: float) -> None:
    """One title for each label."""
    headline = judged(title)
    assert (headline.label, headline.score) == (label, score)


@pytest.mark.parametrize(
    ("title", "score"),
    [
        ("Microsoft denies partnership with IOTA", -0.7),
        ("IOTA: Microsoft is not a partner", 0.0),
        ("IOTA is not partnering with Microsoft", -0.7),
        ("IOTA ends its partnership with Microsoft", -0.7),
        ("Report of IOTA partnership with Bosch is fake", -0.7),
        ("IOTA won’t be in marketplace with Microsoft", -0.3),
        ("IOTA marketplace with Microsoft postponed", -0.3),
        ("OpenSea denies hack", 0.0),
        ("Solana CEO denies that Solana went down", 0.0),
    ],
)
def test_a_denial_beats_what_it_denies(title: str, score: float) -> None:
    """Good news denied is bad news, bad news denied is none, and neither is ever good."""
    headline = judged(title)
    assert (headline.label, headline.score) == ("denial", score)


def test_a_plain_not_leaves_bad_news_bad() -> None:
    """ "Will not" in the report of a hack takes nothing back."""
    assert judged("Hacked exchange will not refund, partners with police").score < 0


@pytest.mark.parametrize(
    "title",
    [
        "IOTA partners with Microsoft?",
        "IOTA may partner with Microsoft",
        "IOTA reportedly in partnership with Microsoft",
        "Robinhood listing rumor lifts Shiba Inu",
        "Coinbase could be hacked",
    ],
)
def test_a_rumour_asks_nobody(title: str) -> None:
    """What nobody knows stays below the ask band, good or bad."""
    headline = judged(title)
    assert headline.label == "rumour"
    assert 0 < abs(headline.score) <= 0.4


@pytest.mark.parametrize(
    "title",
    [
        "IOTA launches data marketplace with Microsoft, Fujitsu &amp; other participants",
        "  IOTA\tLAUNCHES data\u00a0marketplace\nwith Microsoft ",
        "IOTA launches data market\u200bplace with Ｍicrosoft",
        "IOTA launches “data-marketplace” with â€œMicrosoftâ€\u009d",
    ],
)
def test_dirty_titles_say_the_same(title: str) -> None:
    """Entities, odd spaces, invisible characters and mojibake change nothing."""
    assert (judged(title).label, judged(title).score) == ("partnership", 0.7)


def test_patterns_are_whole_words() -> None:
    """A star is any ending, an ellipsis up to four words, a caret the beginning; nothing starts inside a word."""
    rules = Rules([Rule("denial", -1.0, ("no … partner*",)), Rule("denial", -0.5, ("^correction",))])

    def fires(title: str) -> list[str]:
        return [fired.words for fired in rules.fire(title)]

    assert fires("has no formal partnership") == ["no formal partnership"]
    assert fires("no partner") == ["no partner"]
    assert fires("casino partner") == []
    assert fires("no one two three four five partner") == []
    assert fires("correction no a partnering") == ["no a partnering", "correction"]
    assert fires("a correction") == []


@settings(max_examples=300)
@given(st.text(max_size=300))
def test_any_title_gets_a_bounded_score(title: str) -> None:
    """Whatever is sent, there is a label, a score within ±1, and a reason for every score."""
    headline = judged(title)
    assert -1.0 <= headline.score <= 1.0
    assert headline.rules or headline.score == 0.0


def test_real_headlines_of_strangers_never_ask(shared_data: Path) -> None:
    """7,524 real headlines, mojibake among them, all stay below the ask band: none of their sources is trusted."""
    with gzip.open(shared_data / "news" / "crypto_headlines_2021-10_2022-07.csv.gz", "rt", encoding="utf-8") as file:
        headlines = [judged(row["title"], row["source"]) for row in csv.DictReader(file)]
    assert len(headlines) == 7524
    assert all(abs(headline.score) < ASK for headline in headlines)
    assert sum(headline.label == "partnership" for headline in headlines) > 100


def test_real_announcements_of_binance_are_told_apart(shared_data: Path) -> None:
    """Two of 20 list a coin, one of them sure enough to act on; the others are about contracts and pairs."""
    announcements = json.loads((shared_data / "news" / "binance_announcements_2023-10.json").read_text("utf-8"))
    headlines = [judged(each["title"], "binance-announcements") for each in announcements]
    assert [headline.label for headline in headlines].count("listing") == 2
    assert {headline.label for headline in headlines} == {"listing", "product"}
    assert [headline.symbols for headline in headlines if headline.score >= ACT] == [("TIAUSDT",)]
