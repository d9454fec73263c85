"""Brings headlines and prices together: a case is a headline, one of its coins, and what that coin earned after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from engine.core.types import Symbol
from engine.news.classify import judge
from engine.news.rules import Rules
from engine.news.symbols import ALIASES, SymbolIndex
from engine.news.text import normalise
from engine.research.learning.prices import DAY_MS, MINUTE_MS, Prices
from engine.research.learning.titles import Told

HORIZONS_MIN: Final = (1, 5, 15, 60, 1440)


class Case(NamedTuple):
    """One headline about one coin."""

    entry_ms: int
    """When the minute begins at whose first price it could have been bought."""
    symbol: Symbol
    title: str
    words: str
    """The title as rules compare it."""
    kind: str
    """What the present rules make of it, with its sign: ``partnership +``, ``hack -``, ``none``."""
    abnormal: tuple[float, ...]
    """For each of ``HORIZONS_MIN``, the log return less the market's, or less its own mean; NaN where unknown."""

    @property
    def day(self) -> int:
        """The day (UTC) that it belongs to, counted from 1970."""
        return self.entry_ms // DAY_MS


def cases_of(
    told: Iterable[Told], prices: Mapping[Symbol, Prices], index: SymbolIndex, rules: Rules, market: Symbol | None
) -> list[Case]:
    """Return a case for each headline and coin with a price after it, oldest first.

    ``market``: the symbol whose return is taken off, where it has prices at the time and is not the coin itself.
    """
    found = []
    for one in told:
        for symbol in _symbols(one, prices, index):
            entry_ms = prices[symbol].entry_ms(one.ts_ms - one.is_day)
            if entry_ms is None:
                continue
            abnormal = tuple(_abnormal(symbol, entry_ms, h, prices, market, one) for h in HORIZONS_MIN)
            if not np.all(np.isnan(abnormal)):
                found.append(Case(entry_ms, symbol, one.title, normalise(one.title), kind(one.title, rules), abnormal))
    return sorted(found)


def kind(title: str, rules: Rules) -> str:
    """Name what the rules make of a title, with the sign of its score."""
    judged = judge(title, rules)
    sign = " +" if judged.score > 0 else " -" if judged.score < 0 else ""
    return judged.label + sign


def at_horizon(cases: Sequence[Case], horizon_min: int) -> list[tuple[Case, float]]:
    """Return the cases whose abnormal return over a horizon is known, with it."""
    number = HORIZONS_MIN.index(horizon_min)
    return [(case, case.abnormal[number]) for case in cases if not np.isnan(case.abnormal[number])]


def _symbols(told: Told, prices: Mapping[Symbol, Prices], index: SymbolIndex) -> list[Symbol]:
    if not told.base:
        return [symbol for symbol in index.find(told.title) if symbol in prices]
    bases = (told.base, ALIASES.get(told.base, told.base))
    return [symbol for symbol in prices if symbol.startswith(bases)][:1]


def _abnormal(
    symbol: Symbol, entry_ms: int, horizon_min: int, prices: Mapping[Symbol, Prices], market: Symbol | None, told: Told
) -> float:
    if told.is_day and horizon_min * MINUTE_MS < DAY_MS:
        return float("nan")  # when in the day it came is not known
    horizon_ms = horizon_min * MINUTE_MS
    own = prices[symbol]
    usual = float("nan")
    if market is not None and market != symbol:
        usual = prices[market].earned(entry_ms, horizon_ms)
    if np.isnan(usual):
        usual = own.usual(entry_ms, horizon_ms)
    return own.earned(entry_ms, horizon_ms) - usual
