"""The classifier against the titles that its rules were written on: nothing that was once right gets lost.

How good it is on titles that nobody had seen is told in ``test_news_fresh.py``.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from labelled import CLASSES, DATA, Labelled, first, macro_f1, our_own, pairs_of, published, scores
from news_samples import instrument

from engine.news.classify import judge
from engine.news.rules_file import built_in_rules
from engine.news.symbols import SymbolIndex


@pytest.fixture(scope="module")
def real(shared_data: Path) -> list[Labelled]:
    """Headlines of 2021 to 2023, as they were published."""
    return first(published(shared_data))


@pytest.fixture(scope="module")
def own() -> list[Labelled]:
    """Nasty ones, made up."""
    return our_own()


def test_the_set_is_as_large_as_it_should_be(real: list[Labelled], own: list[Labelled]) -> None:
    """Enough of each kind."""
    assert len(real) >= 400
    assert len(own) >= 150
    assert {one.label for one in real + own} == set(CLASSES)


def test_what_the_rules_were_written_on_is_classified_well(real: list[Labelled], own: list[Labelled]) -> None:
    """Macro-F1 of at least 0.92 over both sets, and no class is lost in either direction."""
    assert macro_f1(pairs_of(real + own)) >= 0.92
    for label, score in scores(pairs_of(real + own)).items():
        assert score.precision >= 0.8, label
        assert score.recall >= 0.8, label
    assert macro_f1(pairs_of(own)) >= 0.97


def test_no_rumour_and_no_denial_is_good_news_in_the_ask_band(real: list[Labelled], own: list[Labelled]) -> None:
    """The mistakes that would cost money: nothing that is denied or only rumoured scores as an event."""
    wrong = [
        (one.title, found.score)
        for one in real + own
        if one.label in ("rumour", "denial") and (found := judge(one.title, built_in_rules())).score >= 0.5
    ]
    assert wrong == []


def test_symbols_are_exact(real: list[Labelled], own: list[Labelled]) -> None:
    """Of what is found in the titles hardly anything is wrong: a coin bought by mistake is worse than one missed."""
    everything = real + own
    index = SymbolIndex(
        [instrument(base) for base in sorted({base for one in everything for base in one.symbols})], "USDT"
    )
    right = wrong = missed = 0
    for one in everything:
        found = {symbol.removesuffix("USDT") for symbol in index.find(one.title)}
        right += len(found & set(one.symbols))
        wrong += len(found - set(one.symbols))
        missed += len(set(one.symbols) - found)
    assert right / (right + wrong) >= 0.96
    assert right / (right + missed) >= 0.85


def test_look_alikes_name_nothing(own: list[Labelled]) -> None:
    """No title of ours with a homoglyph or an invisible character in its ticker names a coin."""
    index = SymbolIndex(map(instrument, ("IOTA", "SOL", "ADA", "ETH", "TIA")), "USDT")
    lines = map(json.loads, (DATA / "nasty_headlines.jsonl").read_text(encoding="utf-8").splitlines())
    titles = [one["title"] for one in lines if one["kind"] in ("homoglyph", "invisible")]
    assert len(titles) >= 8
    assert [title for title in titles if index.find(title)] == []
