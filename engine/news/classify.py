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

    def said(self) -> Judgement:
        """Say what the rules alone make of it; the reasons are those that decided, the weightiest first."""
        main, best, worst, denial, rumour = self.main, self.best, self.worst, self.denial, self.rumour
        label, score = main.rule.label if main else "none", best.rule.weight if best else 0.0
        if denial:
            label, score = "denial", denial.rule.weight if best else 0.0
        elif worst:
            score = round(score + worst.rule.weight, 4)
        reasons = [one.reason for one in (denial, best, worst) if one]
        if main is None:
            reasons += [self.noise.reason] if self.noise else []
        elif main is not best and main is not worst:
            reasons.append(main.reason)
        if rumour:
            most = abs(rumour.rule.weight)
            score = max(-most, min(most, score))
            reasons.append(f'rumour, at most {most:.2f} ("{rumour.words}")')
            if not denial and label != "regulation":  # of which "may" and "considers" are the daily work
                label = "rumour"
        return Judgement(label, score, tuple(reasons))


def judge(title: str, rules: Rules) -> Judgement:
    """Judge a title alone; the same title always gets the same. Costs some 10 µs, however many rules there are."""
    normalised = normalise(title)
    fired, points = rules.hear(normalised)
    told = _told(fired, "?" in title or "？" in title)
    said = told.said()
    kind = rules.kind(said.label, points)
    if kind == said.label or not _may_call(kind, said.label, told, fired):
        return said
    return _called(kind, said, rules.most_telling(normalised, kind))


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


def _called(kind: str, said: Judgement, most_telling: str) -> Judgement:
    """Call a title what all of its words say and not what the rules do; its score gets no further from 0 by that."""
    score = max(-_UNSURE, min(_UNSURE, said.score)) if kind in _NO_EVENTS else said.score
    telling = f' ("{most_telling}")' if most_telling else ""
    return Judgement(kind, score, (*said.reasons, f"{kind} by all of its words{telling}, not {said.label}"))


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
