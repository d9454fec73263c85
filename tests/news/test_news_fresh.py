"""The classifier against real titles that were drawn by a seed and labelled by somebody who had seen no rule.

``tests/data/LABELLING.md`` says how they were drawn and what each label means; ``docs/news.md`` what was found.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from fresh_draw import drawn
from labelled import (
    Labelled,
    accuracy,
    confusion_rows,
    first,
    fresh,
    fresh_rows,
    macro_f1,
    miss_rows,
    our_own,
    published,
    score_rows,
    title_id,
)

from engine.news.rules import Rule, Rules
from engine.news.rules_file import built_in_rules
from engine.news.text import normalise

NEWS_PAGE = Path(__file__).parents[2] / "docs" / "news.md"


@pytest.fixture(scope="module")
def titles(shared_data: Path) -> dict[str, str]:
    """All real titles by id."""
    return published(shared_data)


@pytest.fixture(scope="module")
def chosen(titles: dict[str, str]) -> list[Labelled]:
    """Those that were drawn."""
    return fresh(titles)


def test_exactly_those_were_labelled_that_the_seed_draws(titles: dict[str, str]) -> None:
    """No title was left out because it is hard, and none was labelled before."""
    before = {title_id(one.title) for one in first(titles)}
    assert {row["id"]: row["drawn"] for row in fresh_rows()} == drawn(titles, before)


def test_each_class_is_cut_in_two_halves_by_the_order_of_its_ids() -> None:
    """Which half a title lies in says nothing but its place in the row."""
    parts = ("development", "untouched")
    seen: Counter[str] = Counter()
    for row in sorted(fresh_rows(), key=lambda row: row["id"]):
        assert row["part"] == parts[seen[row["label"]] % 2], row
        seen[row["label"]] += 1
    assert sum(seen.values()) == 620


def test_what_was_never_used_for_rules_is_found_as_well_as_the_page_says(chosen: list[Labelled]) -> None:
    """Macro-F1 of at least 0.7 and 80 of 100 titles on the untouched half; each number and each miss is in the page."""
    untouched = [one for one in chosen if one.part == "untouched"]
    assert len(untouched) == 310
    assert macro_f1(untouched) >= 0.7
    assert accuracy(untouched) >= 0.8
    page = NEWS_PAGE.read_text(encoding="utf-8")
    assert f"macro-F1 {macro_f1(untouched):.2f}" in page
    missing = [
        row
        for rows in (score_rows, confusion_rows, miss_rows)
        for row in rows(untouched)
        if row not in page.splitlines()
    ]
    assert missing == []


def test_hardly_a_pattern_owes_itself_to_an_untouched_title_alone(
    titles: dict[str, str], chosen: list[Labelled]
) -> None:
    """What fires on the untouched half fires elsewhere too, but for five patterns that are older than its labels."""
    single = Rules(Rule(it.label, it.weight, (each,)) for it in built_in_rules().table for each in it.patterns)
    untouched = {one.title for one in chosen if one.part == "untouched"}
    elsewhere = {one.title for one in our_own()}.union(titles.values()) - untouched

    def firing(some: set[str]) -> set[str]:
        return {fired.rule.patterns[0] for title in some for fired in single.fire(normalise(title))}

    assert len(firing(untouched) - firing(elsewhere)) <= 5


def test_the_half_that_rules_were_mended_on_is_found_well(chosen: list[Labelled]) -> None:
    """Macro-F1 of at least 0.9: what was mended stays mended."""
    assert macro_f1(one for one in chosen if one.part == "development") >= 0.9
