"""Titles that were labelled by hand, and how well the rules find what they tell of."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

from engine.news.classify import judge
from engine.news.rules import EVENTS
from engine.news.rules_file import built_in_rules

DATA: Final = Path(__file__).parent.parent / "data"
Pair = tuple[str, str]
"""What a title is, and what it was called."""
MADE_UP: Final = "made up"
"""The part of titles that nobody published."""
CLASSES: Final = (*EVENTS[:7], "rumour", "denial", "none")


class Labelled(NamedTuple):
    """One title, what it tells of, which coins it names where that was labelled, and what it may be used for."""

    title: str
    label: str
    symbols: tuple[str, ...] = ()
    part: str = "development"

    def __repr__(self) -> str:
        """Show no title where a test fails: who mends by an untouched one has used it up."""
        return f"{title_id(self.title)}: {self.label}"

    @property
    def found(self) -> str:
        """What the rules make of it."""
        return judge(self.title, built_in_rules()).label


class Score(NamedTuple):
    """How well one class is found."""

    precision: float
    recall: float
    support: int

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        return 2 * self.precision * self.recall / (self.precision + self.recall or 1.0)


def title_id(title: str) -> str:
    """The id under which a title is labelled: the titles themselves stay where they are published."""
    return blake2b(title.encode(), digest_size=6).hexdigest()


def pairs_of(titles: Iterable[Labelled]) -> list[Pair]:
    """What each title is, and what the rules call it."""
    return [(one.label, one.found) for one in titles]


def scores(pairs: Sequence[Pair]) -> dict[str, Score]:
    """Precision, recall and number of titles of each class."""
    meant, found = Counter(label for label, _ in pairs), Counter(label for _, label in pairs)
    right = Counter(label for label, other in pairs if label == other)
    return {
        each: Score(right[each] / (found[each] or 1), right[each] / (meant[each] or 1), meant[each])
        for each in meant | found
    }


def macro_f1(pairs: Sequence[Pair]) -> float:
    """The mean of all classes' F1, rare ones as weighty as frequent ones."""
    found = scores(pairs)
    return sum(score.f1 for score in found.values()) / len(found)


def accuracy(pairs: Sequence[Pair]) -> float:
    """The share of titles that are called what they are."""
    return sum(one == other for one, other in pairs) / len(pairs)


def score_rows(titles: Sequence[Labelled]) -> list[str]:
    """A row of a table for each class, as ``docs/news.md`` has them."""
    found = scores(pairs_of(titles))
    return [
        f"| {each} | {one.precision:.2f} | {one.recall:.2f} | {one.f1:.2f} | {one.support} |"
        for each in CLASSES
        for one in [found[each]]
    ]


def confusion_rows(titles: Sequence[Labelled]) -> list[str]:
    """What each class was called how often."""
    pairs = Counter(pairs_of(titles))
    return [
        f"| **{is_}** | " + " | ".join(str(pairs[is_, found] or "·") for found in CLASSES) + " |" for is_ in CLASSES
    ]


def miss_rows(titles: Sequence[Labelled]) -> list[str]:
    """Each miss by the id of its title."""
    wrong: dict[tuple[str, str], list[str]] = {}
    for one in sorted(titles, key=lambda one: title_id(one.title)):
        if one.label != one.found:
            wrong.setdefault((one.label, one.found), []).append(f"`{title_id(one.title)}`")
    order = {each: place for place, each in enumerate(CLASSES)}
    return [
        f"| {is_} | {found} | {' '.join(ids)} |"
        for (is_, found), ids in sorted(wrong.items(), key=lambda it: (order[it[0][0]], order[it[0][1]]))
    ]


def published(shared_data: Path) -> dict[str, str]:
    """All real titles by id: headlines of 2021 and 2022, announcements of 2023."""
    news = shared_data / "news"
    titles = [each["title"] for each in json.loads((news / "binance_announcements_2023-10.json").read_text())]
    with gzip.open(news / "crypto_headlines_2021-10_2022-07.csv.gz", "rt", encoding="utf-8") as file:
        titles += [row["title"].strip() for row in csv.DictReader(file)]
    return {title_id(title): title for title in titles}


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open() as file:
        return list(csv.DictReader(file))


def first(titles: Mapping[str, str]) -> list[Labelled]:
    """Those of the real titles that were labelled before there were rules."""
    rows = _rows("headline_labels.csv")
    return [Labelled(titles[row["id"]], row["label"], tuple(row["symbols"].split())) for row in rows]


def fresh_rows() -> list[dict[str, str]]:
    """The rows of the labels that were given later, by somebody who knew no rule."""
    return _rows("fresh_headline_labels.csv")


def fresh(titles: Mapping[str, str]) -> list[Labelled]:
    """The real titles with such a label."""
    return [Labelled(titles[row["id"]], row["label"], part=row["part"]) for row in fresh_rows()]


def more_rows() -> list[dict[str, str]]:
    """The rows of the labels of all other real titles."""
    return _rows("more_headline_labels.csv")


def more(titles: Mapping[str, str]) -> list[Labelled]:
    """The real titles with such a label."""
    return [Labelled(titles[row["id"]], row["label"], part=row["part"]) for row in more_rows()]


def second_rows() -> list[dict[str, str]]:
    """The rows of the labels that somebody else gave to all untouched titles."""
    return _rows("second_headline_labels.csv")


def seconded() -> list[Pair]:
    """What the one and what the other called the same title."""
    one = {row["id"]: row["label"] for row in [*fresh_rows(), *more_rows()]}
    return [(one[row["id"]], row["label"]) for row in second_rows()]


def our_own() -> list[Labelled]:
    """Nasty ones, made up."""
    lines = (DATA / "nasty_headlines.jsonl").read_text(encoding="utf-8").splitlines()
    return [Labelled(one["title"], one["label"], tuple(one["symbols"].split())) for one in map(json.loads, lines)]


def made_up() -> list[Labelled]:
    """Made-up headlines in the words of many desks; nothing of what they tell happened."""
    return [Labelled(row["title"], row["label"], part=MADE_UP) for row in _rows("made_headlines.csv")]
