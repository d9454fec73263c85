"""Headlines and prices made up by a seed, with or without an effect of known size in them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from engine.core.types import Symbol
from engine.research.learning.prices import DAY_MS, MINUTE_MS, Prices
from engine.research.learning.titles import Told

START_MS = 1_600_000_000_000 // DAY_MS * DAY_MS
PLANTED = "joins the quorum"
"""Words that no rule knows; what is planted comes after them."""
_FILLER = [
    "desk",
    "notes",
    "flows",
    "desks",
    "views",
    "outlook",
    "session",
    "range",
    "trend",
    "book",
    "depth",
    "liquidity",
    "floor",
    "level",
    "pace",
    "tone",
]


def market(seed: int, days: int, sigma: float = 0.0008) -> dict[Symbol, Prices]:
    """Minutes of BTC and ETH whose returns are noise, half of it shared."""
    chance = np.random.default_rng(seed)
    n = days * 1440
    shared, own = chance.normal(0.0, sigma, (2, n))
    ts = [START_MS + i * MINUTE_MS for i in range(n)]
    paths = {"BTCUSDT": np.cumsum(shared), "ETHUSDT": np.cumsum(shared + own)}
    return {Symbol(name): _prices(ts, way) for name, way in paths.items()}


def headlines(seed: int, days: int, each_day: int, planted_share: float = 0.3) -> list[Told]:
    """Titles about Ethereum at random minutes; so many of them have the planted words."""
    chance = np.random.default_rng(seed + 1)
    told = []
    for day in range(1, days - 1):
        for minute in sorted(chance.choice(1400, each_day, replace=False).tolist()):
            words = " ".join(chance.choice(_FILLER, 5, replace=False))
            title = f"Ethereum {PLANTED} {words}" if chance.random() < planted_share else f"Ethereum {words}"
            told.append(Told(START_MS + day * DAY_MS + minute * MINUTE_MS, title))
    return told


def plant(prices: dict[Symbol, Prices], told: list[Told], effect: float, minutes: int = 5) -> dict[Symbol, Prices]:
    """Let ETH earn ``effect`` (log) within some minutes after each title with the planted words."""
    eth = prices[Symbol("ETHUSDT")]
    steps = np.zeros(len(eth.ts_ms))
    for one in told:
        if PLANTED in one.title:
            at = int(np.searchsorted(eth.ts_ms, one.ts_ms, side="right"))
            steps[at : at + minutes] += effect / minutes
    way = np.log(_closes(eth)) + np.cumsum(steps)
    return {**prices, Symbol("ETHUSDT"): _prices(eth.ts_ms.tolist(), way)}


def write(folder: Path, prices: dict[Symbol, Prices], told: list[Told]) -> list[str]:
    """Write everything to files as `trader learn` reads them; return their names."""
    news = folder / "headlines.csv"
    with news.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("ts_ms", "source", "title"))
        rows.writerows((one.ts_ms, "made up", one.title) for one in told)
    names = [str(news)]
    for symbol, each in prices.items():
        path = folder / f"made_{symbol}_1m.csv"
        close = _closes(each)
        opens = np.concatenate(([close[0]], close[:-1]))
        with path.open("w", encoding="utf-8") as file:
            for ts_ms, first, last in zip(each.ts_ms.tolist(), opens.tolist(), close.tolist(), strict=True):
                file.write(f"{ts_ms},{first!r},{last!r},{max(first, last)!r},{min(first, last)!r},1.0\n")
        names.append(str(path))
    return names


def _prices(ts_ms: list[int], way: np.ndarray) -> Prices:
    close = 1000.0 * np.exp(way)
    return Prices(ts_ms, np.concatenate(([close[0]], close[:-1])).tolist(), close.tolist())


def _closes(prices: Prices) -> np.ndarray:
    return np.exp(prices._closes)
