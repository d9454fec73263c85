"""Writes the tables of how good the classifier is into the pages, where ``test_news_fresh.py`` then finds them.

To be run after ``fit_words.py``: ``python -m write_pages DATA`` in this folder. The numbers in the sentences around the
tables stay as they are; the test says which of them are no longer true.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from labelled import (
    CLASSES,
    Labelled,
    accuracy,
    confusion_rows,
    fresh,
    macro_f1,
    miss_rows,
    more,
    pairs_of,
    published,
    score_rows,
)

_DOCS: Final = Path(__file__).parents[2] / "docs"


def measured_rows(drawn_half: Sequence[Labelled], both: Sequence[Labelled]) -> list[str]:
    """The two rows of the table at the top."""
    return [
        f"| {name} | {macro_f1(pairs_of(titles)):.2f} | {accuracy(pairs_of(titles)):.2f} |"
        for name, titles in (("all 1,594", both), ("the 310 of the draw", drawn_half))
    ]


def with_rows(page: str, header: str, rows: Sequence[str]) -> str:
    """Put rows in the place of those below a table's header."""
    lines = page.split("\n")
    first = lines.index(header) + 2
    last = next(place for place in range(first, len(lines)) if not lines[place].startswith("|"))
    return "\n".join([*lines[:first], *rows, *lines[last:]])


def main(data: Path) -> None:
    """Measure on the untouched titles, and write."""
    titles = published(data)
    drawn_half = [one for one in fresh(titles) if one.part == "untouched"]
    both = drawn_half + [one for one in more(titles) if one.part == "untouched"]
    news = (_DOCS / "news.md").read_text(encoding="utf-8")
    news = with_rows(news, "| titles | macro-F1 | right |", measured_rows(drawn_half, both))
    news = with_rows(news, "| class | precision | recall | F1 | titles |", score_rows(both))
    news = with_rows(news, f"| is | {' | '.join(CLASSES)} |", confusion_rows(both))
    (_DOCS / "news.md").write_text(news, encoding="utf-8")
    misses = (_DOCS / "news-misses.md").read_text(encoding="utf-8")
    misses = with_rows(misses, "| is | found | titles |", miss_rows(both))
    (_DOCS / "news-misses.md").write_text(misses, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
