"""Reads a rule table from its TOML file, and says by line what is wrong with it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Final

from engine.news.kernels import SHORTEST_STEM
from engine.news.patterns import GAP, START
from engine.news.rules import EITHER, EVENTS, QUALIFIERS, Rule, Rules
from engine.news.text import normalise
from engine.news.words import Word, Words

_Families = Mapping[str, Sequence[str]]
"""Words that stand for each other, by the name that patterns have for them."""
BUILT_IN: Final = Path(__file__).with_name("rules.toml")
WORDS: Final = Path(__file__).with_name("words.toml")
MOST_RULES: Final = 5_000
_LARGEST: Final = 4 << 20
_HEADER: Final = re.compile(r"\s*\[\[\s*rule\s*\]\]")
_AT_LINE: Final = re.compile(r"\(at line (\d+)")
_FAMILY: Final = re.compile(r"\{(\w+)\}")
_KEYS: Final = {"label", "weight", "words"}


class RulesError(ValueError):
    """The table can't be meant; the message names the line and what to write."""


def read_rules(path: Path) -> Rules:
    """Read a rule table, with what words count besides; raises RulesError with one sentence."""
    return Rules(parse_rules(_text(path), path.name).table, _built_in_words())


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise RulesError(f"{path} has more than {_LARGEST >> 20} MB: a table of rules is smaller.")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise RulesError(f"{path} is not a text in UTF-8: save it as one.") from None
    except OSError as error:
        raise RulesError(
            f"{path} can't be read ({error.strerror}): correct rules in [news], or leave it out."
        ) from None


@cache
def _built_in_words() -> Words:
    """Return what words count; they may be written by the families of the built-in table."""
    tables = tomllib.loads(_text(WORDS))
    families = tomllib.loads(_text(BUILT_IN))["families"]
    return Words(
        tables["start"],
        tables["told"],
        tables["rules"],
        tuple(
            Word(kind, float(points), tuple(_spelled_out(each, families)))
            for kind, groups in tables["words"].items()
            for points, written in groups.items()
            for each in written
        ),
    )


@cache
def built_in_rules() -> Rules:
    """Return the table that comes with the engine."""
    return read_rules(BUILT_IN)


def parse_rules(text: str, name: str = "rules.toml") -> Rules:
    """Read a table's text; raises RulesError with one sentence."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.search(str(error))
        line = found[1] if found else str(max(1, len(text.splitlines())))
        raise RulesError(f"{name} line {line} is not valid TOML ({error}).") from None
    families = _families(tables.pop("families", {}), name, text)
    entries = tables.pop("rule", [])
    if tables:
        raise RulesError(f"{name}: there is no {next(iter(tables))} here; every rule is a [[rule]] of its own.")
    if not isinstance(entries, list) or not 0 < len(entries) <= MOST_RULES:
        raise RulesError(f"{name}: write 1 to {MOST_RULES} rules, each under [[rule]].")
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if _HEADER.match(line)]
    return Rules(_rule(entry, families, _Place(name, text, line)) for entry, line in zip(entries, lines, strict=True))


class _Place:
    """Where a rule is written, for what is said of it."""

    def __init__(self, name: str, text: str, line: int) -> None:
        self._name = name
        self._text = text
        self._line = line

    def error(self, words: str, near: str = "") -> RulesError:
        """Word an error; ``near``: a text that stands in the line that is meant, at or below the rule's header."""
        line = self._line
        for number, written in enumerate(self._text.splitlines()[self._line - 1 :], start=self._line):
            if near and near in written:
                line = number
                break
        return RulesError(f"{self._name} line {line}: {words}")


def _families(tables: object, name: str, text: str) -> _Families:
    """Check the families of words: each entry is a word or a few, as they stand in a pattern."""
    place = _Place(name, text, 1)
    if not isinstance(tables, dict):
        raise place.error("families: write each as a line of [families], such as coin = [...].", "families")
    for family, entries in tables.items():
        if not isinstance(entries, list) or not entries:
            raise place.error(f'{family}: write a list of texts such as ["bitcoin", "ether*"].', family)
        for entry in entries:
            _check_pattern(entry, place)
            if GAP in entry.split() or EITHER in entry or START in entry:
                raise place.error(f'"{entry}": a family has plain words only.', entry)
    return tables


def _rule(entry: Mapping[str, Any], families: _Families, place: _Place) -> Rule:
    if unknown := set(entry) - _KEYS:
        key = min(unknown)
        raise place.error(f"there is no {key}; a rule has label, weight and words.", key)
    label, weight, words = (entry.get(key) for key in ("label", "weight", "words"))
    if label not in EVENTS + QUALIFIERS:
        raise place.error(f"label = {label!r}: write one of {', '.join(EVENTS + QUALIFIERS)}.", "label")
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not -1.0 <= weight <= 1.0:
        raise place.error(f"weight = {weight!r}: write a number from -1 to 1.", "weight")
    if not isinstance(words, list) or not words:
        raise place.error('words: write a list of texts such as ["will list"].', "words")
    spelled: dict[str, None] = {}
    for pattern in words:
        for family in _FAMILY.findall(pattern) if isinstance(pattern, str) else ():
            if family not in families:
                raise place.error(f'"{pattern}": there is no {family} in [families].', pattern)
        _check_pattern(_FAMILY.sub("any", pattern) if isinstance(pattern, str) else pattern, place)
        spelled |= dict.fromkeys(_spelled_out(pattern, families))
    return Rule(label, float(weight), tuple(spelled))


def _spelled_out(pattern: str, families: _Families) -> list[str]:
    """Return the patterns that one with ``a|b`` or ``{family}`` stands for."""
    start = START if pattern.startswith(START) else ""
    ways = [
        [way for either in word.split(EITHER) for way in families.get(either.strip("{}"), [either])]
        if "{" in word
        else word.split(EITHER)
        for word in pattern[len(start) :].split()
    ]
    return [start + " ".join(each) for each in product(*ways)]


def _check_pattern(pattern: object, place: _Place) -> None:
    if not isinstance(pattern, str) or not pattern.strip():
        raise place.error(f"{pattern!r} is no pattern: write lower-case words.", str(pattern))
    words = pattern.removeprefix(START).split()
    if not words or words[0] == GAP or words[-1] == GAP or " ".join(words) != pattern.removeprefix(START):
        raise place.error(f'"{pattern}": begin and end with a word, and leave one space between.', pattern)
    for word in " ".join(words).replace(EITHER, " ").split(" "):
        bare = word.removesuffix("*")
        if word != GAP and (not bare or normalise(bare) != bare or " " in normalise(bare)):
            meant = normalise(bare) or "a word"
            raise place.error(f'"{pattern}": titles are compared without "{bare}"; write {meant}.', pattern)
        if word.endswith("*") and len(bare) < SHORTEST_STEM:
            raise place.error(f'"{pattern}": write {SHORTEST_STEM} letters or more before a star.', pattern)
