"""Reads a rule table from its TOML file, and says by line what is wrong with it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Final

from engine.news.kernels import SHORTEST_STEM
from engine.news.patterns import GAP, START
from engine.news.rules import EITHER, EVENTS, QUALIFIERS, Rule, Rules
from engine.news.text import normalise

BUILT_IN: Final = Path(__file__).with_name("rules.toml")
MOST_RULES: Final = 5_000
_LARGEST: Final = 4 << 20
_HEADER: Final = re.compile(r"\s*\[\[\s*rule\s*\]\]")
_AT_LINE: Final = re.compile(r"\(at line (\d+)")
_KEYS: Final = {"label", "weight", "words"}


class RulesError(ValueError):
    """The table can't be meant; the message names the line and what to write."""


def read_rules(path: Path) -> Rules:
    """Read a rule table; raises RulesError with one sentence."""
    try:
        if path.stat().st_size > _LARGEST:
            raise RulesError(f"{path} has more than {_LARGEST >> 20} MB: a table of rules is smaller.")
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise RulesError(f"{path} is not a text in UTF-8: save it as one.") from None
    except OSError as error:
        raise RulesError(
            f"{path} can't be read ({error.strerror}): correct rules in [news], or leave it out."
        ) from None
    return parse_rules(text, path.name)


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
    entries = tables.pop("rule", [])
    if tables:
        raise RulesError(f"{name}: there is no {next(iter(tables))} here; every rule is a [[rule]] of its own.")
    if not isinstance(entries, list) or not 0 < len(entries) <= MOST_RULES:
        raise RulesError(f"{name}: write 1 to {MOST_RULES} rules, each under [[rule]].")
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if _HEADER.match(line)]
    return Rules(_rule(entry, _Place(name, text, line)) for entry, line in zip(entries, lines, strict=True))


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


def _rule(entry: Mapping[str, Any], place: _Place) -> Rule:
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
    for pattern in words:
        _check_pattern(pattern, place)
    return Rule(label, float(weight), tuple(each for pattern in words for each in _spelled_out(pattern)))


def _spelled_out(pattern: str) -> list[str]:
    """Return the patterns that one with ``a|b`` stands for."""
    start = START if pattern.startswith(START) else ""
    return [start + " ".join(each) for each in product(*(word.split(EITHER) for word in pattern[len(start) :].split()))]


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
