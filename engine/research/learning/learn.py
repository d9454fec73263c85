"""`trader learn`: from headlines and the prices that followed to a rule table, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from engine.core.instrument import E8, Instrument
from engine.core.types import Symbol
from engine.news.rules import Rules
from engine.news.symbols import SymbolIndex
from engine.research.learning.agreement import Agreement, label_agreement
from engine.research.learning.cases import Case, at_horizon, cases_of
from engine.research.learning.prices import Prices, read_prices
from engine.research.learning.sparse import LEAST_CASES, learn_patterns
from engine.research.learning.study import Cell, event_study
from engine.research.learning.table import Revision, revise
from engine.research.learning.titles import Told, is_headlines, read_titles
from engine.research.learning.walk import Outcome, walk_forward
from engine.venues.paper.tape.candles import symbol_from
from engine.venues.paper.tape.survey import split_symbol


class Wish(NamedTuple):
    """What to learn for."""

    horizon_min: int = 15
    cost: float = 0.002
    """Log return of getting in and out."""
    ask: float = 0.5
    """The score from which on a headline is acted on."""
    seed: int = 0


class Covered(NamedTuple):
    """From when to when the prices of a symbol are known."""

    symbol: Symbol
    first_ms: int
    last_ms: int


class Learned(NamedTuple):
    """Everything that came out."""

    wish: Wish
    told: tuple[Told, ...]
    covered: tuple[Covered, ...]
    market: Symbol | None
    cases: tuple[Case, ...]
    study: tuple[Cell, ...]
    revision: Revision
    outcomes: tuple[Outcome, ...]
    agreement: Agreement | None

    @property
    def within(self) -> int:
        """Headlines of a time at which some price is known."""
        return sum(any(it.first_ms <= one.ts_ms <= it.last_ms for it in self.covered) for one in self.told)

    @property
    def known(self) -> int:
        """Headlines with a price at the horizon that was learned for."""
        return len(at_horizon(self.cases, self.wish.horizon_min))

    @property
    def verdict(self) -> str:
        """Say whether there is anything to use, and if not why."""
        if self.revision.changes:
            return f"{len(self.revision.changes)} changes to the table"
        if self.known < LEAST_CASES:
            few = f"{self.known} of {len(self.told)} headlines have a price after them"
            return f"no evidence: {few} at {self.wish.horizon_min} min, and {LEAST_CASES} are needed; no table is made"
        return "no evidence: nothing held on the headlines that took no part in choosing it; no table is made"


def learn(told: Sequence[Told], prices: Mapping[Symbol, Prices], present: Rules, wish: Wish) -> Learned:
    """Study, learn and validate; the same input and seed give the same result."""
    market = next((symbol for symbol in prices if split_symbol(symbol)[0] == "BTC"), None)
    index = SymbolIndex([_instrument(symbol) for symbol in prices], "USDT")
    cases = cases_of(told, prices, index, present, market)
    known = at_horizon(cases, wish.horizon_min)
    patterns = learn_patterns(known, wish.horizon_min, wish.cost)
    enough = len(known) >= LEAST_CASES
    revision = revise(present, patterns, known, wish.horizon_min) if enough else Revision(present, ())
    outcomes = walk_forward(known, present, wish.horizon_min, wish.cost, wish.ask, wish.seed)
    return Learned(
        wish,
        tuple(told),
        tuple(Covered(symbol, int(it.ts_ms[0]), int(it.ts_ms[-1])) for symbol, it in prices.items()),
        market,
        tuple(cases),
        tuple(event_study(cases)),
        revision,
        tuple(outcomes),
        label_agreement(told, present, wish.seed),
    )


def read_sources(paths: Sequence[Path]) -> tuple[list[Told], dict[Symbol, Prices]]:
    """Read headlines and candles, whichever each file holds; raises UnreadableError and TapeError."""
    told: list[Told] = []
    prices: dict[Symbol, Prices] = {}
    for path in paths:
        if is_headlines(path):
            told += read_titles(path)
        else:
            prices[Symbol(symbol_from(path))] = read_prices(path)
    return sorted(told), prices


def as_json(learned: Learned) -> dict[str, Any]:
    """Return everything for machines; returns are log returns."""
    return {
        "wish": learned.wish._asdict(),
        "headlines": len(learned.told),
        "headlines_ms": [learned.told[0].ts_ms, learned.told[-1].ts_ms] if learned.told else [],
        "within": learned.within,
        "prices": [it._asdict() for it in learned.covered],
        "market": learned.market,
        "priced": len(learned.cases),
        "known": learned.known,
        "study": [
            {"kind": it.kind, "horizon_min": it.horizon_min, "found": it.is_found, **_effect(it)}
            for it in learned.study
        ],
        "changes": [change.words() for change in learned.revision.changes],
        "walk_forward": [outcome._asdict() for outcome in learned.outcomes],
        "agreement": learned.agreement._asdict() if learned.agreement else None,
        "verdict": learned.verdict,
    }


def _effect(cell: Cell) -> dict[str, Any]:
    effect = cell.effect
    tested = {"t": effect.t, "p": effect.p} if effect.is_tested else {"t": None, "p": None}
    return {"mean": effect.mean, "cases": effect.cases, "days": effect.days, **tested}


def _instrument(symbol: Symbol) -> Instrument:
    """Word a symbol of which only prices are known, so that titles can name it."""
    base, _ = split_symbol(symbol)
    return Instrument(symbol, base, "USDT", 1, 1, 1, E8, 0, E8, 1, E8, is_trading=True)
