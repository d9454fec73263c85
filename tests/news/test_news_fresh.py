"""The classifier against real titles that were drawn by a seed and labelled by somebody who had seen no rule.

``tests/data/LABELLING.md`` says how they were drawn and what each label means; ``docs/news.md`` what was found.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from fresh_draw import drawn
from labelled import Labelled, first, fresh, fresh_rows, published, title_id


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
