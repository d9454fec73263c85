"""Judge a headline by the rule table: what kind of event, how good or bad, about which symbols, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from engine.core.tidings import Headline, NewsItem
from engine.news.rules import EVENTS, Fired, Rule, Rules
from engine.news.symbols import SymbolIndex
from engine.news.text import normalise

_ASKS: Final = Rule("maybe", 0.4, ())
"""What a question mark counts as."""
_EVENTS: Final = frozenset(EVENTS)


class Judgement(NamedTuple):
    """What the rules make of a title, before it is asked who says it."""

    label: str
    score: float
    reasons: tuple[str, ...]


class _Heard:
    """The rules that fired on a title, sorted by what they do."""

    __slots__ = ("best", "denial", "main", "noise", "rumour", "worst")
    main: Fired | None
    best: Fired | None
    worst: Fired | None

    def __init__(self, fired: Sequence[Fired], is_question: bool) -> None:
        doubts: dict[str, Fired] = {"maybe": Fired(_ASKS, ("?",), 0, 1)} if is_question else {}
        for one in fired:
            label = one.rule.label
            if label not in _EVENTS and (label not in doubts or _weight(one) > _weight(doubts[label])):
                doubts[label] = one
        self.noise = doubts.get("noise")
        self._sort(fired, self.noise.rule.weight if self.noise else -1.0)
        self.denial = doubts.get("denial")
        if self.denial is None and self.best is not None and self.worst is None:
            self.denial = doubts.get("negation")  # a plain "not" takes back good news that is alone
        self.rumour = doubts.get("rumour") or (doubts.get("maybe") if self.main else None)

    def _sort(self, fired: Sequence[Fired], noise: float) -> None:
        """Find the weightiest event, the best and the worst, among those that are louder than the noise."""
        self.main = self.best = self.worst = None
        for one in fired:
            weight = one.rule.weight
            if one.rule.label not in _EVENTS or abs(weight) <= noise:
                continue
            if self.main is None or abs(weight) > _weight(self.main):
                self.main = one
            if weight > 0 and (self.best is None or weight > self.best.rule.weight):
                self.best = one
            if weight < 0 and (self.worst is None or weight < self.worst.rule.weight):
                self.worst = one

    @property
    def label(self) -> str:
        """What it is called; where an authority is concerned, "may" and "considers" are its daily work."""
        if self.denial:
            return "denial"
        if self.rumour and not (self.main and self.main.rule.label == "regulation" and not self.main.rule.weight):
            return "rumour"
        return self.main.rule.label if self.main else "none"

    @property
    def score(self) -> float:
        """How good or bad, -1 to 1."""
        if self.denial:
            score = self.denial.rule.weight if self.best else 0.0
        else:
            score = sum(one.rule.weight for one in (self.best, self.worst) if one)
        if self.rumour:
            most = abs(self.rumour.rule.weight)
            score = max(-most, min(most, score))
        return max(-1.0, min(1.0, score))

    @property
    def reasons(self) -> tuple[str, ...]:
        """The rules that decided, for people, the weightiest first."""
        silenced = None if self.main else self.noise
        chosen: list[Fired] = []
        for one in (self.denial, self.best, self.worst, self.main, silenced):
            if one is not None and one not in chosen:
                chosen.append(one)
        reasons = [str(one) for one in chosen]
        if self.rumour:
            reasons.append(f'rumour, at most {abs(self.rumour.rule.weight):.2f} ("{self.rumour.words}")')
        return tuple(reasons)


def judge(title: str, rules: Rules) -> Judgement:
    """Judge a title alone; the same title always gets the same. Costs some 20 µs, however many rules there are."""
    heard = _Heard(rules.fire(normalise(title)), "?" in title or "？" in title)
    return Judgement(heard.label, round(heard.score, 4), heard.reasons)


def classify(
    item: NewsItem, rules: Rules, symbols: SymbolIndex, trust: float = 1.0, doubts: tuple[str, ...] = ()
) -> Headline:
    """Make a headline of a news item; ``trust``: how far its source is believed, 0 to 1; ``doubts``: as they are."""
    label, score, reasons = judge(item.title, rules)
    if reasons and trust != 1.0:
        reasons = (*reasons, f"times {trust:.2f} for the source {item.source}")
    return Headline(item, label, round(score * trust, 4), symbols.find(item.title), reasons, trust, doubts)


def _weight(one: Fired) -> float:
    return abs(one.rule.weight)
