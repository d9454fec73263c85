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
_NAMED: Final = 0.38
"""How loud a rule is that only names a kind (weight 0): above a product, below an upgrade."""
_EVENTS: Final = frozenset(EVENTS)


class Judgement(NamedTuple):
    """What the rules make of a title, before it is asked who says it."""

    label: str
    score: float
    reasons: tuple[str, ...]


class _Heard:
    """The rules that fired on a title, sorted by what they do."""

    __slots__ = ("best", "denial", "main", "noise", "rumour", "worst")

    def __init__(self, fired: Sequence[Fired], is_question: bool) -> None:
        doubts: dict[str, Fired] = {"maybe": Fired(_ASKS, ("?",), 0, 1)} if is_question else {}
        told: list[Fired] = []
        for one in fired:
            label = one.rule.label
            if label in _EVENTS:
                told.append(one)
            elif label not in doubts or _loudness(one) > _loudness(doubts[label]):
                doubts[label] = one
        self.noise = doubts.get("noise")
        if self.noise is not None:
            told = [one for one in told if _loudness(one) > self.noise.rule.weight]
        self.main, self.best, self.worst = _sorted(told)
        self.denial = doubts.get("denial")
        if self.denial is None and self.best is not None and self.worst is None:
            self.denial = doubts.get("negation")  # a plain "not" takes back good news that is alone
        self.rumour = doubts.get("rumour") or (doubts.get("maybe") if self.main else None)
        if self.main is None and self.noise is not None and self.noise.rule.weight >= 1.0:
            self.rumour = None  # of no event, and one of many things

    @property
    def label(self) -> str:
        """What it is called; where an authority is concerned, "may" and "considers" are its daily work."""
        if self.denial:
            return "denial"
        if self.rumour and not (self.main and self.main.rule.label == "regulation"):
            return "rumour"
        return self.main.rule.label if self.main else "none"

    @property
    def score(self) -> float:
        """How good or bad, -1 to 1."""
        if self.denial:
            score = self.denial.rule.weight if self.best else 0.0
        else:
            score = (self.best.rule.weight if self.best else 0.0) + (self.worst.rule.weight if self.worst else 0.0)
        if self.rumour:
            most = abs(self.rumour.rule.weight)
            score = max(-most, min(most, score))
        return max(-1.0, min(1.0, score))

    @property
    def reasons(self) -> tuple[str, ...]:
        """The rules that decided, for people, the weightiest first."""
        reasons = [str(one) for one in (self.denial, self.best, self.worst) if one is not None]
        if self.main is None:
            reasons += [str(self.noise)] if self.noise else []
        elif self.main is not self.best and self.main is not self.worst:
            reasons.append(str(self.main))
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


def _sorted(told: Sequence[Fired]) -> tuple[Fired | None, Fired | None, Fired | None]:
    """Return the weightiest event, the best and the worst; of those that weigh the same the first."""
    main = best = worst = None
    most = highest = lowest = 0.0
    for one in told:
        weight = one.rule.weight
        if (loudness := _loudness(one)) > most:
            main, most = one, loudness
        if weight > highest:
            best, highest = one, weight
        elif weight < lowest:
            worst, lowest = one, weight
    return main, best, worst


def _loudness(one: Fired) -> float:
    return abs(one.rule.weight) or _NAMED
