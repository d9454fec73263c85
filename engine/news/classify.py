"""Judge a headline by the rule table: what kind of event, how good or bad, about which symbols, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from engine.core.tidings import Headline, NewsItem
from engine.news.rules import EVENTS, Fired, Rule, Rules
from engine.news.symbols import SymbolIndex
from engine.news.text import normalise

_ASKED: Final = Fired(Rule("maybe", 0.4, ()), "maybe", b"?", 0, 1)
"""What a question mark counts as."""
_NAMED: Final = 0.38
"""How loud a rule is that only names a kind (weight 0): above a product, below an upgrade."""
_SURE: Final = 0.9
"""What weighs as much is called what its rule says, whatever its other words are."""
_UNSURE: Final = 0.4
"""How far from 0 a score gets where all words together say that nothing happened, or only perhaps."""
_DOUBTED: Final = ("rumour", "denial")
"""Good news that the rules call so is made an event by no words, and neither is a question."""
_DENYING: Final = ("denial", "negation")
_NO_EVENTS: Final = ("none", *_DOUBTED)
_EVENTS: Final = frozenset(EVENTS)


class Judgement(msgspec.Struct, frozen=True, gc=False):
    """What is made of a title, before it is asked who says it."""

    label: str
    score: float
    reasons: tuple[str, ...]


class _Told(msgspec.Struct, frozen=True, gc=False):
    """What the rules make of a title: those that count of all that fired."""

    main: Fired | None
    """The event, and below those that are the best and the worst for the symbols."""
    best: Fired | None
    worst: Fired | None
    denial: Fired | None = None
    rumour: Fired | None = None
    noise: Fired | None = None

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
        score = self.best.rule.weight if self.best else 0.0
        if self.denial:
            score = self.denial.rule.weight if self.best else 0.0
        elif self.worst:
            score = round(score + self.worst.rule.weight, 4)
        if self.rumour:
            most = abs(self.rumour.rule.weight)
            score = max(-most, min(most, score))
        return score

    @property
    def reasons(self) -> tuple[str, ...]:
        """The rules that decided, for people, the weightiest first."""
        decided = [one.reason for one in (self.denial, self.best, self.worst) if one is not None]
        if self.main is None:
            decided += [self.noise.reason] if self.noise else []
        elif self.main is not self.best and self.main is not self.worst:
            decided.append(self.main.reason)
        if self.rumour:
            decided.append(f'rumour, at most {abs(self.rumour.rule.weight):.2f} ("{self.rumour.words}")')
        return tuple(decided)


def judge(title: str, rules: Rules) -> Judgement:
    """Judge a title alone; the same title always gets the same. Costs some 10 µs, however many rules there are."""
    normalised = normalise(title)
    fired, points = rules.hear(normalised)
    told = _told(fired, "?" in title or "？" in title)
    label = told.label
    kind = rules.kind(label, points)
    if kind == label or not _may_call(kind, label, told, fired):
        return Judgement(label, told.score, told.reasons)
    return _called(kind, label, told, rules.most_telling(normalised, kind))


def _may_call(kind: str, label: str, told: _Told, fired: Sequence[Fired]) -> bool:
    """Say whether a title may be called what all of its words say: not against a sure rule, nor where it would trade.

    A denial sells, so that one of the words of denials must be there.
    """
    if told.main and abs(told.main.rule.weight) >= _SURE:
        return False
    if kind == "denial":
        return any(one.rule.label in _DENYING for one in fired)
    is_doubted = told.rumour is _ASKED or (told.best is not None and told.best.rule.weight > _UNSURE)
    return not (kind in _EVENTS and label in _DOUBTED and is_doubted)


def _called(kind: str, label: str, told: _Told, most_telling: str) -> Judgement:
    """Call a title what all of its words say and not what the rules do; its score gets no further from 0 by that."""
    score = max(-_UNSURE, min(_UNSURE, told.score)) if kind in _NO_EVENTS else told.score
    telling = f' ("{most_telling}")' if most_telling else ""
    return Judgement(kind, score, (*told.reasons, f"{kind} by all of its words{telling}, not {label}"))


def _told(fired: Sequence[Fired], is_question: bool) -> _Told:
    """Weigh what a title tells against what speaks against it."""
    doubts = {"maybe": _ASKED} if is_question else {}
    main, best, worst = _weightiest(fired, 0.0, doubts)
    if not doubts:
        return _Told(main, best, worst)
    noise = doubts.get("noise")
    if noise is not None:
        main, best, worst = _weightiest(fired, noise.rule.weight, doubts)
    denial = doubts.get("denial")
    if denial is None and best is not None and worst is None:
        denial = doubts.get("negation")  # a plain "not" takes back good news that is alone
    rumour = doubts.get("rumour") or (doubts.get("maybe") if main else None)
    if main is None and noise is not None and noise.rule.weight >= 1.0:
        rumour = None  # of no event, and one of many things
    return _Told(main, best, worst, denial, rumour, noise)


def _weightiest(
    fired: Sequence[Fired], noise: float, doubts: dict[str, Fired]
) -> tuple[Fired | None, Fired | None, Fired | None]:
    """Return the weightiest event above the noise, the best and the worst; of those that weigh the same the first.

    What is no event speaks against them: the loudest of each kind is put into ``doubts``.
    """
    main = best = worst = None
    most = highest = lowest = 0.0
    for one in fired:
        label, weight, _ = one.rule
        loudness = abs(weight) or _NAMED
        if label not in _EVENTS:
            if label not in doubts or loudness > _loudness(doubts[label]):
                doubts[label] = one
            continue
        if loudness <= noise:
            continue
        if loudness > most:
            main, most = one, loudness
        if weight > highest:
            best, highest = one, weight
        elif weight < lowest:
            worst, lowest = one, weight
    return main, best, worst


def _loudness(one: Fired) -> float:
    return abs(one.rule.weight) or _NAMED


def classify(
    item: NewsItem, rules: Rules, symbols: SymbolIndex, trust: float = 1.0, doubts: tuple[str, ...] = ()
) -> Headline:
    """Make a headline of a news item; ``trust``: how far its source is believed, 0 to 1; ``doubts``: as they are."""
    judged = judge(item.title, rules)
    score, reasons = judged.score, judged.reasons
    if reasons and trust != 1.0:
        score = round(score * trust, 4)
        reasons = (*reasons, f"times {trust:.2f} for the source {item.source}")
    return Headline(item, judged.label, score, symbols.find(item.title), reasons, trust, doubts)
