"""The classifier against real titles that were drawn by a seed and labelled by somebody who had seen no rule.

``tests/data/LABELLING.md`` says how they were drawn and what each label means; ``docs/news.md`` what was found.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import pytest
from fit_words import LEAST_TITLES, development, fit
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
    more,
    more_rows,
    pairs_of,
    published,
    score_rows,
    second_rows,
    seconded,
    title_id,
)
from write_pages import measured_rows

from engine.news.classify import judge
from engine.news.rules import Rule, Rules
from engine.news.rules_file import WORDS, built_in_rules
from engine.news.text import normalise

DOCS = Path(__file__).parents[2] / "docs"
NEWS_PAGE = DOCS / "news.md"
MISSES_PAGE = DOCS / "news-misses.md"


@pytest.fixture(scope="module")
def titles(shared_data: Path) -> dict[str, str]:
    """All real titles by id."""
    return published(shared_data)


@pytest.fixture(scope="module")
def chosen(titles: dict[str, str]) -> list[Labelled]:
    """Those that were drawn."""
    return fresh(titles)


@pytest.fixture(scope="module")
def rest(titles: dict[str, str]) -> list[Labelled]:
    """All others."""
    return more(titles)


def untouched(titles: list[Labelled]) -> list[Labelled]:
    """Those that were read by nobody but who labelled them."""
    return [one for one in titles if one.part == "untouched"]


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


def test_all_the_rest_was_labelled_and_every_fifth_of_each_class_left_untouched(titles: dict[str, str]) -> None:
    """Nothing but the order of the ids says which; no title has two rows."""
    older = [title_id(one.title) for one in first(titles)] + [row["id"] for row in fresh_rows()]
    assert sorted([*older, *(row["id"] for row in more_rows())]) == sorted(titles)
    seen: Counter[str] = Counter()
    for row in sorted(more_rows(), key=lambda row: row["id"]):
        assert row["part"] == ("untouched" if seen[row["label"]] % 5 == 2 else "development"), row
        seen[row["label"]] += 1
    assert sum(seen.values()) == 6417


def test_two_people_agree_as_well_as_the_page_says() -> None:
    """The one measured by the other: as well as any classifier can be seen to be on these labels."""
    pairs = seconded()
    labelled_once = [*fresh_rows(), *more_rows()]
    assert {row["id"] for row in second_rows()} == {row["id"] for row in labelled_once if row["part"] == "untouched"}
    share = 100 * sum(one == other for one, other in pairs) / len(pairs)
    page = NEWS_PAGE.read_text(encoding="utf-8")
    assert f"agree on {share:.1f} %" in page
    assert f"macro-F1 of {macro_f1(pairs):.3f}" in page


def test_what_was_never_used_for_rules_is_found_as_well_as_the_pages_say(
    chosen: list[Labelled], rest: list[Labelled]
) -> None:
    """Each number and each miss is in the pages; no title is shown where one is wrong."""
    drawn_half, both = untouched(chosen), untouched(chosen) + untouched(rest)
    counts = len(drawn_half), len(both)
    assert counts == (310, 1594)
    by_half, by_both = pairs_of(drawn_half), pairs_of(both)
    measured = macro_f1(by_half), accuracy(by_half), macro_f1(by_both), accuracy(by_both)
    assert all(found >= floor for found, floor in zip(measured, (0.74, 0.82, 0.7, 0.86), strict=True))
    page = NEWS_PAGE.read_text(encoding="utf-8").splitlines()
    expected = [
        *measured_rows(drawn_half, both),
        *score_rows(both),
        *confusion_rows(both),
    ]
    misses = MISSES_PAGE.read_text(encoding="utf-8").splitlines()
    missing = [row for row in expected if row not in page] + [row for row in miss_rows(both) if row not in misses]
    assert missing == []


def test_of_what_would_be_asked_about_the_page_says_how_much_is_right(
    chosen: list[Labelled], rest: list[Labelled]
) -> None:
    """Scores of 0.5 or more, either way, on the untouched part."""
    asked = [one for one in untouched(chosen) + untouched(rest) if abs(judge(one.title, built_in_rules()).score) >= 0.5]
    right = sum(one.label == one.found for one in asked)
    page = " ".join(NEWS_PAGE.read_text(encoding="utf-8").split())
    assert f"Of the {len(asked)} untouched titles that score 0.5 or more either way" in page
    assert f"{right} were called what they are" in page


def test_no_word_counts_that_only_untouched_titles_have(titles: dict[str, str]) -> None:
    """What words count was learned from the other titles: each was met in three or more of them."""
    words = built_in_rules().words.table
    single = Rules(Rule("noise", 1.0, word.patterns) for word in words)
    places = {id(rule): place for place, rule in enumerate(single.table)}
    met: Counter[int] = Counter()
    for one in development(titles)[0]:
        met.update(places[id(fired.rule)] for fired in single.fire(normalise(one.title)))
    assert [words[place].patterns[0] for place in range(len(words)) if met[place] < LEAST_TITLES] == []


def test_what_words_count_is_what_those_titles_teach(titles: dict[str, str]) -> None:
    """Learned again, all but the last digits are the same."""
    learned = fit(*development(titles))
    taught = {(kind, word, points) for kind, one in learned.items() for word, points in one.words.items()}
    table = tomllib.loads(WORDS.read_text(encoding="utf-8"))["words"]
    known = {
        (kind, word, float(points))
        for kind, groups in table.items()
        for points, written in groups.items()
        for word in written
    }
    assert len(taught & known) >= 0.98 * len(taught | known)


def test_the_titles_that_rules_were_mended_on_are_found_well(chosen: list[Labelled], rest: list[Labelled]) -> None:
    """Macro-F1 of at least 0.8 and 0.9: what was mended stays mended."""
    assert macro_f1(pairs_of(one for one in rest if one.part == "development")) >= 0.8
    assert macro_f1(pairs_of(one for one in chosen if one.part == "development")) >= 0.9
